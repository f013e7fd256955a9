//! What only newer engines can, on those; and on an older one, the word for it.
//!
//! Which engine the tests run on is what `scripts/test-matrix` says in `IMGBUILD_TEST_ENGINE_OPTIONS`.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
    let dockerfile = format!(
        "FROM {}\nRUN <<EOF\necho one >/ran\necho two >>/ran\nEOF\n\
             COPY <<EOF <<'END' /copied/\nof the shell: $PATH_OF_NONE.\nEOF\nas it is: $x\nEND\n\
             COPY --link data /linked/data\nCMD [\"true\"]\n",
        lab.base
    );
    repo.write("Dockerfile", &dockerfile);
    repo.write("data", "linked\n");
    repo.write("imgbuild.toml", CONFIG);
    repo.commit("first");
    let ran = repo.imgbuild(&["build", "--format", "json"]).run();
    if kind().is_new {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let all = image::entries(&lab, &id(&ran.stdout));
        repo.write("Dockerfile", &dockerfile.replace("CMD", "RUN exit 6\nCMD"));
        let failed = repo.imgbuild(&["build"]).expect(5);
        failed.says("step 5/5 (Dockerfile:12) RUN exit 6 failed: exit code 6").says("12 | RUN exit 6");
        repo.write("Dockerfile", &dockerfile.replace("echo one >/ran", "exit 7"));
        let failed = repo.imgbuild(&["build"]).expect(5);
        failed.says("step 2/4 (Dockerfile:2) RUN <<EOF").says("exit code 7");
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

/// What takes the place of a base is judged and named as that base.
#[test]
fn a_context_is_the_base_that_it_replaces() {
    let lab = Lab::new("replaced");
    let repo = lab.repo("repo");
    repo.write("Dockerfile", "FROM base\nCMD [\"true\"]\n");
    let contexts = format!("[image.build]\ncontexts = {{ base = \"docker-image://{}\" }}\n", lab.base);
    let trusting = |host: &str| format!("{CONFIG}{contexts}[checks]\ntrusted-registries = [\"{host}\"]\n");
    repo.write("imgbuild.toml", &trusting("trusted.example.com"));
    repo.commit("first");
    let check = repo.imgbuild(&["check", "--offline", "--no-shellcheck"]).run();
    let told = format!("the base image {}, which the context base puts there, is not trusted", lab.base);
    assert!(check.code == Some(1) && check.stdout.replace("\n    ", " ").contains(&told), "{}", check.stdout);

    repo.write("imgbuild.toml", &trusting(&lab.registry));
    let ran = repo.imgbuild(&["build", "--format", "json"]).run();
    if kind().is_new {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let labels =
            lab.docker(&["image", "inspect", "--format", "{{json .Config.Labels}}", &id(&ran.stdout)]);
        let labels: Value = serde_json::from_str(&labels).expect("labels");
        assert_eq!(labels["org.opencontainers.image.base.name"], lab.base, "{labels}");
    } else {
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        ran.says("BuildKit is too old for the context base");
    }

    let git = contexts.replace("docker-image://", "https://git.example.com/");
    repo.write("imgbuild.toml", &trusting(&lab.registry).replace(&contexts, &git));
    let ran = repo.imgbuild(&["build"]).run();
    ran.says("the context base (imgbuild.toml:6) may replace a base image");
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
        let steps = steps(&second.stdout);
        // The last layer is fetched, since the image needs it, and fetching is no more than a step that runs.
        assert_eq!(is_cached(&steps, "RUN echo made"), Some(true), "{steps:?}");
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

/// The instructions of the steps that ran, and whether each came from a cache.
pub(crate) fn steps(stdout: &str) -> Vec<(String, bool)> {
    let events = events(stdout);
    let of = |kind: &'static str| events.iter().filter(move |event| event["type"] == kind);
    let cached: BTreeSet<u64> = of("build-cached").filter_map(|event| event["step"].as_u64()).collect();
    let step = |event: &Value| {
        let instruction = event["instruction"].as_str().expect("instruction").to_owned();
        (instruction, event["step"].as_u64().is_some_and(|step| cached.contains(&step)))
    };
    of("build-step").map(step).collect()
}

pub(crate) fn is_cached(steps: &[(String, bool)], begin: &str) -> Option<bool> {
    steps.iter().find(|(told, _)| told.starts_with(begin)).map(|(_, cached)| *cached)
}

/// A folder that one run fills, and that another begins with in a builder that has nothing. It lies in the context, and is
/// no part of it.
#[test]
fn a_cache_in_a_folder() {
    let lab = Lab::new("folder-cache");
    let repo = lab.repo("repo");
    let dockerfile = format!("FROM {}\nRUN echo made >/made\nCOPY . /data\nCMD [\"true\"]\n", lab.base);
    repo.write("Dockerfile", &dockerfile);
    repo.write("data", "one\n");
    let build = "[image.build]\ncache-from = [\"type=local,src=.cache\"]\ncache-to = [\"type=local,dest=.cache,mode=max\"]\n";
    let head = CONFIG.replace("[image]\n", &format!("[image]\nrepository = \"{}\"\n", lab.repository()));
    repo.write("imgbuild.toml", &format!("{head}{build}"));
    repo.commit("first");
    let first = repo.imgbuild(&["ci", "--builder", "buildkit", "--format", "ndjson"]).run();
    if kind().has_containerd_store {
        assert_eq!(first.code, Some(0), "{}", first.stderr);
        // There was none yet.
        assert!(first.stdout.contains("nothing is taken from the cache in "), "{}", first.stdout);
        let index = std::fs::read_to_string(repo.path.join(".cache/index.json")).expect("index");
        assert!(index.contains("\"latest\""), "{index}");

        let engine = PrivateEngine::start("folder-cache");
        let second =
            repo.imgbuild(&["build", "--format", "ndjson"]).env("DOCKER_HOST", &engine.url).expect(0);
        let steps = steps(&second.stdout);
        assert_eq!(is_cached(&steps, "RUN echo made"), Some(true), "{steps:?}");
        assert!(!second.stdout.contains("nothing is taken from the cache"), "{}", second.stdout);
        // That one pushed nothing.
        assert!(second.stdout.contains("no cache is filled"), "{}", second.stdout);
        let listing = |stdout: &str| {
            let listed = events(stdout).into_iter().find(|event| event["type"] == "context-listed");
            listed.expect("a listing")["digest"].clone()
        };
        assert_eq!(listing(&first.stdout), listing(&second.stdout));
    } else {
        assert_eq!(first.code, Some(3), "{}", first.stderr);
        first.says("its BuildKit exports inline caches alone");
        assert!(!repo.path.join(".cache").exists());
    }
}

/// Of the checks of the builder, what a rule of ours says is told once; the others are findings by their names.
#[test]
fn the_builder_warns_of_what_no_rule_says() {
    let lab = Lab::new("checks");
    let repo = lab.repo("repo");
    repo.write(
        "Dockerfile",
        &format!(
            "FROM {} as base\n\n# here\nCOPY \\\n  data$GOPATH /x\nWORKDIR y\nENV AUTH_TYPE=basic\nCMD [\"true\"]\n",
            lab.base
        ),
    );
    repo.write("data", "");
    repo.write("imgbuild.toml", CONFIG);
    repo.commit("first");
    let report = repo.path.join("../report.json");
    let ran = repo
        .imgbuild(&["build", "--builder", "buildkit", "--report", report.to_str().expect("UTF-8")])
        .expect(0);
    let report: Value = serde_json::from_slice(&std::fs::read(&report).expect("report")).expect("JSON");
    let findings = report["findings"].as_array().expect("findings").iter();
    let own: Vec<&Value> = findings.filter(|finding| finding["rule"] == "IMG010").collect();
    if kind().is_new {
        // The base sets no GOPATH, which the builder knows.
        let [own] = own[..] else { panic!("{own:?}") };
        assert_eq!(
            (&own["path"], &own["line"], &own["level"]),
            (&"Dockerfile".into(), &4.into(), &"warning".into())
        );
        assert_eq!(own["aliases"], serde_json::json!(["UndefinedVar"]));
        let remedy = own["remedy"].as_str().expect("remedy");
        assert!(remedy.starts_with("UndefinedVar: see https://docs.docker.com/"), "{own}");
        ran.says("warning IMG010 builder-warning at Dockerfile:4: ").says("$GOPATH");
    } else {
        assert_eq!(own.len(), 0, "{own:?}");
        let why = &report["rules_skipped"]["IMG010"];
        assert_eq!(why, "the engine's BuildKit has no checks of its own");
    }

    // Where it is an error, nothing is tested or pushed; so it is where nobody could look.
    let head = CONFIG.replace("[image]\n", &format!("[image]\nrepository = \"{}\"\n", lab.repository()));
    let levels = "[checks.levels]\nIMG010 = \"error\"\n";
    repo.write("imgbuild.toml", &format!("{head}{levels}"));
    repo.commit("stricter");
    let strict = repo.imgbuild(&["ci", "--builder", "buildkit"]).expect(1);
    strict.says("build: image ").says("error IMG010");
    assert!(!strict.stderr.contains("smoke: started") && lab.tags().is_empty(), "{}", strict.stderr);
}

/// A stand-in of GitHub's service that has nothing; gives its address, and the heads of what it is asked.
fn service() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            kept.lock().expect("lock").push(String::from_utf8_lossy(&head).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        }
    });
    (address, asked)
}

/// What it is asked with is what the runner gives, and stands nowhere else.
#[test]
fn a_cache_of_github_is_asked_with_what_the_runner_gives() {
    let (address, asked) = service();
    let lab = Lab::new("github-cache");
    let repo = lab.hello();
    // Of three parts, of which the builder reads the second: which of GitHub's scopes are open.
    let claims = r#"{"ac":"[{\"Scope\":\"refs/heads/main\",\"Permission\":3}]","nbf":0,"exp":4102444800}"#;
    let token = [r#"{"alg":"none"}"#, claims, "signed"].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let build = |arguments: &[&str]| {
        let arguments = [&["build", "--builder", "buildkit", "--format", "ndjson"], arguments].concat();
        repo.imgbuild(&arguments).env("ACTIONS_RESULTS_URL", format!("http://{address}/"))
    };
    let report = lab.path("reports");
    let all = ["--cache-from", "type=gha,scope=x", "--report-dir", report.to_str().expect("UTF-8")];
    let ran = build(&all).env("ACTIONS_RUNTIME_TOKEN", &token).run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    if kind().has_containerd_store {
        let asked = asked.lock().expect("lock");
        let is_bearer = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap_or_default();
            name.eq_ignore_ascii_case("authorization") && value == format!("Bearer {token}")
        };
        assert!(asked.iter().any(|head| head.lines().any(is_bearer)), "{asked:?} {}", ran.stdout);
        assert!(asked.iter().any(|head| head.contains("index-x-")), "{asked:?}");
    }
    let mut shown = format!("{}{}", ran.stdout, ran.stderr);
    for file in std::fs::read_dir(&report).expect("reports").flatten() {
        shown += &String::from_utf8_lossy(&std::fs::read(file.path()).unwrap_or_default());
    }
    assert!(!shown.contains(&token), "{shown}");

    let without = build(&["--cache-from", "type=gha"]).without("ACTIONS_RUNTIME_TOKEN").expect(0);
    assert!(
        without.stdout.contains("nothing is taken from the cache type=gha: ACTIONS_RUNTIME_TOKEN is not set")
    );
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
    // Steps have the network of the configuration, which is given with the right to it. That of the engine is the tests' own.
    let links = "RUN test \"$(grep -c : /proc/net/dev)\" = 1";
    let own = std::fs::read_link("/proc/self/ns/net").expect("network namespace");
    let same = format!("RUN test \"$(readlink /proc/self/ns/net)\" = '{}'", own.display());
    for (network, step) in [("none", links), ("host", &same)] {
        repo.write("Dockerfile", &plain.replace("RUN true", step));
        repo.write("imgbuild.toml", &with_build(&format!("network = \"{network}\"")));
        repo.imgbuild(&["build", "--builder", "buildkit"]).expect(0);
    }
}
