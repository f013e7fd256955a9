use super::*;

fn env(pairs: &[(&str, &str)]) -> Environment {
    Environment::from_pairs(pairs.iter().copied())
}

#[test]
fn addresses() {
    for (text, shown) in [
        ("unix:///run/x.sock", "unix:///run/x.sock"),
        ("tcp://10.0.0.1:99", "tcp://10.0.0.1:99"),
        ("tcp://box", "tcp://box:2375"),
        ("tcp://[::1]:1/", "tcp://[::1]:1"),
        ("http://:1234", "tcp://127.0.0.1:1234"),
        ("https://box", "https://box:2376"),
        ("https://[::1]:99/", "https://[::1]:99"),
        ("ssh://ada@box:22/run/x.sock", "ssh://ada@box:22/run/x.sock"),
    ] {
        assert_eq!(Address::parse(text, false).unwrap().to_string(), shown);
    }
    for bad in [
        "",
        "box:2375",
        "unix://rel",
        "tcp://a:b",
        "tcp://a:0",
        "tcp://a:99999",
        "tcp://a/b:1",
        "ftp://x",
        "tcp://u@h:1",
        "tcp://a:+1",
        "https://a b",
        "https://a/b",
        "ssh://",
        "ssh://-oProxyCommand=id",
        "ssh://ada:hunter2@box",
        "tcp://ada:hunter2@box:1",
        "ada:hunter2@box",
        "fd://",
        "npipe:////./pipe/docker_engine",
    ] {
        let error = Endpoint::parse(bad, "DOCKER_HOST").unwrap_err();
        assert!(error.kind() == Kind::Usage && error.message().contains("DOCKER_HOST"), "{bad}: {error}");
        assert!(!error.message().contains("hunter2"), "{bad}: {error}");
    }
    let endless = format!("ssh://{}@box", "x:".repeat(100_000));
    assert!(Endpoint::parse(&endless, "").unwrap_err().message().len() < 1000);
}

#[test]
fn only_a_network_is_remote() {
    for (text, remote, published) in [
        ("unix:///x", false, "127.0.0.1"),
        ("tcp://127.0.0.9:1", false, "127.0.0.1"),
        ("tcp://[::1]", false, "127.0.0.1"),
        ("tcp://box", true, "box"),
        ("https://localhost", false, "127.0.0.1"),
        ("https://box:1", true, "box"),
        ("ssh://ada@localhost", false, "127.0.0.1"),
        ("ssh://ada@box:22/x", true, "box"),
    ] {
        let folder = certificates();
        let path = folder.path().to_str().unwrap();
        let endpoint = Endpoint::named(text, "", &env(&[("DOCKER_CONFIG", path)])).unwrap();
        assert_eq!((endpoint.is_remote(), endpoint.published_host()), (remote, published), "{text}");
    }
}

/// A folder with a CA, so that nothing depends on the machine's.
fn certificates() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let ca = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
    folder
}

/// Where the variables lead, or what refuses them.
fn led(pairs: &[(&str, &str)]) -> Result<String> {
    let folder = certificates();
    let config = folder.path().to_str().unwrap();
    let all: Vec<_> = pairs.iter().copied().chain([("DOCKER_CONFIG", config)]).collect();
    locate(&env(&all), &[]).map(|endpoint| endpoint.to_string())
}

#[test]
fn docker_host_wins_and_tls_is_never_dropped() {
    let own = certificates();
    let (verify, unverified, path) =
        (("DOCKER_TLS_VERIFY", "0"), ("DOCKER_TLS", "1"), ("DOCKER_CERT_PATH", own.path().to_str().unwrap()));
    let host = |text| ("DOCKER_HOST", text);
    let absent = ("DOCKER_CONTEXT", "absent");
    for (pairs, expected) in [
        (&[host("tcp://10.1.1.1:2376"), absent][..], "tcp://10.1.1.1:2376"),
        (&[host("tcp://10.1.1.1"), verify], "https://10.1.1.1:2376"),
        (&[host("tcp://10.1.1.1:2375"), verify, unverified, path], "https://10.1.1.1:2375"),
        (&[host("http://box:1"), verify], "https://box:1"),
        (&[host("https://box")], "https://box:2376"),
        (&[host("https://box:443"), path], "https://box:443"),
        // A socket and ssh are as good with TLS variables around as without.
        (&[host("unix:///x"), verify], "unix:///x"),
        (&[host("unix:///x"), unverified], "unix:///x"),
        (&[host("ssh://box"), verify, path], "ssh://box"),
    ] {
        assert_eq!(led(pairs).unwrap(), expected, "{pairs:?}");
    }
    for (pairs, named) in [
        (&[host("tcp://10.1.1.1:2376"), unverified][..], "DOCKER_TLS asks"),
        (&[host("https://10.1.1.1:2376"), unverified, path], "DOCKER_TLS asks"),
        (&[host("tcp://10.1.1.1:2376"), path], "DOCKER_CERT_PATH asks"),
    ] {
        let error = led(pairs).unwrap_err();
        assert!(error.kind() == Kind::Usage && error.message().contains(named), "{error}");
        assert!(error.hints().iter().any(|hint| hint.contains("DOCKER_TLS_VERIFY")), "{:?}", error.hints());
    }
}

#[test]
fn certificates_that_cannot_be_used_are_found_out_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), "rubbish").unwrap();
    let path = folder.path().to_str().unwrap();
    let host = ("DOCKER_HOST", "tcp://box:1");
    for variable in ["DOCKER_CERT_PATH", "DOCKER_CONFIG"] {
        let error = locate(&env(&[host, ("DOCKER_TLS_VERIFY", "1"), (variable, path)]), &[]).unwrap_err();
        assert!(error.kind() == Kind::Config && error.message().contains("ca.pem"), "{error}");
    }
}

#[test]
fn contexts_with_tls_and_with_ssh() {
    let folder = certificates();
    let config = ("DOCKER_CONFIG", folder.path().to_str().unwrap());
    let put = |host: &str, more: &str| {
        let hash = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"; // sha256 of "a"
        let meta = folder.path().join("contexts/meta").join(hash);
        std::fs::create_dir_all(&meta).unwrap();
        let text = format!(r#"{{"Name":"a","Endpoints":{{"docker":{{"Host":"{host}"{more}}}}}}}"#);
        std::fs::write(meta.join("meta.json"), text).unwrap();
        folder.path().join("contexts/tls").join(hash).join("docker")
    };
    let led = |more: &[(&str, &str)]| {
        let all: Vec<_> = more.iter().copied().chain([config, ("DOCKER_CONTEXT", "a")]).collect();
        locate(&env(&all), &[]).map(|endpoint| endpoint.to_string())
    };
    let files = put("tcp://box:99", "");
    assert_eq!(led(&[]).unwrap(), "tcp://box:99");
    assert_eq!(led(&[("DOCKER_TLS_VERIFY", "1")]).unwrap(), "https://box:99");
    assert!(led(&[("DOCKER_TLS", "1")]).is_err());
    std::fs::create_dir_all(&files).unwrap();
    std::fs::copy(folder.path().join("ca.pem"), files.join("ca.pem")).unwrap();
    assert_eq!(led(&[]).unwrap(), "https://box:99");
    std::fs::write(files.join("key.pem"), "rubbish").unwrap();
    assert!(led(&[]).unwrap_err().message().contains("cert.pem is missing"));
    put("tcp://box:99", r#","SkipTLSVerify":true"#);
    assert!(led(&[]).unwrap_err().message().contains("SkipTLSVerify of DOCKER_CONTEXT \"a\""));
    put("ssh://ada@box", r#","SkipTLSVerify":false"#);
    assert_eq!(led(&[]).unwrap(), "ssh://ada@box");
}

#[test]
fn sockets_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let sockets = [dir.path().join("docker.sock"), dir.path().join("podman.sock")];
    let error = locate(&env(&[]), &sockets).unwrap_err();
    assert!(
        error.kind() == Kind::Engine && error.message().contains("podman.sock") && !error.hints().is_empty()
    );
    std::fs::write(&sockets[1], "").unwrap();
    assert_eq!(locate(&env(&[]), &sockets).unwrap().address(), &Address::Unix(sockets[1].clone()));
    std::fs::write(&sockets[0], "").unwrap();
    assert_eq!(locate(&env(&[]), &sockets).unwrap().address(), &Address::Unix(sockets[0].clone()));
}
