//! A repository that is cleaned up while others push, and registries that do not do what they are told: against a registry that
//! misbehaves on purpose.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use imgbuild::image::Digest;
use imgbuild::registry::{Manifest, Registry, RegistryOptions};
use imgbuild::retention::{Graph, Holds, Judged, Names, Outcome, carry_out, of_repository, read};
use serde_json::{Value, json};
use support::fake_registry::{FakeRegistry, Reply, Request};
use support::small_registry::{SmallRegistry, described, error};

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const PATH: &str = "acme/api";
/// When it is in these tests; every image was built long before.
const NOW: i64 = 1_700_000_000;

/// A repository, and the tags that it lists.
struct Shelf {
    small: SmallRegistry,
    tags: Mutex<BTreeSet<String>>,
}

impl Shelf {
    fn new() -> Arc<Shelf> {
        Arc::new(Shelf { small: SmallRegistry::new(), tags: Mutex::default() })
    }

    fn tag(&self, tag: &str) {
        self.tags.lock().expect("lock").insert(tag.to_owned());
    }

    /// An image of `branch` that imgbuild made.
    fn image(&self, name: &str, branch: &str, tag: Option<&str>) -> Manifest {
        let labels =
            json!({"dev.imgbuild.tool.version": "1", "dev.imgbuild.git.branch": branch, "name": name});
        let config =
            json!({"architecture": "amd64", "os": "linux", "config": {"Labels": labels}}).to_string();
        self.small.put_blob(PATH, config.as_bytes());
        let layer = name.repeat(100);
        let document = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described(CONFIG, config.as_bytes()),
            "layers": [described("layer", layer.as_bytes())],
        });
        self.put(tag, &document)
    }

    fn put(&self, tag: Option<&str>, document: &Value) -> Manifest {
        tag.into_iter().for_each(|tag| self.tag(tag));
        self.small.put_manifest(PATH, tag, document)
    }

    fn index(&self, tag: &str, children: &[&Manifest]) -> Manifest {
        let listed: Vec<Value> =
            children.iter().map(|child| child.descriptor().expect("a descriptor").to_json()).collect();
        self.put(Some(tag), &json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}))
    }

    fn has(&self, manifest: &Manifest) -> bool {
        self.small.manifest(PATH, manifest.digest.as_str()).is_some()
    }

    /// As a registry does: with a manifest go the tags that it has.
    fn delete(&self, request: &Request) -> Reply {
        let digest = request.target.rsplit('/').next().unwrap_or_default();
        self.tags.lock().expect("lock").retain(|tag| {
            let held =
                self.small.manifest(PATH, tag).is_some_and(|bytes| Digest::of(&bytes).as_str() == digest);
            if held {
                self.small.forget_manifest(PATH, tag);
            }
            !held
        });
        self.small.answer(request)
    }
}

/// The shelf behind HTTP, where `meddle` may answer in its place.
async fn served(
    shelf: &Arc<Shelf>,
    meddle: impl Fn(&Request, &Shelf) -> Option<Reply> + Send + Sync + 'static,
) -> (FakeRegistry, Registry) {
    let shelf = Arc::clone(shelf);
    let fake = FakeRegistry::on("127.0.0.1", move |request| {
        if let Some(reply) = meddle(request, &shelf) {
            return reply;
        }
        if request.target.contains("/tags/list") {
            let tags: Vec<String> = shelf.tags.lock().expect("lock").iter().cloned().collect();
            return Reply::ok(json!({"name": PATH, "tags": tags}).to_string());
        }
        match request.method.as_str() {
            "DELETE" => shelf.delete(request),
            _ => shelf.small.answer(request),
        }
    })
    .await;
    let registry = Registry::new(&fake.host(), None, RegistryOptions::default()).expect("a client");
    (fake, registry)
}

/// The branch `main` lives, and no other.
fn holds() -> Holds {
    let branches = Names::new([&b"main"[..]], &[]);
    Holds { branches, keep_newest: 1, is_configured: true, now: NOW, ..Holds::default() }
}

fn unique(branch: &str, nth: i64) -> String {
    format!("{branch}-abc1234-{}", NOW - 10_000_000 + nth)
}

async fn clean(registry: &Registry) -> (Graph, Outcome) {
    let graph = read(registry, PATH).await.expect("a graph");
    (graph.clone(), carry_out(registry, PATH, graph, holds()).await)
}

fn digests(all: &[Judged]) -> BTreeSet<Digest> {
    all.iter().map(|one| one.digest.clone()).collect()
}

#[tokio::test]
async fn children_of_kept_indexes_and_referrers_of_kept_manifests_stay() {
    let shelf = Shelf::new();
    let (amd64, arm64, old) =
        (shelf.image("amd64", "x", None), shelf.image("arm64", "x", None), shelf.image("old", "x", None));
    let kept = shelf.index("1.0.0", &[&amd64, &arm64]);
    // The index of a dead branch shares a platform with the release.
    let shared = shelf.image("first", "gone", Some(&unique("gone", 1)));
    let condemned = shelf.put(
        Some(&unique("gone", 2)),
        &json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
            shared.descriptor().unwrap().to_json(), arm64.descriptor().unwrap().to_json(), old.descriptor().unwrap().to_json(),
        ]}),
    );
    let attach = |subject: &Manifest, what: &str| {
        shelf.put(
            None,
            &json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": what, "config": described("x", b"{}"),
                "layers": [], "subject": subject.descriptor().unwrap().to_json()}),
        )
    };
    let sbom = attach(&amd64, "sbom");
    let signature = attach(&sbom, "signature");
    let goes_along = attach(&condemned, "sbom");
    let (_fake, registry) = served(&shelf, |_, _| None).await;

    let (graph, outcome) = clean(&registry).await;
    assert_eq!(graph.nodes.len(), 9, "{graph:#?}");
    assert!(outcome.failed.is_empty() && outcome.spared.is_empty(), "{outcome:#?}");
    let expected = [&shared, &condemned, &old, &goes_along].map(|one| one.digest.clone());
    assert_eq!(digests(&outcome.deleted), expected.into());
    for manifest in [&kept, &amd64, &arm64, &sbom, &signature] {
        assert!(shelf.has(manifest), "{manifest:?}");
    }
    let (_, again) = clean(&registry).await;
    assert_eq!(again.deleted, []);
}

#[tokio::test]
async fn what_a_tag_came_to_since_the_list_was_made_stays() {
    let shelf = Shelf::new();
    let (a, b, c) = (
        shelf.image("a", "gone", Some(&unique("gone", 1))),
        shelf.image("b", "gone", Some(&unique("gone", 2))),
        shelf.image("c", "gone", Some(&unique("gone", 3))),
    );
    let newest = shelf.image("newest", "main", Some(&unique("main", 9)));
    shelf.put(Some("nightly"), &serde_json::from_slice(&newest.bytes).unwrap());
    // When the list is asked for a second time, somebody has promoted the one, made an index of the other, and moved a tag.
    let lists = Mutex::new(0);
    let (promoted, listed) = (a.clone(), b.clone());
    let (_fake, registry) = served(&shelf, move |request, shelf| {
        if request.target.contains("/tags/list") {
            let mut lists = lists.lock().expect("lock");
            *lists += 1;
            if *lists == 2 {
                shelf.put(Some("2.0.0"), &serde_json::from_slice(&promoted.bytes).expect("JSON"));
                shelf.index("nightly", &[&listed]);
            }
        }
        None
    })
    .await;

    let (graph, outcome) = clean(&registry).await;
    let planned = of_repository(&graph, &holds());
    assert_eq!(digests(&planned.deleted), [&a, &b, &c].map(|one| one.digest.clone()).into());
    assert_eq!(digests(&outcome.deleted), [c.digest.clone()].into(), "{outcome:#?}");
    assert_eq!(digests(&outcome.spared), [&a, &b].map(|one| one.digest.clone()).into());
    assert!(shelf.has(&a) && shelf.has(&b) && !shelf.has(&c));
}

#[tokio::test]
async fn a_failure_does_not_keep_the_rest_from_going() {
    let shelf = Shelf::new();
    let (a, b) = (
        shelf.image("a", "gone", Some(&unique("gone", 1))),
        shelf.image("b", "gone", Some(&unique("gone", 2))),
    );
    let refused = a.digest.to_string();
    let (fake, registry) = served(&shelf, move |request, _| {
        (request.method == "DELETE" && request.target.ends_with(&refused)).then(|| error(403, "DENIED"))
    })
    .await;
    let (_, outcome) = clean(&registry).await;
    assert_eq!(digests(&outcome.deleted), [b.digest.clone()].into(), "{outcome:#?}");
    assert_eq!(outcome.failed.len(), 1);
    assert!(outcome.failed[0].0.digest == a.digest && outcome.failed[0].1.contains("denied"), "{outcome:#?}");
    // Nor does it lose its tag.
    assert_eq!(fake.requests().iter().filter(|request| request.method == "DELETE").count(), 2);
}

#[tokio::test]
async fn a_registry_that_deletes_nothing_with_a_tag_is_asked_for_the_tag_first() {
    let shelf = Shelf::new();
    let image = shelf.image("a", "gone", Some(&unique("gone", 1)));
    let digest = image.digest.to_string();
    let asked = Mutex::new(0);
    let (fake, registry) = served(&shelf, move |request, _| {
        let is_it = request.method == "DELETE" && request.target.ends_with(&digest);
        let mut asked = asked.lock().expect("lock");
        *asked += u32::from(is_it);
        (is_it && *asked == 1).then(|| error(400, "GOOGLE_MANIFEST_DANGLING_TAG"))
    })
    .await;
    let (_, outcome) = clean(&registry).await;
    assert_eq!(digests(&outcome.deleted), [image.digest.clone()].into(), "{outcome:#?}");
    let deleted: Vec<_> = fake.requests().into_iter().filter(|request| request.method == "DELETE").collect();
    assert_eq!(deleted.len(), 3, "{deleted:#?}");
    assert!(!deleted[1].target.contains("sha256:") && !shelf.has(&image));
}

#[tokio::test]
async fn a_registry_that_deletes_nothing_is_asked_once() {
    let shelf = Shelf::new();
    for nth in 0..3 {
        shelf.image(&nth.to_string(), "gone", Some(&unique("gone", nth)));
    }
    let (fake, registry) =
        served(&shelf, |request, _| (request.method == "DELETE").then(|| error(405, "UNSUPPORTED"))).await;
    let (_, outcome) = clean(&registry).await;
    assert!(outcome.deleted.is_empty());
    assert!(outcome.failed[0].1.contains("lets nothing be deleted"), "{outcome:#?}");
    assert_eq!(fake.requests().iter().filter(|request| request.method == "DELETE").count(), 1);
}

#[tokio::test]
async fn a_registry_that_says_yes_and_keeps_it_is_told_of() {
    let shelf = Shelf::new();
    shelf.image("a", "gone", Some(&unique("gone", 1)));
    let (_fake, registry) =
        served(&shelf, |request, _| (request.method == "DELETE").then(|| Reply::status(202))).await;
    let (_, outcome) = clean(&registry).await;
    assert!(outcome.deleted.is_empty() && outcome.failed[0].1.contains("has it still"), "{outcome:#?}");
}

#[tokio::test]
async fn what_cannot_be_read_is_not_judged() {
    let shelf = Shelf::new();
    shelf.image("a", "gone", Some(&unique("gone", 1)));
    let broken = shelf.put(
        Some("1.0.0"),
        &json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{"digest": "no digest"}]}),
    );
    let (_fake, registry) = served(&shelf, |_, _| None).await;
    let error = read(&registry, PATH).await.unwrap_err();
    assert!(error.message().contains(broken.digest.as_str()), "{error}");
}
