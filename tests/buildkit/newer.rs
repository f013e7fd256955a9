//! What only newer engines can, on those; and on an older one, the word for it.
//!
//! Which engine the tests run on is what `scripts/test-matrix` says in `IMGBUILD_TEST_ENGINE_OPTIONS`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::image;
use crate::support::lab::{Lab, get, setting};
use crate::support::private::PrivateEngine;

const CONFIG: &str = "schema = 1\n[image]\nkind = \"job\"\nprobes = \"off\"\n";

/// Of an image, or of a list.
const ANY_MANIFEST: &str = "application/vnd.oci.image.index.v1+json, \
                            application/vnd.docker.distribution.manifest.list.v2+json, \
                            application/vnd.oci.image.manifest.v1+json, \
                            application/vnd.docker.distribution.manifest.v2+json";

/// What the engine of the tests can.
struct Kind {
    /// It is one of this decade's: Engine 23 or later.
    is_new: bool,
    /// Its images are in containerd's store.
    has_containerd_store: bool,
}

fn kind() -> Kind {
    let options = setting("IMGBUILD_TEST_ENGINE_OPTIONS");
    let has = |option: &str| options.lines().any(|line| line == option);
    Kind { is_new: has("--bin"), has_containerd_store: has("--containerd-store") }
}

fn events(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).expect("event")).collect()
}

/// The id of the image that a run tells of in its events.
fn id(stdout: &str) -> String {
    let json: Value = serde_json::from_str(stdout).expect("JSON");
    json["image"]["id"].as_str().expect("id").to_owned()
}

#[test]
fn heredocs_and_linked_copies() {
    let lab = Lab::new("heredocs");
    let repo = lab.repo("repo");
    repo.write(
        "Dockerfile",
        &format!(
            "FROM {}\nRUN <<EOF\necho one >/ran\necho two >>/ran\nEOF\n\
             COPY <<EOF <<'END' /copied/\nof the shell: $PATH_OF_NONE.\nEOF\nas it is: $x\nEND\n\
             COPY --link data /linked/data\nCMD [\"true\"]\n",
            lab.base
        ),
    );
    repo.write("data", "linked\n");
    repo.write("imgbuild.toml", CONFIG);
    repo.commit("first");
    let ran = repo.imgbuild(&["build", "--format", "json"]).run();
    if kind().is_new {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let all = image::entries(&lab, &id(&ran.stdout));
        for (path, content) in [
            ("ran", "one\ntwo\n"),
            ("copied/EOF", "of the shell: .\n"),
            ("copied/END", "as it is: $x\n"),
            ("linked/data", "linked\n"),
        ] {
            assert_eq!(String::from_utf8_lossy(&all[path].content), content, "{path}");
        }
    } else {
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        ran.says("dockerfile parse error line 3: unknown instruction: ECHO");
    }
}

#[test]
fn contexts_by_name() {
    let lab = Lab::new("named");
    let repo = lab.repo("repo");
    repo.write("Dockerfile", "FROM base\nCOPY --from=other /etc/passwd /other\nCMD [\"true\"]\n");
    repo.write("imgbuild.toml", CONFIG);
    repo.commit("first");
    let contexts = ["base", "other"].map(|name| format!("{name}=docker-image://{}", lab.base));
    let [base, other] = contexts.each_ref().map(String::as_str);
    let ran = repo
        .imgbuild(&["build", "--format", "json", "--build-context", base, "--build-context", other])
        .run();
    if kind().is_new {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let id = id(&ran.stdout);
        assert_eq!(
            image::file(&lab, &id, Path::new("other")),
            image::file(&lab, &id, Path::new("etc/passwd"))
        );
    } else {
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        ran.says("BuildKit is too old for the context base (--build-context)");
    }
}

/// A cache that one run fills, and that another begins with in a builder that has nothing.
#[test]
fn a_cache_in_a_registry() {
    let lab = Lab::new("cache");
    let repo = lab.repo("repo");
    repo.write(
        "Dockerfile",
        &format!("FROM {}\nRUN echo made >/made\nCOPY data /data\nCMD [\"true\"]\n", lab.base),
    );
    repo.write("data", "one\n");
    repo.write(
        "imgbuild.toml",
        &CONFIG.replace("[image]\n", &format!("[image]\nrepository = \"{}\"\n", lab.repository())),
    );
    repo.commit("first");
    let reference = format!("type=registry,ref={}:the-cache", lab.repository());
    let (from, to) = (reference.clone(), format!("{reference},mode=max"));
    let first = repo.imgbuild(&["ci", "--cache-to", &to, "--format", "ndjson"]).run();
    if kind().has_containerd_store {
        assert_eq!(first.code, Some(0), "{}", first.stderr);
        let path = format!("/v2/t/{}/manifests/the-cache", lab.name());
        let (status, manifest) = get(&lab.registry, &path, ANY_MANIFEST);
        assert!(status == 200 && !manifest.is_empty(), "{status}");

        let engine = PrivateEngine::start("cache");
        let mut lab = lab;
        lab.engine.clone_from(&engine.url);
        let repo = lab.repo("repo");
        let second = repo.imgbuild(&["build", "--cache-from", &from, "--format", "ndjson"]).expect(0);
        let events = events(&second.stdout);
        let cached: BTreeSet<u64> = events
            .iter()
            .filter(|event| event["type"] == "build-cached")
            .filter_map(|event| event["step"].as_u64())
            .collect();
        let steps: Vec<(String, bool)> = events
            .iter()
            .filter(|event| event["type"] == "build-step")
            .map(|event| {
                (event["instruction"].to_string(), cached.contains(&event["step"].as_u64().unwrap_or(0)))
            })
            .collect();
        // The last layer is fetched, since the image needs it, and fetching is no more than a step that runs.
        let step = steps.iter().find(|(told, _)| told.starts_with("\"RUN echo made"));
        assert_eq!(step.map(|(_, cached)| *cached), Some(true), "{steps:?}");
        assert!(!second.stdout.contains("nothing is taken from the cache"), "{}", second.stdout);

        let none = format!("{from}-of-none");
        let ran = repo.imgbuild(&["build", "--cache-from", &none]).expect(0);
        ran.says("nothing is taken from the cache").says("-of-none");
    } else {
        assert_eq!(first.code, Some(3), "{}", first.stderr);
        first.says("its BuildKit exports inline caches alone");
        assert_eq!(lab.tags(), BTreeSet::new(), "said before anything was done");
    }
}

/// On any engine: attestations would make it an index.
#[test]
fn an_image_is_pushed_as_a_plain_manifest() {
    let lab = Lab::new("plain");
    let repo = lab.hello();
    repo.imgbuild(&["ci", "--builder", "buildkit"]).expect(0);
    let (status, body) = get(&lab.registry, &format!("/v2/t/{}/manifests/main", lab.name()), ANY_MANIFEST);
    let manifest: Value = serde_json::from_slice(&body).expect("manifest");
    assert_eq!(status, 200, "{manifest}");
    assert!(manifest["layers"].is_array() && manifest["manifests"].is_null(), "{manifest}");
}
