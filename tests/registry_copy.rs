//! Copies between registries, and what refers to an image.

#![cfg(test)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use imgbuild::error::{Error, Kind};
use imgbuild::evidence::{self, AttachedAt, Draft, Predicate, Statement};
use imgbuild::image::Digest;
use imgbuild::registry::{
    Copied, CopyStep, Descriptor, Manifest, Registry, RegistryOptions, RepositoryAt, copy,
};
use serde_json::{Value, json};
use support::fake_registry::{FakeRegistry, Reply, Request};
use support::small_registry::{SmallRegistry, described};
use tokio::sync::Barrier;

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn client(fake: &FakeRegistry) -> Registry {
    let options = RegistryOptions {
        idle_timeout: Duration::from_secs(2),
        retry_budget: Duration::from_secs(1),
        ..RegistryOptions::default()
    };
    Registry::new(&fake.host(), None, options).expect("a client")
}

/// Puts an image with a layer of these bytes into `path`.
fn image(small: &SmallRegistry, path: &str, tag: Option<&str>, layer: &[u8]) -> Manifest {
    let config = [b"{}", layer].concat();
    small.put_blob(path, &config);
    small.put_blob(path, layer);
    let document = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": described("application/vnd.oci.image.config.v1+json", &config),
        "layers": [described("application/vnd.oci.image.layer.v1.tar", layer)],
    });
    small.put_manifest(path, tag, &document)
}

/// Puts something that refers to `subject` into `path`.
fn artifact(small: &SmallRegistry, path: &str, subject: &Manifest, text: &str) -> Manifest {
    small.put_blob(path, b"{}");
    small.put_blob(path, text.as_bytes());
    let document = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": "application/example",
        "config": described("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [described("text/plain", text.as_bytes())],
        "subject": subject.descriptor().expect("a descriptor").to_json(),
        "annotations": {"text": text},
    });
    small.put_manifest(path, None, &document)
}

fn index(small: &SmallRegistry, path: &str, tag: Option<&str>, children: &[&Manifest]) -> Manifest {
    let children: Vec<Value> =
        children.iter().map(|child| described(&child.media_type, &child.bytes)).collect();
    small.put_manifest(path, tag, &json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}))
}

async fn copied(
    from: &Registry,
    path: &str,
    reference: &str,
    to: &Registry,
    there: &str,
) -> Result<Copied, Error> {
    let (from, to) = (RepositoryAt { registry: from, path }, RepositoryAt { registry: to, path: there });
    copy(from, reference, to, &|_: CopyStep<'_>| ()).await
}

/// The requests that change something.
fn writes(fake: &FakeRegistry) -> usize {
    fake.requests().iter().filter(|r| ["POST", "PUT", "PATCH", "DELETE"].contains(&r.method.as_str())).count()
}

#[tokio::test]
async fn an_index_is_copied_with_all_that_belongs_to_it_and_a_second_copy_writes_nothing() {
    for (api_here, api_there) in [(true, true), (true, false), (false, true), (false, false)] {
        let (held, from) = SmallRegistry::new().with(|s| s.referrers = api_here).on("127.0.0.1").await;
        let (kept, to) = SmallRegistry::new().with(|s| s.referrers = api_there).on("127.0.0.1").await;
        let (amd, arm) = (image(&held, "a", None, b"amd"), image(&held, "a", None, b"arm"));
        let top = index(&held, "a", Some("1.0"), &[&amd, &arm]);
        let sbom = artifact(&held, "a", &arm, "sbom");
        let signature = artifact(&held, "a", &top, "signature");
        // Somebody countersigned the signature.
        let witness = artifact(&held, "a", &signature, "witness");
        let referrers = [(&arm, &sbom), (&top, &signature), (&signature, &witness)];
        for (subject, referrer) in referrers {
            if !api_here {
                index(&held, "a", Some(&format!("sha256-{}", subject.digest.hex())), &[referrer]);
            }
        }
        let tag = format!("sha256-{}.sig", top.digest.hex());
        let cosign = image(&held, "a", Some(&tag), b"simple signing");

        let (here, there) = (client(&from), client(&to));
        let first = copied(&here, "a", "1.0", &there, "b").await.unwrap();
        assert_eq!(first.digest, top.digest);
        assert_eq!((first.manifests, first.manifests_sent, first.referrers), (7, 7, 3));
        assert_eq!((first.blobs_sent, first.blobs_mounted, first.blobs_present), (10, 0, 0));
        assert_eq!((first.tags.as_slice(), first.skipped.len()), (&[tag.clone()][..], 0));
        for manifest in [&amd, &arm, &top, &sbom, &signature, &witness, &cosign] {
            assert_eq!(kept.manifest("b", manifest.digest.as_str()).as_ref(), Some(&manifest.bytes));
        }
        assert_eq!(kept.manifest("b", &tag), Some(cosign.bytes.clone()));
        assert_eq!(kept.manifest("b", "1.0"), None, "the tag is the caller's");
        for (subject, referrer) in referrers {
            let listed = there.referrers("b", &subject.digest).await.unwrap();
            assert_eq!(listed, [referrer.descriptor().unwrap()]);
        }

        let before = writes(&to);
        let second = copied(&here, "a", "1.0", &there, "b").await.unwrap();
        assert_eq!(writes(&to), before);
        assert_eq!((second.manifests, second.manifests_sent, second.blobs_sent), (7, 0, 0));
        assert_eq!((second.blobs_present, second.bytes_sent), (10, 0));
        assert_eq!(writes(&from), 0);
    }
}

#[tokio::test]
async fn within_one_registry_blobs_are_mounted() {
    let (small, fake) = SmallRegistry::healthy().await;
    let image = image(&small, "a", Some("1"), b"layer");
    let registry = client(&fake);
    let steps = Mutex::new(Vec::new());
    let (from, to) =
        (RepositoryAt { registry: &registry, path: "a" }, RepositoryAt { registry: &registry, path: "b" });
    let note = |step: CopyStep<'_>| steps.lock().unwrap().push(format!("{step:?}"));
    let result = copy(from, "1", to, &note).await.unwrap();
    assert_eq!((result.blobs_mounted, result.blobs_sent, result.bytes_sent), (2, 0, 0));
    assert_eq!(small.manifest("b", image.digest.as_str()), Some(image.bytes));
    let steps = steps.into_inner().unwrap();
    assert!(
        steps.len() == 3 && steps[0].contains("Mounted") && steps[2].starts_with("Manifest"),
        "{steps:?}"
    );
    // The manifest comes last.
    let put = fake.requests().into_iter().rposition(|r| r.method == "PUT" || r.method == "POST").unwrap();
    assert_eq!(fake.requests()[put].target, format!("/v2/b/manifests/{}", image.digest));
    // Onto itself nothing is to be done.
    let before = writes(&fake);
    copied(&registry, "a", "1", &registry, "a").await.unwrap();
    assert_eq!(writes(&fake), before);
}

#[tokio::test]
async fn an_interrupted_copy_is_completed() {
    let (held, from) = SmallRegistry::healthy().await;
    let (kept, to) = SmallRegistry::new().with(|s| s.referrers = false).on("127.0.0.1").await;
    let image = image(&held, "a", Some("1"), b"layer");
    let sbom = artifact(&held, "a", &image, "sbom");
    let (here, there) = (client(&from), client(&to));
    copied(&here, "a", "1", &there, "b").await.unwrap();
    // As if it had ended between the referrer's manifest and the list.
    let tag = format!("sha256-{}", image.digest.hex());
    kept.forget_manifest("b", &tag);
    assert_eq!(copied(&here, "a", "1", &there, "b").await.unwrap().manifests_sent, 1);
    let listed = there.referrers("b", &image.digest).await.unwrap();
    assert_eq!(listed, [sbom.descriptor().unwrap()]);
}

#[tokio::test]
async fn what_the_source_lacks_or_makes_up_is_told() {
    let (held, from) = SmallRegistry::new().with(|s| s.referrers = false).on("127.0.0.1").await;
    let (_, to) = SmallRegistry::healthy().await;
    let (here, there) = (client(&from), client(&to));
    let error = copied(&here, "a", "1", &there, "b").await.unwrap_err();
    assert!(error.message().contains(&format!("there is no 1 in {}/a", from.host())), "{error}");
    let top = image(&held, "a", Some("1"), b"layer");
    // Listed as referrers: what is not there, and what refers to nothing.
    let (gone, other) = (image(&held, "x", None, b"gone"), image(&held, "a", None, b"other"));
    index(&held, "a", Some(&format!("sha256-{}", top.digest.hex())), &[&gone, &other]);
    let result = copied(&here, "a", "1", &there, "b").await.unwrap();
    assert_eq!(result.skipped, [gone.digest.clone(), other.digest]);
    // An index whose image is not there is no whole image.
    index(&held, "a", Some("2"), &[&top, &gone]);
    let error = copied(&here, "a", "2", &there, "b").await.unwrap_err();
    assert!(error.message().contains(gone.digest.as_str()), "{error}");
    // A blob that is not there.
    let document = json!({"mediaType": OCI_MANIFEST, "layers": [described("x", b"nowhere")]});
    held.put_manifest("a", Some("3"), &document);
    let error = copied(&here, "a", "3", &there, "b").await.unwrap_err();
    assert!(error.message().contains("404") && error.message().contains(&from.host()), "{error}");
}

#[tokio::test]
async fn hostile_manifests_end_a_copy() {
    let (held, from) = SmallRegistry::healthy().await;
    let (_, to) = SmallRegistry::healthy().await;
    let (here, there) = (client(&from), client(&to));
    for (tag, document) in [
        (
            "size",
            json!({"mediaType": OCI_MANIFEST, "layers": [{"digest": Digest::of(b"").as_str(), "size": -1}]}),
        ),
        ("digest", json!({"mediaType": OCI_MANIFEST, "layers": [{"digest": "sha256:../..", "size": 1}]})),
        ("types", json!({"mediaType": OCI_INDEX, "manifests": {"a": 1}})),
        ("subject", json!({"mediaType": OCI_MANIFEST, "subject": {"digest": 1}})),
    ] {
        let manifest = held.put_manifest("a", Some(tag), &document);
        let error = copied(&here, "a", tag, &there, "b").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Registry);
        assert!(
            error.message().contains(&format!("the manifest {} is malformed", manifest.digest)),
            "{error}"
        );
    }
    // Indexes in indexes without end.
    let mut inner = index(&held, "a", None, &[]);
    for _ in 0..20 {
        inner = index(&held, "a", Some("deep"), &[&inner]);
    }
    let error = copied(&here, "a", "deep", &there, "b").await.unwrap_err();
    assert!(error.message().contains("too deep"), "{error}");
    // More images than anybody builds; none of them is asked for.
    let many: Vec<Value> = (0..3000).map(|n: u32| described(OCI_MANIFEST, &n.to_le_bytes())).collect();
    held.put_manifest("a", Some("many"), &json!({"mediaType": OCI_INDEX, "manifests": many}));
    let before = from.requests().len();
    let error = copied(&here, "a", "many", &there, "b").await.unwrap_err();
    assert!(error.message().contains("too large"), "{error}");
    assert_eq!(from.requests().len(), before + 1);
    assert_eq!(writes(&to), 0);
}

#[tokio::test]
async fn what_anybody_attached_ends_nobodys_copy() {
    let (held, from) = SmallRegistry::new().with(|s| s.referrers = false).on("127.0.0.1").await;
    let (kept, to) = SmallRegistry::healthy().await;
    let (here, there) = (client(&from), client(&to));
    let top = image(&held, "a", Some("1"), b"layer");
    let good = artifact(&held, "a", &top, "signature");
    let subject = described(OCI_MANIFEST, &top.bytes);
    let gone = described(OCI_MANIFEST, b"gone");
    let shared = described(OCI_MANIFEST, &good.bytes);
    let hostile = [
        json!({"mediaType": OCI_MANIFEST, "subject": []}),
        json!({"mediaType": OCI_MANIFEST, "subject": subject, "layers": {}}),
        json!({"mediaType": OCI_MANIFEST, "subject": subject, "annotations": []}),
        // What it shares with others is not lost with it.
        json!({"mediaType": OCI_INDEX, "subject": subject, "manifests": [shared, gone]}),
    ];
    let hostile = hostile.map(|document| held.put_manifest("a", None, &document));
    let listed: Vec<&Manifest> = hostile.iter().chain([&good]).collect();
    index(&held, "a", Some(&format!("sha256-{}", top.digest.hex())), &listed);
    held.put_manifest("a", Some(&format!("sha256-{}.att", top.digest.hex())), &json!({"layers": 1}));
    let result = copied(&here, "a", "1", &there, "b").await.unwrap();
    assert_eq!((result.referrers, result.skipped.len(), result.tags.len()), (1, 5, 0));
    assert_eq!(&result.skipped[..4], hostile.map(|one| one.digest));
    let found = there.referrers("b", &top.digest).await.unwrap();
    assert_eq!(found, [good.descriptor().unwrap()]);
    assert_eq!(kept.manifest("b", top.digest.as_str()), Some(top.bytes));
}

#[tokio::test]
async fn a_tag_of_cosigns_is_replaced_by_more_only() {
    let (held, from) = SmallRegistry::healthy().await;
    let (kept, to) = SmallRegistry::healthy().await;
    let (here, there) = (client(&from), client(&to));
    let top = image(&held, "a", Some("1"), b"layer");
    let tag = format!("sha256-{}.sig", top.digest.hex());
    let layers = |names: &[&str]| {
        for small in [&held, &kept] {
            small.put_blob("a", b"{}");
            names.iter().for_each(|name| drop(small.put_blob("a", name.as_bytes())));
        }
        let layers: Vec<Value> = names.iter().map(|name| described("x", name.as_bytes())).collect();
        json!({"mediaType": OCI_MANIFEST, "config": described("x", b"{}"), "layers": layers})
    };
    held.put_manifest("a", Some(&tag), &layers(&["one"]));
    kept.put_manifest("b", Some(&tag), &layers(&["two"]));
    let error = copied(&here, "a", "1", &there, "b").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.message().contains(&tag), "{error}");
    let more = held.put_manifest("a", Some(&tag), &layers(&["two", "one"]));
    copied(&here, "a", "1", &there, "b").await.unwrap();
    assert_eq!(kept.manifest("b", &tag), Some(more.bytes));
    // Somebody signed again at the destination: there is nothing to bring, and nothing to take away.
    let signed_again = kept.put_manifest("b", Some(&tag), &layers(&["two", "one", "three"]));
    let result = copied(&here, "a", "1", &there, "b").await.unwrap();
    assert_eq!(result.tags, std::slice::from_ref(&tag));
    assert_eq!(kept.manifest("b", &tag), Some(signed_again.bytes));
    // Two signatures of one payload are two layers of one digest.
    let signatures = |names: &[&str]| {
        let mut document = layers(&vec!["one"; names.len()]);
        for (nth, name) in names.iter().enumerate() {
            document["layers"][nth]["annotations"] = json!({ "dev.cosignproject.cosign/signature": name });
        }
        document
    };
    held.put_manifest("a", Some(&tag), &signatures(&["ours"]));
    let both = kept.put_manifest("b", Some(&tag), &signatures(&["theirs", "ours"]));
    copied(&here, "a", "1", &there, "b").await.unwrap();
    assert_eq!(kept.manifest("b", &tag), Some(both.bytes));
    let theirs = kept.put_manifest("b", Some(&tag), &signatures(&["theirs"]));
    assert_eq!(copied(&here, "a", "1", &there, "b").await.unwrap_err().kind(), Kind::Refused);
    assert_eq!(kept.manifest("b", &tag), Some(theirs.bytes));
}

#[tokio::test]
async fn a_list_of_referrers_is_bounded_in_bytes() {
    let subject = Digest::of(b"subject");
    let page = json!({"mediaType": OCI_INDEX, "manifests": [], "annotations": {"a": "x".repeat(3 << 20)}});
    let page = page.to_string();
    let fake = FakeRegistry::on("127.0.0.1", move |request: &Request| {
        let (path, last) = request.target.split_once("?last=").unwrap_or((&request.target, "0"));
        let next = last.parse::<u32>().expect("a page") + 1;
        let link = format!("<{path}?last={next}>; rel=\"next\"");
        Reply::ok(page.clone()).with("content-type", OCI_INDEX).with("link", link)
    })
    .await;
    let error = client(&fake).referrers("a", &subject).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.message().contains("larger than 16777216 bytes"), "{error}");
    assert!(error.hints().iter().any(|hint| hint.contains("delete what is not yours")), "{error:?}");
    assert_eq!(fake.requests().len(), 6);
}

#[tokio::test]
async fn referrers_come_in_pages_or_from_a_tag() {
    let subject = Digest::of(b"subject");
    let page = |name: &str| {
        let list = json!({"mediaType": OCI_INDEX, "manifests": [described("x", name.as_bytes())]});
        Reply::ok(list.to_string()).with("content-type", OCI_INDEX)
    };
    let asked = subject.clone();
    let fake = FakeRegistry::on("127.0.0.1", move |r: &Request| {
        let (path, last) = r.target.split_once("?last=").unwrap_or((&r.target, ""));
        match (path.replace(asked.as_str(), "IT").replace(asked.hex(), "HEX").as_str(), last) {
            ("/v2/pages/referrers/IT", "") => {
                page("1").with("link", format!("</v2/pages/referrers/{asked}?last=1>; rel=\"next\""))
            }
            ("/v2/pages/referrers/IT", _) => page("2"),
            ("/v2/circle/referrers/IT", _) => page("1").with("link", format!("<{}>; rel=next", r.target)),
            ("/v2/away/referrers/IT", _) => page("1").with("link", "<http://127.0.0.2:1/>; rel=next"),
            ("/v2/html/referrers/IT", _) => Reply::ok("<html>"),
            ("/v2/odd/referrers/IT", _) => Reply::ok(r#"{"manifests": [1]}"#).with("content-type", OCI_INDEX),
            ("/v2/denied/referrers/IT", _) => Reply::status(403),
            ("/v2/html/manifests/sha256-HEX", _) => page("tagged"),
            _ => Reply::status(404),
        }
    })
    .await;
    let registry = client(&fake);
    let list = async |path: &str| {
        let found: Vec<Descriptor> = registry.referrers(path, &subject).await?;
        Ok::<_, Error>(found.into_iter().map(|entry| entry.digest).collect::<Vec<_>>())
    };
    assert_eq!(list("pages").await.unwrap(), [Digest::of(b"1"), Digest::of(b"2")]);
    assert_eq!(list("html").await.unwrap(), [Digest::of(b"tagged")]);
    for (path, why) in
        [("circle", "circle"), ("away", "127.0.0.2"), ("odd", "manifests[0]"), ("denied", "denied")]
    {
        let error = list(path).await.unwrap_err();
        assert!(error.message().contains(why) && error.message().contains(&fake.host()), "{error}");
    }
    // A registry without the list is asked once, and then for the tag only.
    assert_eq!(list("none").await.unwrap(), []);
    let before = fake.requests().len();
    assert_eq!(list("none").await.unwrap(), []);
    assert_eq!(fake.requests().len(), before + 1);
}

/// A registry without the API, where somebody else writes the list under the tag right behind our first write.
#[tokio::test]
async fn a_referrer_that_a_race_undid_is_added_again() {
    let small = Arc::new(SmallRegistry::new().with(|s| s.referrers = false));
    let subject = image(&small, "x", None, b"layer");
    let theirs =
        json!({"mediaType": "x", "digest": Digest::of(b"theirs").as_str(), "size": 6, "unknown": {"a": [1]}});
    let tag = format!("sha256-{}", subject.digest.hex());
    let (answers, entry, list) = (Arc::clone(&small), theirs.clone(), tag.clone());
    let fake = FakeRegistry::on("127.0.0.1", move |r: &Request| {
        let reply = answers.answer(r);
        if r.is("PUT", &format!("/v2/x/manifests/{list}")) && r.before == 0 {
            let document =
                json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry], "kept": true});
            answers.put_manifest("x", Some(&list), &document);
        }
        reply
    })
    .await;
    let registry = client(&fake);
    let ours = artifact(&small, "y", &subject, "sbom");
    registry.add_referrer("x", &ours).await.unwrap();
    let list: Value = serde_json::from_slice(&small.manifest("x", &tag).unwrap()).unwrap();
    let wanted = json!({
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [theirs, ours.descriptor().unwrap().to_json()],
        "kept": true,
    });
    assert_eq!(list, wanted);
    // Added again, it stays as it is.
    let before = fake.requests().iter().filter(|r| r.target.ends_with(&tag) && r.method == "PUT").count();
    registry.add_referrer("x", &ours).await.unwrap();
    let after = fake.requests().iter().filter(|r| r.target.ends_with(&tag) && r.method == "PUT").count();
    assert_eq!(before, after);
    // A tag of that name that holds something else is left alone.
    let other = image(&small, "x", Some(&format!("sha256-{}", ours.digest.hex())), b"no list");
    let error = registry.add_referrer("x", &artifact(&small, "y", &ours, "witness")).await.unwrap_err();
    assert!(error.message().contains("holds something else"), "{error}");
    assert_eq!(small.manifest("x", &format!("sha256-{}", ours.digest.hex())), Some(other.bytes));
    // What refers to nothing is no referrer.
    assert_eq!(registry.add_referrer("x", &subject).await.unwrap_err().kind(), Kind::Internal);
}

/// How many requests of a client run beside each other.
const AT_ONCE: usize = 4;

/// Five statements, each of another kind, of `subject`.
fn drafts(subject: &Manifest) -> Vec<Draft> {
    let draft = |nth: usize| Draft {
        statement: Statement::new(
            &subject.digest,
            None,
            &Predicate::Other(format!("https://example.com/{nth}")),
            json!({"nth": nth}),
        ),
        created: "2026-01-01T00:00:00Z".to_owned(),
    };
    (0..5).map(draft).collect()
}

#[tokio::test]
async fn statements_are_attached_at_once_and_listed_in_one_write() {
    for api in [true, false] {
        let small = Arc::new(SmallRegistry::new().with(|s| s.referrers = api));
        let subject = image(&small, "x", None, b"layer");
        let (answers, put) = (Arc::clone(&small), Mutex::new(0));
        // None of the first four is answered before all of them are there: one after the other, they would wait for ever.
        let together = Arc::new(Barrier::new(AT_ONCE));
        let fake = FakeRegistry::on("127.0.0.1", move |r: &Request| {
            let reply = answers.answer(r);
            if r.method != "PUT" || !r.target.starts_with("/v2/x/manifests/sha256:") {
                return reply;
            }
            let mut put = put.lock().expect("lock");
            *put += 1;
            if *put > AT_ONCE { reply } else { Reply::Together(Arc::clone(&together), Box::new(reply)) }
        })
        .await;
        let registry = client(&fake);
        let drafts = drafts(&subject);
        let described = subject.descriptor().unwrap();
        let attached = evidence::attach(&registry, "x", &described, &drafts, None).await.unwrap();
        let kinds: Vec<Predicate> = attached.iter().map(|one| one.kind.clone()).collect();
        assert_eq!(kinds, drafts.iter().map(|one| one.statement.kind()).collect::<Vec<_>>());

        let requests = fake.requests();
        let count = |method: &str, part: &str| {
            requests.iter().filter(|r| r.method == method && r.target.contains(part)).count()
        };
        // The blob of each, and the one empty configuration of all.
        assert_eq!(count("HEAD", "/blobs/"), 6);
        assert_eq!(count("PUT", "/blobs/"), 6);
        assert_eq!(count("PUT", "/manifests/sha256:"), 5);
        // Where the registry lists nothing: read, written, and looked at once more, for all of them together.
        let tag = format!("/manifests/sha256-{}", subject.digest.hex());
        let of_tag = [count("GET", &tag), count("PUT", &tag)];
        assert_eq!(of_tag, if api { [0, 0] } else { [2, 1] });
        // Blobs are opened by a POST and sent by a PUT. Nothing else is asked.
        assert_eq!(count("POST", "/blobs/uploads/"), 6);
        assert_eq!(requests.len(), 6 * 3 + 5 + of_tag.iter().sum::<usize>());
        let last_blob = requests.iter().rposition(|r| r.target.contains("/blobs/")).unwrap();
        let first_manifest = requests.iter().position(|r| r.target.contains("/manifests/")).unwrap();
        assert!(last_blob < first_manifest, "a manifest came before its blobs");

        let mut listed: Vec<Digest> = registry
            .referrers("x", &subject.digest)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.digest)
            .collect();
        let mut digests: Vec<Digest> = attached.into_iter().map(|one: AttachedAt| one.digest).collect();
        if api {
            // Its order is the registry's own.
            listed.sort();
            digests.sort();
        }
        assert_eq!(listed, digests);
        assert_eq!(evidence::attach(&registry, "x", &described, &[], None).await.unwrap(), []);
        assert_eq!(evidence::collect(&registry, "x", &subject.digest).await.unwrap().attached.len(), 5);
    }
}

#[tokio::test]
async fn what_some_of_them_are_listed_for_is_no_matter_of_the_others() {
    let small = Arc::new(SmallRegistry::new().with(|s| s.referrers = false));
    let [one, other] = [&b"one"[..], b"other"].map(|layer| image(&small, "x", None, layer));
    let artifacts = [(&one, "a"), (&other, "b"), (&one, "c"), (&other, "d")];
    let artifacts = artifacts.map(|(subject, text)| artifact(&small, "y", subject, text));
    let fake = FakeRegistry::on("127.0.0.1", {
        let answers = Arc::clone(&small);
        move |r: &Request| answers.answer(r)
    })
    .await;
    let registry = client(&fake);
    // One of them is there from before, and stays where it was.
    registry.add_referrer("x", &artifacts[2]).await.unwrap();
    registry.add_referrers("x", &artifacts).await.unwrap();
    let listed = async |subject: &Manifest| {
        let listed = registry.referrers("x", &subject.digest).await.unwrap();
        listed.into_iter().map(|one| one.digest).collect::<Vec<_>>()
    };
    let digest = |nth: usize| artifacts[nth].digest.clone();
    assert_eq!(listed(&one).await, [digest(2), digest(0)]);
    assert_eq!(listed(&other).await, [digest(1), digest(3)]);
    // What refers to nothing ends it before anything is sent.
    let before = fake.requests().len();
    let error = registry.add_referrers("x", &[artifacts[0].clone(), one.clone()]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
    assert_eq!(fake.requests().len(), before);
}
