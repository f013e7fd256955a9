//! The ways to a registry: certificates of its own, and proxies before it.

#![cfg(test)]

mod support;

use std::path::Path;
use std::time::Duration;

use imgbuild::environment::Environment;
use imgbuild::error::{Error, Kind};
use imgbuild::registry::{Credential, Proxies, Registry, RegistryOptions};
use rcgen::ExtendedKeyUsagePurpose::ClientAuth;
use support::fake_registry::{FakeRegistry, Reply};
use support::tls::{Ca, TlsRegistry, answer};

const SECRET: &str = "s3cr3t-pr0xy";
/// `proxyuser:s3cr3t-pr0xy`
const BASIC: &str = "Basic cHJveHl1c2VyOnMzY3IzdC1wcjB4eQ==";

fn with_certs(folder: &Path) -> RegistryOptions {
    RegistryOptions {
        idle_timeout: Duration::from_secs(10),
        certs: vec![folder.join("none"), folder.to_owned()],
        ..RegistryOptions::default()
    }
}

fn put(folder: &Path, host: &str, name: &str, content: &str) {
    std::fs::create_dir_all(folder.join(host)).unwrap();
    std::fs::write(folder.join(host).join(name), content).unwrap();
}

fn behind(pairs: &[(&str, String)]) -> RegistryOptions {
    let environment = Environment::from_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())));
    RegistryOptions { proxies: Proxies::from_environment(&environment), ..RegistryOptions::default() }
}

/// The error's whole text, after a look at what it must never hold.
fn text(error: &Error) -> String {
    let all = format!("{error} {error:?}");
    assert!(!all.contains(SECRET) && !all.contains("cHJveHl1c2Vy"), "{all}");
    all
}

#[tokio::test]
async fn a_ca_in_the_registrys_folder_is_trusted_beside_the_systems() {
    let ca = Ca::new();
    let registry = TlsRegistry::start(&ca, false, answer("200 OK", "", "{}")).await;
    let folder = tempfile::tempdir().unwrap();
    // Another registry's folder says nothing of this one.
    put(folder.path(), "0.0.0.0", "ca.crt", &ca.pem());
    let ping = async || {
        let client = Registry::new(&registry.host(), None, with_certs(folder.path())).unwrap();
        client.ping().await
    };
    let unknown = ping().await.unwrap_err();
    assert!(unknown.kind() == Kind::Registry && unknown.to_string().contains("no trusted TLS"), "{unknown}");
    put(folder.path(), &registry.host(), "ca.crt", &Ca::new().pem());
    assert!(ping().await.unwrap_err().to_string().contains("no trusted TLS"));
    put(folder.path(), &registry.host(), "second.crt", &ca.pem());
    ping().await.unwrap();
    put(folder.path(), &registry.host(), "broken.crt", "no certificate");
    let broken = ping().await.unwrap_err();
    assert!(broken.kind() == Kind::Config && broken.to_string().contains("broken.crt"), "{broken}");
}

#[tokio::test]
async fn a_client_certificate_goes_to_its_registry_alone() {
    let ca = Ca::new();
    let elsewhere = TlsRegistry::start(&ca, false, answer("200 OK", "", r#"{"tags": ["a"]}"#)).await;
    let location = format!("location: https://{}/blob\r\n", elsewhere.host());
    let registry = TlsRegistry::start(&ca, true, answer("307 Temporary Redirect", &location, "")).await;
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &registry.host(), "ca.crt", &ca.pem());
    let tags = async || {
        let client = Registry::new(&registry.host(), None, with_certs(folder.path())).unwrap();
        client.tags("x").await
    };
    assert_eq!(tags().await.unwrap_err().kind(), Kind::Registry);
    let pair = ca.sign("client", ClientAuth);
    put(folder.path(), &registry.host(), "client.cert", &pair.certificate);
    let half = tags().await.unwrap_err();
    assert!(half.kind() == Kind::Config && half.to_string().contains("client.key is missing"), "{half}");
    put(folder.path(), &registry.host(), "client.key", &pair.key);
    assert_eq!(tags().await.unwrap(), ["a"]);
    // The CA of the registry counts for what it names, its client certificate does not.
    assert_eq!(registry.clients(), [true]);
    assert_eq!(elsewhere.clients(), [false]);
}

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let proxy = FakeRegistry::on("127.0.0.1", |_| Reply::status(502)).await;
    let address = format!("http://proxyuser:{SECRET}@{}", proxy.host());
    let login = Credential::password("r.example", "user", "pass", "test");
    let client = Registry::new("r.example:5000", Some(login), behind(&[("HTTPS_PROXY", address)])).unwrap();
    let error = client.ping().await.unwrap_err();
    assert!(text(&error).contains("r.example:5000"), "{error}");
    let requests = proxy.requests();
    assert!(requests.iter().all(|r| r.is("CONNECT", "r.example:5000")), "{requests:?}");
    assert_eq!(requests[0].headers["proxy-authorization"], BASIC);
    // The login for the registry is inside of the tunnel.
    assert_eq!(requests[0].authorization(), None);
}

#[tokio::test]
async fn plain_http_asks_the_proxy_itself() {
    let proxy = FakeRegistry::on("127.0.0.1", |_| Reply::ok("{}")).await;
    let address = format!("http://proxyuser:{SECRET}@{}", proxy.host());
    let other = "http://192.0.2.1:1".to_owned();
    let options = behind(&[("HTTP_PROXY", address), ("HTTPS_PROXY", other)]);
    let options = RegistryOptions { insecure: vec!["r.example:5000".to_owned()], ..options };
    Registry::new("r.example:5000", None, options).unwrap().ping().await.unwrap();
    let requests = proxy.requests();
    assert!(requests[0].is("GET", "http://r.example:5000/v2/"), "{requests:?}");
    assert_eq!(requests[0].headers["proxy-authorization"], BASIC);
}

#[tokio::test]
async fn loopback_and_exceptions_are_reached_directly() {
    let registry = FakeRegistry::on("127.0.0.1", |_| Reply::ok("{}")).await;
    let proxy = FakeRegistry::on("127.0.0.1", |_| Reply::status(502)).await;
    let variables = [
        ("HTTP_PROXY", format!("http://{}", proxy.host())),
        ("HTTPS_PROXY", format!("http://{}", proxy.host())),
        ("NO_PROXY", "0.0.0.0".to_owned()),
    ];
    Registry::new(&registry.host(), None, behind(&variables)).unwrap().ping().await.unwrap();
    let ca = Ca::new();
    let excepted = TlsRegistry::start(&ca, false, answer("200 OK", "", "{}")).await;
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &excepted.host(), "ca.crt", &ca.pem());
    let options = RegistryOptions { certs: vec![folder.path().to_owned()], ..behind(&variables) };
    Registry::new(&excepted.host(), None, options).unwrap().ping().await.unwrap();
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

#[tokio::test]
async fn a_proxy_that_is_none_is_an_error_without_its_login() {
    for bad in [format!("socks5://u:{SECRET}@p:1"), format!("http://u:{SECRET}@:1")] {
        let client = Registry::new("r.example", None, behind(&[("https_proxy", bad)])).unwrap();
        let error = client.ping().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(text(&error).contains("https_proxy"), "{error}");
    }
    // One that is not there is told apart from a registry that is not.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = behind(&[("HTTPS_PROXY", format!("http://u:{SECRET}@{free}"))]);
    let error = Registry::new("r.example", None, options).unwrap().ping().await.unwrap_err();
    assert!(text(&error).contains("PROXY"), "{error:?}");
}
