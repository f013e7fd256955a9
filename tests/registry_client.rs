//! The registry client against a registry that misbehaves on purpose.

#![cfg(test)]

mod support;

use std::time::{Duration, Instant};

use imgbuild::error::{Error, Kind};
use imgbuild::image::Digest;
use imgbuild::registry::{Credential, PushRight, Registry, RegistryOptions, Secret, read_state};
use support::fake_registry::{FakeRegistry, Reply, Request};

const SECRET: &str = "s3cr3t-p4ss";
/// `user:s3cr3t-p4ss`
const BASIC: &str = "Basic dXNlcjpzM2NyM3QtcDRzcw==";

fn options() -> RegistryOptions {
    RegistryOptions {
        idle_timeout: Duration::from_millis(300),
        request_timeout: Duration::from_secs(5),
        retry_budget: Duration::from_secs(1),
        ..RegistryOptions::default()
    }
}

fn client(fake: &FakeRegistry) -> Registry {
    let credential = Credential::password(fake.host(), "user", SECRET, "test");
    Registry::new(&fake.host(), Some(credential), options()).expect("a client")
}

fn anonymous(fake: &FakeRegistry) -> Registry {
    Registry::new(&fake.host(), None, options()).expect("a client")
}

/// The error's whole text, after a look at what it must never hold.
fn text(error: &Error) -> String {
    assert_eq!(error.kind(), Kind::Registry, "{error}");
    let all = format!("{error} {error:?}");
    assert!(!all.contains(SECRET) && !all.contains("dXNlcj"), "{all}");
    error.to_string()
}

fn bearer(realm: &str) -> Reply {
    Reply::status(401).with("www-authenticate", format!(r#"Bearer realm="{realm}",service="the service""#))
}

#[tokio::test]
async fn a_token_is_fetched_once_for_each_scope() {
    let fake = FakeRegistry::on("127.0.0.1", |r: &Request| match r.target.split('?').next() {
        Some("/token") => Reply::ok(format!(r#"{{"token": "t{}", "expires_in": 300}}"#, r.before)),
        _ if r.authorization() == Some("Bearer t0") => Reply::ok(r#"{"tags": ["a"]}"#),
        _ => bearer(&format!("http://{}/token?x=1", r.headers["host"])),
    })
    .await;
    let client = client(&fake);
    assert_eq!(client.tags("a/b").await.unwrap(), ["a"]);
    assert_eq!(client.tags("a/b").await.unwrap(), ["a"]);
    let requests = fake.requests();
    let tokens: Vec<_> = requests.iter().filter(|r| r.target.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].authorization(), Some(BASIC));
    assert_eq!(
        tokens[0].target,
        "/token?x=1&client_id=imgbuild&service=the+service&scope=repository%3Aa%2Fb%3Apull"
    );
    // The password goes to the token service alone.
    assert!(
        requests.iter().filter(|r| !r.target.starts_with("/token")).all(|r| r.authorization() != Some(BASIC))
    );
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    let fake = FakeRegistry::on("127.0.0.1", |r: &Request| match r.target.split('?').next() {
        Some("/token") => Reply::ok(format!(r#"{{"access_token": "t{}"}}"#, r.before)),
        _ if r.authorization() == Some("Bearer t1") => Reply::ok(r#"{"tags": null}"#),
        _ if r.before == 1 => Reply::ok(r#"{"tags": ["a"]}"#),
        _ => bearer(&format!("http://{}/token", r.headers["host"])),
    })
    .await;
    let client = anonymous(&fake);
    assert_eq!(client.tags("x").await.unwrap(), ["a"]);
    assert_eq!(client.tags("x").await.unwrap(), Vec::<String>::new());
    // A registry that never takes it is a denial, not a loop.
    let stubborn = FakeRegistry::on("127.0.0.1", |r: &Request| match r.target.split('?').next() {
        Some("/token") => Reply::ok(r#"{"token": "t"}"#),
        _ => bearer(&format!("http://{}/token", r.headers["host"])),
    })
    .await;
    let error = text(&anonymous(&stubborn).head("x", "1").await.unwrap_err());
    assert!(error.contains("denied") && error.contains("anonymous"), "{error}");
    assert_eq!(stubborn.requests().len(), 3);
}

#[tokio::test]
async fn an_identity_token_is_exchanged() {
    let fake = FakeRegistry::on("127.0.0.1", |r: &Request| match (r.method.as_str(), r.target.as_str()) {
        ("POST", "/token") => Reply::ok(r#"{"access_token": "t"}"#),
        _ if r.authorization() == Some("Bearer t") => Reply::ok("{}"),
        _ => bearer(&format!("http://{}/token", r.headers["host"])),
    })
    .await;
    let credential =
        Credential { identity_token: Secret::new(SECRET), ..Credential::password("", "", "", "") };
    let client = Registry::new(&fake.host(), Some(credential), options()).unwrap();
    client.ping().await.unwrap();
    let token = fake.requests().into_iter().find(|r| r.target == "/token").unwrap();
    assert!(
        token.body.contains(&format!("grant_type=refresh_token&refresh_token={SECRET}")),
        "{}",
        token.body
    );
    assert_eq!(token.authorization(), None);
}

#[tokio::test]
async fn no_login_goes_to_a_token_service_without_tls() {
    for realm in [
        "http://192.0.2.1/token",
        "http://169.254.169.254/",
        "http://0.0.0.0/",
        "ftp://x/",
        "nonsense",
        "http://u:p@127.0.0.1/",
    ] {
        let fake = FakeRegistry::on("127.0.0.1", move |_: &Request| bearer(realm)).await;
        let error = text(&client(&fake).ping().await.unwrap_err());
        assert!(error.contains("token service"), "{realm}: {error}");
        assert_eq!(fake.requests().len(), 1, "{realm}");
    }
}

#[tokio::test]
async fn a_refused_login_says_so() {
    let fake = FakeRegistry::on("127.0.0.1", |r: &Request| match r.target.split('?').next() {
        Some("/token") => Reply::Answer {
            status: 401,
            headers: Vec::new(),
            body: br#"{"errors":[{"code":"UNAUTHORIZED","message":"bad password"}]}"#.to_vec(),
        },
        _ => bearer(&format!("http://{}/token", r.headers["host"])),
    })
    .await;
    let error = client(&fake).ping().await.unwrap_err();
    let said = text(&error);
    assert!(said.contains("as user: denied") && said.contains("UNAUTHORIZED: bad password"), "{said}");
    assert!(error.hints().iter().any(|h| h.contains("docker login")), "{error:?}");
}

#[tokio::test]
async fn a_redirect_to_another_host_carries_no_login() {
    let config = br#"{"config": {}}"#;
    let digest = Digest::of(config);
    let storage = FakeRegistry::on("127.0.0.2", move |_: &Request| Reply::ok(&config[..])).await;
    let place = storage.host();
    let manifest = format!(r#"{{"schemaVersion": 2, "config": {{"digest": "{digest}"}}}}"#);
    let fake = FakeRegistry::on("127.0.0.1", move |r: &Request| match r.target.as_str() {
        _ if r.authorization() != Some(BASIC) => {
            Reply::status(401).with("www-authenticate", "Basic realm=\"x\"")
        }
        "/v2/x/manifests/1" => Reply::ok(manifest.clone())
            .with("content-type", "application/vnd.oci.image.manifest.v1+json; charset=utf-8"),
        _ => Reply::status(307).with("location", format!("http://{place}/blob?signature=1")),
    })
    .await;
    let client = client(&fake);
    let manifest = client.manifest("x", "1").await.unwrap().unwrap();
    assert_eq!(manifest.media_type, "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(manifest.config_digest(), Some(digest));
    assert_eq!(client.config("x", &manifest).await.unwrap(), serde_json::json!({"config": {}}));
    let there = storage.requests();
    assert_eq!(there.len(), 1);
    assert_eq!((there[0].target.as_str(), there[0].authorization()), ("/blob?signature=1", None));
}

#[tokio::test]
async fn redirects_that_lead_nowhere_end() {
    let circle =
        FakeRegistry::on("127.0.0.1", |r: &Request| Reply::status(302).with("location", r.target.clone()))
            .await;
    let error = text(&anonymous(&circle).manifest("x", "1").await.unwrap_err());
    assert!(error.contains("redirects"), "{error}");
    for location in ["http://u:p@127.0.0.1/", "ftp://x/", "http://[/"] {
        let fake =
            FakeRegistry::on("127.0.0.1", move |_: &Request| Reply::status(307).with("location", location))
                .await;
        text(&anonymous(&fake).manifest("x", "1").await.unwrap_err());
        assert_eq!(fake.requests().len(), 1, "{location}");
    }
}

#[tokio::test]
async fn tags_come_in_pages_of_one_host() {
    let fake = FakeRegistry::on("127.0.0.1", |r: &Request| match r.target.as_str() {
        "/v2/x/tags/list?n=1000" => Reply::ok(r#"{"tags": ["b", "not a tag"]}"#)
            .with("link", "</v2/x/tags/list?last=b>; rel=\"next\""),
        "/v2/x/tags/list?last=b" => Reply::ok(r#"{"tags": ["a"]}"#).with("link", "<list?last=a>; rel=next"),
        "/v2/x/tags/list?last=a" => Reply::ok(r#"{"tags": []}"#),
        "/v2/circle/tags/list?n=1000" => {
            Reply::ok(r#"{"tags": ["b"]}"#).with("link", "<?n=1000>; rel=\"next\"")
        }
        "/v2/away/tags/list?n=1000" => {
            Reply::ok(r#"{"tags": ["b"]}"#).with("link", "<http://127.0.0.2:1/v2/>; rel=\"next\"")
        }
        "/v2/odd/tags/list?n=1000" => Reply::ok("<html>"),
        _ => Reply::Answer {
            status: 404,
            headers: Vec::new(),
            body: br#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#.to_vec(),
        },
    })
    .await;
    let client = anonymous(&fake);
    assert_eq!(client.tags("x").await.unwrap(), ["b", "a"]);
    assert_eq!(client.tags("unknown").await.unwrap(), Vec::<String>::new());
    for (path, part) in [("circle", "circle"), ("away", "127.0.0.2"), ("odd", "no list")] {
        let error = text(&client.tags(path).await.unwrap_err());
        assert!(error.contains(part) && error.contains(&fake.host()), "{error}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_what_they_claim_are_refused() {
    let honest = Digest::of(b"{}");
    let other = Digest::of(b"other");
    let claim = other.to_string();
    let fake = FakeRegistry::on("127.0.0.1", move |r: &Request| match r.target.as_str() {
        "/v2/x/manifests/lies" => Reply::ok("{}").with("docker-content-digest", claim.clone()),
        "/v2/x/manifests/html" => Reply::ok("<html>"),
        _ => Reply::ok("{}"),
    })
    .await;
    let client = anonymous(&fake);
    let error = text(&client.manifest("x", "lies").await.unwrap_err());
    assert!(error.contains(honest.as_str()) && error.contains(other.as_str()), "{error}");
    assert!(text(&client.manifest("x", other.as_str()).await.unwrap_err()).contains("digest"));
    assert!(client.manifest("x", honest.as_str()).await.unwrap().is_some());
    assert!(text(&client.manifest("x", "html").await.unwrap_err()).contains("JSON"));
    // Without the header, HEAD is settled by GET.
    assert_eq!(client.head("x", "1").await.unwrap(), Some(honest));
}

#[tokio::test]
async fn statuses_mean_what_they_say() {
    let fake = FakeRegistry::on("127.0.0.1", |r: &Request| match r.target.as_str() {
        "/v2/x/manifests/404" => Reply::status(404),
        "/v2/x/manifests/403" => Reply::status(403),
        "/v2/x/manifests/401" => Reply::status(401),
        "/v2/x/manifests/500-once" if r.before == 0 => Reply::status(500),
        "/v2/x/manifests/reset-once" if r.before == 0 => Reply::Reset,
        "/v2/x/manifests/429-once" if r.before == 0 => Reply::status(429).with("retry-after", "0"),
        "/v2/x/manifests/429" => Reply::status(429).with("retry-after", "0"),
        "/v2/x/manifests/429-later" => Reply::status(429).with("retry-after", "3600"),
        "/v2/x/manifests/500" => Reply::status(503),
        "/v2/x/manifests/reset" => Reply::Reset,
        _ => Reply::ok("{}").with("docker-content-digest", Digest::of(b"{}").to_string()),
    })
    .await;
    let client = client(&fake);
    let count = |tag: &str| fake.requests().iter().filter(|r| r.target.ends_with(&format!("/{tag}"))).count();
    assert_eq!(client.head("x", "404").await.unwrap(), None);
    assert_eq!(client.manifest("x", "404").await.unwrap(), None);
    for tag in ["500-once", "reset-once", "429-once"] {
        assert!(client.head("x", tag).await.unwrap().is_some(), "{tag}");
        assert_eq!(count(tag), 2, "{tag}");
    }
    for (tag, part) in [("403", "denied"), ("401", "denied"), ("429-later", "limits our rate")] {
        let error = client.head("x", tag).await.unwrap_err();
        let said = text(&error);
        assert!(said.contains(part), "{tag}: {said}");
        assert!(said.contains(&format!("manifest {tag} of {}/x", fake.host())), "{tag}: {said}");
        assert_eq!(count(tag), 1, "{tag}");
    }
    for (tag, part) in [("429", "limits our rate"), ("500", "answered 503"), ("reset", "connection broke")] {
        let error = client.head("x", tag).await.unwrap_err();
        let (said, sent) = (text(&error), count(tag));
        assert!(said.contains(&format!("{part}, tried {sent} times")), "{tag}: {said}");
        assert!(said.contains(&format!("manifest {tag} of {}/x", fake.host())), "{tag}: {said}");
        // A second holds pauses of at least 150, 300 and 600 ms, or less.
        assert!((2..=4).contains(&sent), "{tag}: {sent}");
        assert!(!error.hints().is_empty(), "{tag}");
    }
}

#[tokio::test]
async fn a_registry_that_stands_still_is_an_error() {
    let fake = FakeRegistry::on("127.0.0.1", |r: &Request| match r.target.as_str() {
        "/v2/x/manifests/half" => Reply::HalfBody,
        _ => Reply::Silence,
    })
    .await;
    let client = anonymous(&fake);
    for tag in ["half", "silent"] {
        let started = Instant::now();
        let error = text(&client.manifest("x", tag).await.unwrap_err());
        assert!(error.contains("did not answer in time, tried "), "{tag}: {error}");
        assert!(started.elapsed() < Duration::from_secs(30), "{tag}");
    }
}

#[tokio::test]
async fn a_huge_answer_is_cut_off() {
    let fake = FakeRegistry::on("127.0.0.1", |_: &Request| Reply::ok(vec![b' '; 5 << 20])).await;
    let error = text(&anonymous(&fake).manifest("x", "1").await.unwrap_err());
    assert!(error.contains("larger than"), "{error}");
}

#[tokio::test]
async fn nobody_there_is_told_quickly() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Registry::new(&free.to_string(), None, RegistryOptions::default()).unwrap();
    let started = Instant::now();
    let error = client.ping().await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(30));
    let said = text(&error);
    assert!(
        said.starts_with(&format!("the registry {free} is not reachable: connection refused, tried ")),
        "{said}"
    );
    assert!(!error.hints().is_empty());
    let unknown = Registry::new("registry.invalid", None, RegistryOptions::default()).unwrap();
    let error = text(&unknown.ping().await.unwrap_err());
    assert!(error.contains("registry.invalid is not reachable"), "{error}");
}

#[tokio::test]
async fn the_permission_to_push_is_tried_and_taken_back() {
    let elsewhere = FakeRegistry::on("127.0.0.2", |_: &Request| Reply::status(204)).await;
    let other = elsewhere.host();
    let fake =
        FakeRegistry::on("127.0.0.1", move |r: &Request| match (r.method.as_str(), r.target.as_str()) {
            ("DELETE", _) => Reply::status(204),
            (_, "/v2/good/blobs/uploads/") => {
                Reply::status(202).with("location", "/v2/good/blobs/uploads/1?state=x")
            }
            (_, "/v2/away/blobs/uploads/") => {
                Reply::status(202).with("location", format!("http://{other}/upload"))
            }
            (_, "/v2/cache/blobs/uploads/") => Reply::status(405),
            (_, "/v2/denied/blobs/uploads/") => Reply::Answer {
                status: 403,
                headers: Vec::new(),
                body: br#"{"errors":[{"code":"DENIED","message":"requested access is denied"}]}"#.to_vec(),
            },
            _ => Reply::status(404),
        })
        .await;
    let client = client(&fake);
    assert!(matches!(client.may_push("good").await.unwrap(), PushRight::Granted));
    assert!(matches!(client.may_push("away").await.unwrap(), PushRight::Granted));
    let deleted: Vec<_> =
        fake.requests().into_iter().filter(|r| r.method == "DELETE").map(|r| r.target).collect();
    assert_eq!(deleted, ["/v2/good/blobs/uploads/1?state=x"]);
    assert!(elsewhere.requests().is_empty());
    let denial = |right| match right {
        PushRight::Denied(error) => error,
        PushRight::Granted => panic!("it was not denied"),
    };
    let denied = denial(client.may_push("denied").await.unwrap());
    assert_eq!(
        text(&denied),
        format!(
            "no push permission for denied on {} as user (DENIED: requested access is denied)",
            fake.host()
        )
    );
    assert!(denied.hints()[0].contains(&format!("docker login {}", fake.host())));
    assert!(text(&denial(anonymous(&fake).may_push("denied").await.unwrap())).contains("as anonymous"));
    assert!(text(&denial(client.may_push("cache").await.unwrap())).contains("read-only"));
    assert!(text(&client.may_push("new").await.unwrap_err()).contains("404"));
}

#[tokio::test]
async fn the_state_holds_the_tags_that_exist_and_what_is_known_of_their_images() {
    let config =
        r#"{"os": "linux", "architecture": "arm64", "config": {"Labels": {"a": "b", "odd": 1, "none": ""}}}"#;
    let digest = Digest::of(config.as_bytes());
    let manifest = format!(
        r#"{{"schemaVersion": 2, "config": {{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "{digest}"}}}}"#
    );
    let image = Digest::of(manifest.as_bytes());
    let blob = format!("/v2/a/b/blobs/{digest}");
    let artifact = r#"{"config": {"mediaType": "application/vnd.oci.empty.v1+json"}}"#;
    let fake = FakeRegistry::on("127.0.0.1", move |r: &Request| match r.target.as_str() {
        "/v2/a/b/manifests/latest" | "/v2/a/b/manifests/1.0" => Reply::ok(manifest.clone()),
        "/v2/a/b/manifests/chart" => Reply::ok(artifact),
        target if target == blob => Reply::ok(config),
        _ => Reply::status(404),
    })
    .await;
    let wanted = ["latest", "1.0", "chart", "new"].map(str::to_owned);
    let all = vec!["1.0".to_owned()];
    let state = read_state(&anonymous(&fake), "a/b", all, &wanted).await.unwrap();
    assert_eq!((state.registry.as_str(), state.path.as_str()), (fake.host().as_str(), "a/b"));
    assert_eq!(state.all_tags, ["1.0"]);
    let tags: Vec<_> = state.tags.iter().map(|(tag, digest)| (tag.as_str(), digest)).collect();
    assert_eq!(tags, [("1.0", &image), ("chart", &Digest::of(artifact.as_bytes())), ("latest", &image)]);
    let found = state.image("latest").unwrap();
    assert_eq!((&found.config, found.os.as_str(), found.architecture.as_str()), (&digest, "linux", "arm64"));
    assert_eq!((found.label("a"), found.label("none"), found.label("odd")), (Some("b"), None, None));
    assert_eq!(state.image("chart"), None);
    assert_eq!(
        fake.requests().iter().filter(|r| r.target.contains("/blobs/")).count(),
        1,
        "once for an image"
    );
}

#[tokio::test]
async fn malformed_names_never_reach_the_wire() {
    let fake = FakeRegistry::on("127.0.0.1", |_: &Request| Reply::ok("{}")).await;
    let client = anonymous(&fake);
    assert_eq!(client.tags("../x").await.unwrap_err().kind(), Kind::Config);
    assert_eq!(client.head("x", "a/b").await.unwrap_err().kind(), Kind::Config);
    assert_eq!(client.may_push("a?b").await.unwrap_err().kind(), Kind::Config);
    assert!(Registry::new("a/b", None, options()).is_err());
    assert!(fake.requests().is_empty());
}
