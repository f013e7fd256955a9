//! What the registry client writes besides blobs, and how it proves itself for long, against a registry that misbehaves
//! on purpose.

#![cfg(test)]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use imgbuild::environment::Environment;
use imgbuild::error::{Error, Kind};
use imgbuild::image::Digest;
use imgbuild::registry::{
    Credential, CredentialStore, Deleted, Hide, Login, Manifest, Registry, RegistryOptions, Verdict,
};
use serde_json::json;
use support::fake_registry::{FakeRegistry, Reply, Request};
use support::small_registry::{SmallRegistry, error};

const SECRET: &str = "s3cr3t-p4ss";
/// `user:s3cr3t-p4ss`
const BASIC: &str = "Basic dXNlcjpzM2NyM3QtcDRzcw==";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn options() -> RegistryOptions {
    RegistryOptions {
        idle_timeout: Duration::from_millis(500),
        request_timeout: Duration::from_secs(5),
        retry_budget: Duration::from_secs(1),
        ..RegistryOptions::default()
    }
}

fn client(fake: &FakeRegistry) -> Registry {
    let credential = Credential::password(fake.host(), "user", SECRET, "test");
    Registry::new(&fake.host(), Some(credential), options()).expect("a client")
}

fn manifest() -> Manifest {
    // Spaces that no serializer writes: the bytes have to stay as they are.
    Manifest::new(br#"{ "schemaVersion":2,  "layers" : [] }"#.to_vec(), OCI_MANIFEST).expect("a manifest")
}

/// The error's whole text, after a look at what it must never hold.
fn text(error: &Error) -> String {
    let all = format!("{error} {error:?}");
    assert!(!all.contains(SECRET) && !all.contains("dXNlcj"), "{all}");
    error.to_string()
}

/// A registry with `fault` for the requests that it takes, in front of a small one.
async fn faulty(
    fault: impl Fn(&Request, &SmallRegistry) -> Option<Reply> + Send + Sync + 'static,
) -> (Arc<SmallRegistry>, FakeRegistry) {
    let small = Arc::new(SmallRegistry::new());
    let answers = Arc::clone(&small);
    let fake = FakeRegistry::on("127.0.0.1", move |r: &Request| {
        fault(r, &answers).unwrap_or_else(|| answers.answer(r))
    })
    .await;
    (small, fake)
}

fn count(fake: &FakeRegistry, method: &str) -> usize {
    fake.requests().iter().filter(|r| r.method == method).count()
}

#[tokio::test]
async fn a_manifest_arrives_byte_for_byte() {
    let (small, fake) = SmallRegistry::healthy().await;
    let client = client(&fake);
    let manifest = manifest();
    for reference in ["1.2", manifest.digest.as_str()] {
        let put = client.put_manifest("a/b", reference, &manifest).await.unwrap();
        assert!(!put.settled && !put.subject);
        assert_eq!(small.manifest("a/b", reference), Some(manifest.bytes.clone()));
    }
    let request = &fake.requests()[0];
    assert!(request.is("PUT", "/v2/a/b/manifests/1.2"));
    assert_eq!(request.headers["content-type"], OCI_MANIFEST);
    let artifact = json!({
        "mediaType": OCI_MANIFEST,
        "subject": {"mediaType": OCI_MANIFEST, "digest": manifest.digest.as_str(), "size": manifest.bytes.len()},
    });
    let artifact = Manifest::new(artifact.to_string().into_bytes(), "").unwrap();
    assert!(client.put_manifest("a/b", artifact.digest.as_str(), &artifact).await.unwrap().subject);
}

#[tokio::test]
async fn a_fault_that_passes_costs_a_manifest_nothing() {
    for fault in ["500", "429", "reset", "408"] {
        let (small, fake) = faulty(move |r, _| {
            (r.method == "PUT" && r.before == 0).then(|| match fault {
                "reset" => Reply::Reset,
                "429" => Reply::status(429).with("retry-after", "0"),
                status => Reply::status(status.parse().unwrap()),
            })
        })
        .await;
        let put = client(&fake).put_manifest("x", "1", &manifest()).await.unwrap();
        assert!(!put.settled, "{fault}");
        assert_eq!(small.manifest("x", "1"), Some(manifest().bytes), "{fault}");
        assert_eq!(count(&fake, "PUT"), 2, "{fault}");
    }
}

#[tokio::test]
async fn a_fault_that_stays_ends_with_the_budget() {
    for (fault, part) in [("500", "answered 500"), ("429", "limits our rate"), ("reset", "connection broke")]
    {
        let (small, fake) = faulty(move |r, _| {
            (r.method == "PUT").then(|| match fault {
                "reset" => Reply::Reset,
                status => Reply::status(status.parse().unwrap()),
            })
        })
        .await;
        let started = Instant::now();
        let error = client(&fake).put_manifest("x", "1", &manifest()).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(30), "{fault}");
        let sent = count(&fake, "PUT");
        let said = text(&error);
        assert_eq!(error.kind(), Kind::Registry, "{said}");
        assert!(said.contains(&format!("{part}, tried {sent} times")), "{said}");
        assert!(said.contains(&format!("cannot put the manifest 1 into {}/x", fake.host())), "{said}");
        assert!(sent > 1 && !error.hints().is_empty(), "{said}");
        assert_eq!(small.manifest("x", "1"), None);
    }
}

#[tokio::test]
async fn what_is_permanent_is_tried_once() {
    for (status, code) in [
        (400, "MANIFEST_INVALID"),
        (400, "DIGEST_INVALID"),
        (400, "MANIFEST_BLOB_UNKNOWN"),
        (403, "DENIED"),
        (404, "NAME_UNKNOWN"),
        (501, "UNSUPPORTED"),
    ] {
        let (_, fake) = faulty(move |r, _| (r.method == "PUT").then(|| error(status, code))).await;
        let said = text(&client(&fake).put_manifest("x", "1", &manifest()).await.unwrap_err());
        assert!(said.contains(code), "{said}");
        assert_eq!(count(&fake, "PUT"), 1, "{code}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_what_is_there() {
    for fault in ["reset", "silence", "500"] {
        // Stored, and then the answer is lost, each time.
        let (_, fake) = faulty(move |r, small| {
            (r.method == "PUT").then(|| {
                small.answer(r);
                match fault {
                    "reset" => Reply::Reset,
                    "silence" => Reply::Silence,
                    status => Reply::status(status.parse().unwrap()),
                }
            })
        })
        .await;
        let put = client(&fake).put_manifest("x", "1", &manifest()).await.unwrap();
        assert!(put.settled, "{fault}");
        assert_eq!(count(&fake, "PUT"), 1, "{fault}");
    }
}

#[tokio::test]
async fn a_tag_that_must_not_move_is_no_error_where_it_holds_the_same() {
    let (small, fake) = faulty(|r, _| (r.method == "PUT").then(|| error(400, "TAG_INVALID"))).await;
    small.put_manifest("x", Some("other"), &json!({"schemaVersion": 2}));
    let client = client(&fake);
    let same = Manifest::new(small.manifest("x", "other").unwrap(), OCI_MANIFEST).unwrap();
    assert!(client.put_manifest("x", "other", &same).await.unwrap().settled);
    let error = client.put_manifest("x", "other", &manifest()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(text(&error).contains(&format!("it holds {}", same.digest)), "{error}");
    assert_eq!(count(&fake, "PUT"), 2);
}

#[tokio::test]
async fn a_registry_that_makes_something_else_of_it_is_refused() {
    let other = Digest::of(b"other").to_string();
    let claim = other.clone();
    let (_, fake) = faulty(move |r, _| {
        (r.method == "PUT").then(|| Reply::status(201).with("docker-content-digest", claim.clone()))
    })
    .await;
    let said = text(&client(&fake).put_manifest("x", "1", &manifest()).await.unwrap_err());
    assert!(said.contains(&other) && said.contains(manifest().digest.as_str()), "{said}");
    // Under another digest it is not even sent.
    client(&fake).put_manifest("x", &other, &manifest()).await.unwrap_err();
    let odd = Manifest { media_type: "a\nb".to_owned(), ..manifest() };
    text(&client(&fake).put_manifest("x", "1", &odd).await.unwrap_err());
    assert_eq!(count(&fake, "PUT"), 1);
}

#[tokio::test]
async fn deleting_tells_what_the_registry_cannot_do() {
    let (small, fake) = faulty(|r, _| match r.target.rsplit('/').next()? {
        "off" => Some(error(405, "UNSUPPORTED")),
        // Distribution 2.8, asked to delete a tag.
        "tag" => Some(error(400, "DIGEST_INVALID")),
        "denied" => Some(error(403, "DENIED")),
        "odd" => Some(error(400, "NAME_INVALID")),
        "once" if r.before == 0 => Some(Reply::status(503)),
        _ => None,
    })
    .await;
    let client = client(&fake);
    let kept = small.put_manifest("x", Some("once"), &json!({"schemaVersion": 2}));
    assert_eq!(client.delete("x", "once").await.unwrap(), Deleted::Gone);
    assert_eq!(small.manifest("x", "once"), None);
    assert_eq!(client.delete("x", kept.digest.as_str()).await.unwrap(), Deleted::Gone);
    assert_eq!(client.delete("x", "never-was").await.unwrap(), Deleted::Gone);
    assert_eq!(client.delete("x", "off").await.unwrap(), Deleted::Unsupported);
    assert_eq!(client.delete("x", "tag").await.unwrap(), Deleted::Unsupported);
    assert!(text(&client.delete("x", "denied").await.unwrap_err()).contains("denied"));
    text(&client.delete("x", "odd").await.unwrap_err());
    assert_eq!(client.delete("x", "../y").await.unwrap_err().kind(), Kind::Config);
}

#[tokio::test]
async fn a_401_midway_is_answered_once_more() {
    // The token service counts its tokens; the first is good for the first manifest only.
    let fake = FakeRegistry::on("127.0.0.1", |r: &Request| {
        match (r.authorization(), r.target.split('?').next().unwrap_or_default()) {
            (_, "/token") => Reply::ok(format!(r#"{{"token": "t{}", "expires_in": 300}}"#, r.before)),
            (Some("Bearer t0"), "/v2/x/manifests/1") | (Some("Bearer t1"), "/v2/x/manifests/2") => {
                Reply::status(201)
            }
            _ => {
                let realm = format!("http://{}/token", r.headers["host"]);
                Reply::status(401).with("www-authenticate", format!(r#"Bearer realm="{realm}""#))
            }
        }
    })
    .await;
    let hidden = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&hidden);
    let hide = Hide::new(move |secret| told.lock().unwrap().push(secret.to_owned()));
    let credential = Credential::password(fake.host(), "user", SECRET, "test");
    let options = RegistryOptions { hide: Some(hide), ..options() };
    let client = Registry::new(&fake.host(), Some(credential), options).unwrap();
    client.put_manifest("x", "1", &manifest()).await.unwrap();
    client.put_manifest("x", "2", &manifest()).await.unwrap();
    assert_eq!(*hidden.lock().unwrap(), ["t0", "t1"]);
    assert_eq!(count(&fake, "PUT"), 4);
    // A third would have to be got with the same login: that is a denial.
    let said = text(&client.put_manifest("x", "3", &manifest()).await.unwrap_err());
    assert!(said.contains("as user: denied"), "{said}");
    assert_eq!(count(&fake, "PUT"), 6);
}

#[tokio::test]
async fn basic_is_shown_once_more_midway_and_then_it_is_a_denial() {
    let (_, fake) = faulty(|r, _| {
        let denied = || Some(Reply::status(401).with("www-authenticate", "Basic realm=x"));
        match r.target.as_str() {
            _ if r.authorization() != Some(BASIC) => denied(),
            "/v2/x/manifests/once" if r.method == "PUT" && r.before == 0 => denied(),
            "/v2/x/manifests/never" => denied(),
            _ => None,
        }
    })
    .await;
    let client = client(&fake);
    client.ping().await.unwrap();
    client.put_manifest("x", "once", &manifest()).await.unwrap();
    assert_eq!(count(&fake, "PUT"), 2);
    let said = text(&client.put_manifest("x", "never", &manifest()).await.unwrap_err());
    assert!(said.contains("as user: denied"), "{said}");
    assert_eq!(count(&fake, "PUT"), 4);
}

/// A store whose helper gives `old` for the first `answers` times, and `SECRET` from then on; it counts in a file.
fn helper(folder: &std::path::Path, answers: usize) -> (CredentialStore, std::path::PathBuf) {
    let calls = folder.join("calls");
    let script = format!(
        "#!/bin/sh\ncat >/dev/null\necho x >>{calls}\nif [ $(wc -l <{calls}) -le {answers} ]; then P=old; else P={SECRET}; fi\n\
         printf '{{\"Username\":\"user\",\"Secret\":\"%s\"}}' $P\n",
        calls = calls.display()
    );
    let program = folder.join("docker-credential-turning");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(folder.join("config.json"), r#"{"credsStore": "turning"}"#).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let environment = Environment::from_pairs([
        ("DOCKER_CONFIG".to_owned(), folder.display().to_string()),
        ("PATH".to_owned(), path),
    ]);
    (CredentialStore::load(&environment).unwrap(), calls)
}

#[tokio::test]
async fn a_store_is_asked_when_a_login_is_wanted_and_once_more_when_it_is_refused() {
    let basic = |r: &Request, _: &SmallRegistry| {
        (r.authorization() != Some(BASIC))
            .then(|| Reply::status(401).with("www-authenticate", "Basic realm=x"))
    };
    for (right_after, asked, works) in [(0, 1, true), (1, 2, true), (9, 2, false)] {
        let (_, fake) = faulty(basic).await;
        let folder = tempfile::tempdir().unwrap();
        let (store, calls) = helper(folder.path(), right_after);
        let client = Registry::new(&fake.host(), Login::of(Arc::new(store), "x"), options()).unwrap();
        assert!(!calls.exists(), "nobody wants a login yet");
        assert_eq!(client.user(), "anonymous");
        let result = client.put_manifest("x", "1", &manifest()).await;
        assert_eq!(result.is_ok(), works, "{result:?}");
        let times = std::fs::read_to_string(&calls).unwrap().lines().count();
        assert_eq!(times, asked);
        assert_eq!(client.user(), "user");
        assert_eq!(client.login().await.unwrap().unwrap().username, "user");
    }
    // A login that was known already is used first; a rotated one is found at the store.
    let (_, fake) = faulty(basic).await;
    let folder = tempfile::tempdir().unwrap();
    let (store, calls) = helper(folder.path(), 0);
    let old = Credential::password(fake.host(), "user", "old", "test");
    let login = Login::of(Arc::new(store), "x").starting_with(Some(old));
    let hidden = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&hidden);
    let hide = Hide::new(move |secret| told.lock().unwrap().push(secret.to_owned()));
    let options = RegistryOptions { hide: Some(hide), ..options() };
    let client = Registry::new(&fake.host(), login, options).unwrap();
    client.put_manifest("x", "1", &manifest()).await.unwrap();
    assert_eq!(std::fs::read_to_string(&calls).unwrap().lines().count(), 1);
    assert!(hidden.lock().unwrap().contains(&SECRET.to_owned()));
}

#[tokio::test]
async fn a_token_service_that_refuses_a_login_gets_the_stores_next_one() {
    let fake = FakeRegistry::on("127.0.0.1", |r: &Request| match r.target.split('?').next() {
        Some("/token") if r.authorization() == Some(BASIC) => Reply::ok(r#"{"token": "t"}"#),
        Some("/token") => Reply::status(401),
        _ if r.authorization() == Some("Bearer t") => Reply::ok("{}"),
        _ => Reply::status(401)
            .with("www-authenticate", format!(r#"Bearer realm="http://{}/token""#, r.headers["host"])),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = helper(folder.path(), 1);
    let client = Registry::new(&fake.host(), Login::of(Arc::new(store), "x"), options()).unwrap();
    client.ping().await.unwrap();
    let tokens: Vec<_> = fake.requests().into_iter().filter(|r| r.target.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 2);
}

#[tokio::test]
async fn a_try_uploads_two_bytes_and_says_what_stands_in_the_way() {
    let (small, fake) = SmallRegistry::healthy().await;
    assert!(matches!(client(&fake).try_upload("x").await, Verdict::Works));
    assert_eq!(small.blob("x", &Digest::of(b"{}")), Some(b"{}".to_vec()));
    let methods: Vec<_> = fake.requests().into_iter().map(|r| r.method).collect();
    assert_eq!(methods, ["POST", "PATCH", "PUT"]);
    for method in ["POST", "PATCH", "PUT"] {
        for (fault, passes) in [
            ("500", true),
            ("503", true),
            ("429", true),
            ("reset", true),
            ("silence", true),
            ("400", false),
            ("401", false),
            ("403", false),
            ("404", false),
            ("413", false),
        ] {
            let (_, fake) = faulty(move |r, _| {
                (r.method == method).then(|| match fault {
                    "reset" => Reply::Reset,
                    "silence" => Reply::Silence,
                    status => Reply::status(status.parse().unwrap()),
                })
            })
            .await;
            let verdict = client(&fake).try_upload("x").await;
            let error = match (verdict, passes) {
                (Verdict::MayPass(error), true) | (Verdict::Permanent(error), false) => error,
                other => panic!("{method} {fault}: {other:?}"),
            };
            assert!(text(&error).contains(&fake.host()), "{error}");
            assert_eq!(count(&fake, method), 1, "{method} {fault}");
        }
    }
    // Nobody there: it may come back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Registry::new(&free.to_string(), None, options()).unwrap();
    assert!(matches!(client.try_upload("x").await, Verdict::MayPass(_)));
}

#[tokio::test]
async fn an_upload_at_another_host_carries_no_login_and_its_denial_names_both() {
    let elsewhere = FakeRegistry::on("127.0.0.2", |_: &Request| Reply::status(403)).await;
    let other = elsewhere.host();
    let (_, fake) = faulty(move |r, _| {
        if r.authorization() != Some(BASIC) {
            return Some(Reply::status(401).with("www-authenticate", "Basic realm=x"));
        }
        (r.method == "POST")
            .then(|| Reply::status(202).with("location", format!("http://{other}/up?state=1")))
    })
    .await;
    let Verdict::Permanent(error) = client(&fake).try_upload("x").await else { panic!("not permanent") };
    let said = text(&error);
    assert!(said.contains("127.0.0.2") && said.contains(&fake.host()) && said.contains("403"), "{said}");
    let there = elsewhere.requests();
    assert_eq!((there.len(), there[0].authorization()), (1, None));
    assert_eq!((there[0].method.as_str(), there[0].body.as_str()), ("PATCH", "{}"));
}
