//! `imgbuild ci-info`, and what every CI has in common: checkouts of all kinds, forks, hostile values. No engine.

#![cfg(test)]

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a git repository, without any configuration but its own.
struct Checkout {
    base: TempDir,
    root: PathBuf,
}

impl Checkout {
    fn new() -> Checkout {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().canonicalize().unwrap().join("repo");
        fs::create_dir(&root).unwrap();
        let checkout = Checkout { base, root };
        checkout.git(&["init", "-q", "-b", "main"]);
        checkout.commit("first");
        checkout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.base.path().canonicalize().unwrap().join(name)
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "protocol.file.allow=always",
                "-c",
                "user.name=Ada",
                "-c",
                "user.email=ada@example.com",
            ])
            .args(arguments)
            .current_dir(&self.root)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.base.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A merge of `topic` into `main`; the base, the head and the merge.
    fn merge(&self) -> (String, String, String) {
        self.git(&["checkout", "-qb", "topic"]);
        let head = self.commit("topic");
        self.git(&["checkout", "-q", "main"]);
        let base = self.commit("base");
        self.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
        (base, head, self.git(&["rev-parse", "HEAD"]))
    }

    fn run(&self, folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imgbuild"));
        command.args(arguments).current_dir(folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.base.path());
        command.env("LC_ALL", "C.UTF-8").env("GIT_CONFIG_NOSYSTEM", "1").envs(env.iter().copied());
        command.output().unwrap()
    }

    fn json_at(&self, folder: &Path, env: &[(&str, &str)]) -> Value {
        let output = self.run(folder, &["ci-info", "--format", "json"], env);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn json(&self, env: &[(&str, &str)]) -> Value {
        self.json_at(&self.root, env)
    }

    fn text(&self, env: &[(&str, &str)]) -> String {
        let output = self.run(&self.root, &["ci-info"], env);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn field(info: &Value, name: &str) -> (Value, Value) {
    (info["fields"][name]["value"].clone(), info["fields"][name]["origin"].clone())
}

#[test]
fn outside_of_a_ci_it_says_so() {
    let checkout = Checkout::new();
    let info = checkout.json(&[]);
    assert_eq!((&info["schema"], &info["is_ci"]), (&json!(1), &json!(false)));
    assert_eq!(field(&info, "provider"), (Value::Null, Value::Null));
    assert_eq!(field(&info, "branch"), (json!("main"), json!("git:HEAD")));
    assert_eq!(info["push"]["may"], "asked");
    assert!(checkout.text(&[]).starts_with("no CI"));
    // Without a repository, too.
    let plain = checkout.path("plain");
    fs::create_dir(&plain).unwrap();
    let info = checkout.json_at(&plain, &[]);
    assert_eq!(info["checkout"], Value::Null);
    assert!(info["problems"][0].as_str().unwrap().contains("not inside a git repository"), "{info:#}");
}

#[test]
fn every_field_is_named_with_its_origin() {
    let checkout = Checkout::new();
    let head = checkout.git(&["rev-parse", "HEAD"]);
    let event = checkout.path("event.json");
    let event_text = json!({
        "repository": { "full_name": "acme/api", "default_branch": "main" },
        "pull_request": {
            "number": 12,
            "head": { "sha": head, "ref": "feat", "repo": { "full_name": "acme/api" } },
            "base": { "ref": "main", "sha": "d41d8cd98f00b204e9800998ecf8427e00000001" },
        },
    });
    fs::write(&event, event_text.to_string()).unwrap();
    let env = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
        ("GITHUB_REPOSITORY", "acme/api"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_RUN_ID", "7"),
        ("GITHUB_RUN_NUMBER", "3"),
        ("GITHUB_REF", "refs/pull/12/merge"),
        ("GITHUB_ACTOR", "ada"),
        ("GITHUB_TOKEN", "ghs_secretsecret"),
        ("GITHUB_JOB", "image ghs_secretsecret"),
    ];
    let info = checkout.json(&env);
    for (name, value, origin) in [
        ("provider", json!("github-actions"), "env:GITHUB_ACTIONS"),
        ("event", json!("pull_request"), "env:GITHUB_EVENT_NAME"),
        ("ref", json!("refs/pull/12/merge"), "env:GITHUB_REF"),
        ("commit", json!(head), "event:pull_request.head.sha"),
        ("branch", json!("feat"), "event:pull_request.head.ref"),
        ("base_branch", json!("main"), "event:pull_request.base.ref"),
        ("pr", json!("12"), "env:GITHUB_REF"),
        ("build_url", json!("https://github.com/acme/api/actions/runs/7"), "env:GITHUB_RUN_ID"),
        ("build_number", json!("3"), "env:GITHUB_RUN_NUMBER"),
        ("repository_url", json!("https://github.com/acme/api"), "env:GITHUB_REPOSITORY"),
        ("actor", json!("ada"), "env:GITHUB_ACTOR"),
    ] {
        assert_eq!(field(&info, name), (value, json!(origin)), "{name}");
    }
    assert_eq!((&info["push"]["may"], field(&info, "fork").0), (&json!("yes"), json!(false)));
    assert!(!info.to_string().contains("secretsecret"), "{info:#}");
    let fields: Vec<&String> = info["fields"].as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), 27, "{fields:?}");

    let text = checkout.text(&env);
    assert!(text.starts_with("GitHub Actions\n"), "{text}");
    for part in ["event:pull_request.head.sha", "env:GITHUB_RUN_ID", "refs/pull/12/merge", &head] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.contains("secretsecret"), "{text}");
}

#[test]
fn a_merge_is_its_head_in_a_clone_of_one_commit() {
    let checkout = Checkout::new();
    let (_, head, merge) = checkout.merge();
    let url = format!("file://{}", checkout.root.display());
    let clone = checkout.path("clone");
    checkout.git(&["clone", "-q", "--depth=1", &url, clone.to_str().unwrap()]);
    checkout.git(&["-C", clone.to_str().unwrap(), "checkout", "-q", "--detach"]);
    // No event file: the commit object still names its parents.
    for env in [
        &[("GITHUB_ACTIONS", "true"), ("GITHUB_REF", "refs/pull/7/merge"), ("GITHUB_SHA", &merge)][..],
        &[("TF_BUILD", "True"), ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"), ("BUILD_SOURCEVERSION", &merge)],
    ] {
        let info = checkout.json_at(&clone, env);
        assert_eq!(field(&info, "commit"), (json!(head), json!("git:a parent of HEAD")), "{info:#}");
        assert_eq!(field(&info, "merge_commit").0, json!(merge));
        assert_eq!(info["checkout"]["shallow"], true);
        assert_eq!(info["checkout"]["detached"], true);
        assert_eq!(info["push"]["may"], "never");
    }
    // One that is no merge of what the CI names is a problem, and no failure.
    let stale = [("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "4f1c2b7e9a0d3c5b6e8f7a1b2c3d4e5f60718293")];
    let info = checkout.json_at(&clone, &stale);
    assert!(info["problems"][0].as_str().unwrap().contains("the checkout is at"), "{info:#}");
}

#[test]
fn work_trees_submodules_and_foreign_owners_need_no_set_up() {
    let checkout = Checkout::new();
    let linked = checkout.path("linked");
    checkout.git(&["worktree", "add", "-q", "-b", "other", linked.to_str().unwrap()]);
    checkout.git(&["clone", "-q", ".", "../lib"]);
    checkout.git(&["submodule", "--quiet", "add", "../lib", "lib"]);
    checkout.commit("lib");
    let head = checkout.git(&["rev-parse", "HEAD"]);
    let ci = [("CI", "true")];
    let named = [("GITLAB_CI", "true"), ("CI_PROJECT_DIR", checkout.root.to_str().unwrap())];
    // A container sees the folder under another name.
    let elsewhere = [("BUILDKITE", "true"), ("BUILDKITE_BUILD_CHECKOUT_PATH", "/nowhere/at/all")];
    let look = || {
        for env in [&ci[..], &named, &elsewhere] {
            let info = checkout.json(env);
            assert_eq!(info["checkout"]["head"], json!(head), "{env:?} {info:#}");
        }
        assert_eq!(checkout.json_at(&linked, &ci)["fields"]["branch"]["value"], "other");
        let submodule = checkout.root.join("lib");
        assert_eq!(checkout.json_at(&submodule, &ci)["checkout"]["root"], json!(submodule));
    };
    look();
    give_away(&checkout.root);
    give_away(&linked);
    look();
    // Outside of a CI git's own rule stands.
    let info = checkout.json(&[]);
    assert!(info["problems"][0].as_str().unwrap().contains("owned by another user"), "{info:#}");
    // And where the CI names a folder that is there, no other one is meant.
    let other = [("GITLAB_CI", "true"), ("CI_PROJECT_DIR", linked.to_str().unwrap())];
    assert_eq!(checkout.json(&other)["checkout"], Value::Null);
}

fn give_away(path: &Path) {
    chown(path, Some(12345), Some(12345)).expect("chown: run the tests as root");
    if path.is_dir() && !path.is_symlink() {
        fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
    }
}

/// A pull request from elsewhere, on every CI that has them.
const FORKS: [&[(&str, &str)]; 15] = [
    &[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "pull_request_target")],
    &[("GITEA_ACTIONS", "true"), ("GITHUB_REF", "refs/pull/7/head")],
    &[("FORGEJO_ACTIONS", "true"), ("GITHUB_REF", "refs/pull/7/head")],
    &[("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_IID", "7"), ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "m/b")],
    &[("JENKINS_URL", "https://ci/"), ("CHANGE_ID", "7"), ("CHANGE_FORK", "mallory")],
    &[("BUILDKITE", "true"), ("BUILDKITE_PULL_REQUEST", "7"), ("BUILDKITE_BRANCH", "mallory:main")],
    &[("CIRCLECI", "true"), ("CIRCLE_BRANCH", "pull/7")],
    &[
        ("TF_BUILD", "True"),
        ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
        ("SYSTEM_PULLREQUEST_ISFORK", "True"),
    ],
    &[("BITBUCKET_BUILD_NUMBER", "1"), ("BITBUCKET_PR_ID", "7")],
    &[("DRONE", "true"), ("DRONE_PULL_REQUEST", "7")],
    &[("CI", "woodpecker"), ("CI_COMMIT_PULL_REQUEST", "7")],
    &[("TRAVIS", "true"), ("TRAVIS_PULL_REQUEST", "7"), ("TRAVIS_PULL_REQUEST_SLUG", "mallory/b")],
    &[("APPVEYOR", "True"), ("APPVEYOR_PULL_REQUEST_NUMBER", "7")],
    &[("BUILDER_OUTPUT", "/b"), ("_PR_NUMBER", "7")],
    &[("CODEBUILD_BUILD_ID", "a:b"), ("CODEBUILD_WEBHOOK_TRIGGER", "pr/7")],
];

#[test]
fn a_forks_pull_request_pushes_on_no_ci() {
    let checkout = Checkout::new();
    for env in FORKS {
        let info = checkout.json(env);
        assert_eq!(info["push"]["may"], "never", "{env:?} {info:#}");
        let copy = ["copy", "127.0.0.1:1/a/b:1", "127.0.0.1:1/a/c:1"];
        let output = checkout.run(&checkout.root, &copy, env);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{env:?} {said}");
        assert!(said.contains("never pushes"), "{said}");
    }
    // TeamCity says it in a file.
    let properties = checkout.path("build.properties");
    fs::write(&properties, "teamcity.build.branch=pull/7\n").unwrap();
    let teamcity =
        [("TEAMCITY_VERSION", "2025"), ("TEAMCITY_BUILD_PROPERTIES_FILE", properties.to_str().unwrap())];
    assert_eq!(checkout.json(&teamcity)["push"]["may"], "never");
}

#[test]
fn what_strangers_write_is_shown_and_does_nothing() {
    let checkout = Checkout::new();
    let branch = "x\u{1b}[2J\u{202e}::set-output name=a::b ##vso[task.x] ##teamcity[x] $(id) `id` %0A\u{7}\r\n::error::y";
    let event = checkout.path("event.json");
    let env = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REF", "refs/pull/7/merge"),
        ("GITHUB_HEAD_REF", branch),
        ("GITHUB_ACTOR", branch),
        ("GITHUB_JOB", "::error::z"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
    ];
    let deep = "[".repeat(200_000);
    for content in ["", "{", "[]", "\"x\"", "{\"pull_request\":7}", "{\"pull_request\":{\"head\":[]}}", &deep]
    {
        fs::write(&event, content).unwrap();
        let info = checkout.json(&env);
        assert_eq!(field(&info, "branch").0, json!(branch));
        assert_eq!(info["push"]["may"], "never", "{content:.20}");
        for arguments in [&["ci-info"][..], &["ci-info", "--format", "json"]] {
            let output = checkout.run(&checkout.root, arguments, &env);
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8(printed).unwrap();
            let raw = printed.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
            assert_eq!(raw, None, "{printed}");
            for line in printed.lines() {
                assert!(!line.trim_start().starts_with("::"), "{line}");
                assert!(!line.contains("##vso[") && !line.contains("##teamcity["), "{line}");
            }
        }
    }
}
