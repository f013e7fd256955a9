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

/// `key = value` lines for `[image.build]`.
fn with_build(lines: &str) -> String {
    format!("{CONFIG}[image.build]\n{lines}\n")
}

/// The commits of these tests are of 2024.
const COMMITTED: &str = "2024-01-02T03:04:05Z";

#[test]
fn an_image_is_of_the_time_of_its_source() {
    let lab = Lab::new("epoch");
    let repo = lab.repo("repo");
    repo.write("Dockerfile", &format!("FROM {}\nRUN echo made >/made\nCMD [\"true\"]\n", lab.base));
    repo.write("imgbuild.toml", &with_build("source-date-epoch = \"commit\""));
    repo.commit("first");
    let ran = repo.imgbuild(&["build", "--format", "json"]).run();
    let created = |id: &str| lab.docker(&["inspect", "-f", "{{.Created}}", id]);
    if kind().is_new {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(created(&id(&ran.stdout)), COMMITTED);
        let history =
            lab.docker(&["history", "--format", "{{.CreatedAt}}", "--human=false", &id(&ran.stdout)]);
        assert!(history.lines().next().is_some_and(|line| line.starts_with("2024-01-02T")), "{history}");
    } else {
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        ran.says("is too old for source-date-epoch (imgbuild.toml:");
    }

    // The variable of many tools goes before the file, and asks for nothing that an engine has not.
    repo.write("imgbuild.toml", CONFIG);
    let ran = repo.imgbuild(&["build", "--format", "json"]).env("SOURCE_DATE_EPOCH", "86400").expect(0);
    let id = id(&ran.stdout);
    let label = "{{index .Config.Labels \"org.opencontainers.image.created\"}}";
    assert_eq!(lab.docker(&["inspect", "-f", label, &id]), "1970-01-02T00:00:00Z");
    assert_eq!(created(&id) == "1970-01-02T00:00:00Z", kind().is_new);
    let ran = repo.imgbuild(&["build", "--builder", "classic"]).env("SOURCE_DATE_EPOCH", "86400").expect(0);
    ran.says("the classic builder knows no time of the source (SOURCE_DATE_EPOCH)");
    let ran = repo.imgbuild(&["build"]).env("SOURCE_DATE_EPOCH", "yesterday").run();
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    ran.says("SOURCE_DATE_EPOCH: must be a number of seconds since 1970, not `yesterday`");
}

/// Without any cache: what steps write has new times, which are rewritten.
#[test]
fn two_builds_of_one_commit_give_one_image() {
    let lab = Lab::new("rewritten");
    let repo = lab.repo("repo");
    repo.write(
        "Dockerfile",
        &format!(
            "FROM {}\nCOPY data /new/folder/\nRUN mkdir /made && echo made >/made/file\nCMD [\"true\"]\n",
            lab.base
        ),
    );
    repo.write("data", "one\n");
    repo.write("imgbuild.toml", &with_build("source-date-epoch = \"commit\"\nrewrite-timestamp = true"));
    repo.commit("first");
    let build = || repo.imgbuild(&["build", "--no-cache", "--format", "json"]).run();
    let first = build();
    if kind().has_containerd_store {
        assert_eq!(first.code, Some(0), "{}", first.stderr);
        let second = build();
        assert_eq!(second.code, Some(0), "{}", second.stderr);
        assert_eq!(id(&first.stdout), id(&second.stdout));
        assert_eq!(lab.journals(), Vec::<String>::new());
        let modified = |path: &str| {
            lab.docker(&["run", "--rm", "--network=none", &id(&first.stdout), "stat", "-c", "%y", path])
        };
        for path in ["/made", "/made/file", "/new/folder"] {
            assert!(modified(path).starts_with("2024-01-02 03:04:05"), "{path}: {}", modified(path));
        }
    } else {
        assert_eq!(first.code, Some(3), "{}", first.stderr);
        first.says(if kind().is_new {
            "cannot rewrite the times of files"
        } else {
            "is too old for source-date-epoch"
        });
    }
    repo.write("imgbuild.toml", &with_build("rewrite-timestamp = true"));
    let ran = repo.imgbuild(&["build"]).run();
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    ran.says("gives newer files the time of source-date-epoch, and there is none");
}

#[test]
fn what_is_not_allowed_is_not_done() {
    let lab = Lab::new("entitled");
    let repo = lab.repo("repo");
    let plain = format!("FROM {}\nRUN true\nCMD [\"true\"]\n", lab.base);
    repo.write("Dockerfile", &plain);
    repo.write("imgbuild.toml", &with_build("entitlements = [\"security.insecure\"]"));
    repo.commit("first");
    // No engine allows it by itself.
    let ran = repo.imgbuild(&["build"]).run();
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    ran.says("the builder does not allow the entitlement security.insecure").says("daemon.json");
    let ran = repo.imgbuild(&["build", "--builder", "classic"]).run();
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    ran.says("entitlements (imgbuild.toml:6) needs BuildKit");

    repo.write("imgbuild.toml", CONFIG);
    if kind().is_new {
        repo.write("Dockerfile", &plain.replace("RUN true", "RUN --network=host true"));
        let ran = repo.imgbuild(&["build"]).run();
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        ran.says("a step asks for the entitlement network.host").says("entitlements = [\"network.host\"]");
        repo.write("imgbuild.toml", &with_build("entitlements = [\"network.host\"]"));
        repo.imgbuild(&["build"]).expect(0);
        // What is allowed here is not allowed for code of nobody knows whom.
        let fork =
            repo.imgbuild(&["build"]).env("CI", "true").env("IMGBUILD_PR", "7").env("IMGBUILD_FORK", "true");
        let ran = fork.run();
        assert_ne!(ran.code, Some(0), "{}", ran.stderr);
    }
    // Steps have the network of the configuration, which is given with the right to it.
    let links = "RUN test \"$(grep -c : /proc/net/dev)\" = 1";
    for (network, step) in [("none", links), ("host", "RUN test -d /proc/net")] {
        repo.write("Dockerfile", &plain.replace("RUN true", step));
        repo.write("imgbuild.toml", &with_build(&format!("network = \"{network}\"")));
        repo.imgbuild(&["build", "--builder", "buildkit"]).expect(0);
    }
}
