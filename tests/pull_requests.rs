//! Who pushes where, and who owns the policy: runs for pull requests, forks and unknown CIs.

#![cfg(test)]

mod support;

use serde_json::{Value, json};
use support::lab::{self, Invocation, Lab, Repo};

/// A GitHub run for a pull request from `head` to this repository's `main`.
fn pull_request(
    repo: &Repo<'_>,
    lab: &Lab,
    event: &str,
    head: &str,
) -> impl Fn(Invocation) -> Invocation + use<> {
    let commit = repo.head();
    let path = lab.path("event.json");
    let event_text = json!({
        "number": 12,
        "pull_request": {
            "number": 12,
            "head": {"sha": commit, "ref": "feature/x", "repo": {"full_name": head, "fork": head != "acme/api"}},
            "base": {"ref": "main", "sha": commit, "repo": {"full_name": "acme/api"}},
        },
        "repository": {"full_name": "acme/api", "default_branch": "main"},
    });
    std::fs::write(&path, event_text.to_string()).expect("event");
    let event = event.to_owned();
    move |run| {
        run.env("CI", "true")
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", &event)
            .env("GITHUB_EVENT_PATH", &path)
            .env("GITHUB_REPOSITORY", "acme/api")
            .env("GITHUB_SERVER_URL", "https://github.com")
            .env("GITHUB_RUN_ID", "7")
            .env("GITHUB_REF", "refs/pull/12/merge")
            .env("GITHUB_HEAD_REF", "feature/x")
            .env("GITHUB_BASE_REF", "main")
            .env("GITHUB_SHA", &commit)
    }
}

fn plan(run: Invocation) -> Value {
    run.expect(0).json()
}

fn tags(plan: &Value) -> Vec<String> {
    plan["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| tag["tag"].as_str().expect("tag").to_owned())
        .collect()
}

#[test]
fn a_pull_request_of_the_same_repository_pushes_its_own_tags() {
    let lab = Lab::new("pr");
    let repo = lab.hello();
    let ci = pull_request(&repo, &lab, "pull_request", "acme/api");
    let plan = plan(ci(repo.imgbuild(&["plan", "--format", "json"])));
    assert_eq!(plan["push"]["decision"], "push");
    let tags = tags(&plan);
    assert!(tags[0].starts_with("pr-12-") && tags[1] == "pr-12" && tags.len() == 2, "{tags:?}");
    assert_eq!(plan["labels"]["dev.imgbuild.git.pr"], "12");
    assert_eq!(plan["labels"]["dev.imgbuild.build.url"], "https://github.com/acme/api/actions/runs/7");
}

#[test]
fn forks_and_privileged_runs_never_push() {
    let lab = Lab::new("fork");
    let repo = lab.hello();
    for (event, head) in [("pull_request", "stranger/api"), ("pull_request_target", "acme/api")] {
        let ci = pull_request(&repo, &lab, event, head);
        let held = plan(ci(repo.imgbuild(&["plan", "--format", "json"])));
        assert_eq!(held["push"]["decision"], "hold", "{event} from {head}");
        // No setting changes it.
        ci(repo.imgbuild(&["plan", "--push", "always"])).expect(4).says("never");
        ci(repo.imgbuild(&["plan", "--push", "always"]))
            .env("IMGBUILD_CI_PROVIDER", "none")
            .env("CI", "false")
            .expect(4);
        ci(repo.imgbuild(&["ci", "--push", "always"])).expect(4);
    }
    assert!(lab.tags().is_empty());
}

#[test]
fn a_pull_request_does_not_own_the_policy() {
    let lab = Lab::new("policy");
    let repo = lab.hello();
    // The base pushes to one place, the pull request wants another.
    let with_registry = |host: &str| {
        format!("schema = 1\n[image]\nrepository = \"api\"\n[registries]\nintegration = \"{host}\"\n")
    };
    repo.write("imgbuild.toml", &with_registry(&format!("{}/ours", lab.registry)));
    repo.commit("policy");
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    repo.git(&["checkout", "-q", "-b", "feature/x"]);
    repo.write("imgbuild.toml", &with_registry("127.0.0.1:1/theirs"));
    repo.commit("redirect");
    let ci = pull_request(&repo, &lab, "pull_request", "acme/api");
    let ran = ci(repo.imgbuild(&["plan", "--format", "json"])).expect(0);
    assert_eq!(ran.json()["repository"], format!("{}/ours/api", lab.registry));
    ran.says("registries is taken from the base branch main");

    // Not in the clone: defaults, and a line says so.
    repo.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    repo.git(&["branch", "-q", "-D", "main"]);
    let ran = ci(repo.imgbuild(&["plan", "--format", "json"])).expect(0);
    ran.says("no imgbuild.toml in this clone");
    assert_eq!(ran.json()["push"]["decision"], "hold");
}

#[test]
fn a_pull_request_whose_repository_cannot_be_read_has_no_policy() {
    let lab = Lab::new("unread");
    let repo = lab.hello();
    // Its own word: nothing is demanded of an image.
    let lax = format!("{}[evidence]\nrequire = []\n", lab::config(&lab.repository()));
    repo.write("imgbuild.toml", &lax);
    repo.commit("lax");
    let ci = pull_request(&repo, &lab, "pull_request", "acme/api");
    repo.write(".git/HEAD", "nonsense\n");
    let (image, other) = (format!("{}:1", lab.repository()), format!("{}-b:1", lab.repository()));
    let image = image.as_str();
    for arguments in [
        &["verify", image][..],
        &["inspect", image],
        &["drift", image],
        &["tags", &lab.repository()],
        &["copy", image, &other],
        &["deploy", "web"],
        &["rollback", "web", "--list"],
        &["test", image],
        &["config"],
        &["check"],
    ] {
        let ran = ci(repo.imgbuild(arguments)).expect(4);
        ran.says("on a pull request the policy is the base branch's").says("IMGBUILD_POLICY=FILE");
    }
    // Whoever names a policy has one, and then it is looked for the image.
    let policy = lab.path("policy.toml");
    std::fs::write(&policy, "[evidence]\nrequire = []\n").expect("policy");
    ci(repo.imgbuild(&["verify", image])).env("IMGBUILD_POLICY", &policy).expect(7).says("there is no");
    let policy = policy.to_str().expect("path");
    ci(repo.imgbuild(&["verify", image, "--policy", policy])).expect(7).says("there is no");
    // Outside of every repository, without a file, there is nothing that it could decide; with one there is.
    let nowhere = lab.path("nowhere");
    std::fs::create_dir(&nowhere).expect("folder");
    ci(lab.imgbuild(&nowhere, &["verify", image])).expect(7).says("there is no");
    std::fs::write(nowhere.join("imgbuild.toml"), &lax).expect("file");
    ci(lab.imgbuild(&nowhere, &["verify", image])).expect(4).says("the base branch's");
    // A run that is for no pull request never minded.
    repo.imgbuild(&["verify", image]).expect(7).says("there is no");
}

#[test]
fn a_ci_that_is_not_recognised_does_not_push_by_itself() {
    let lab = Lab::new("other");
    let repo = lab.hello();
    repo.write("imgbuild.toml", &lab::config("registry.example.com/acme/api"));
    repo.commit("elsewhere");
    let held = plan(repo.imgbuild(&["plan", "--format", "json"]).env("CI", "true"));
    assert_eq!(held["push"]["decision"], "hold");
    assert!(held["push"]["why"].as_str().expect("why").contains("IMGBUILD_BRANCH"), "{held:#}");
}

#[test]
fn a_checkout_of_another_commit_is_refused_with_both_named() {
    let lab = Lab::new("stale");
    let repo = lab.hello();
    let other = "4f1c2b7e9a0d3c5b6e8f7a1b2c3d4e5f60718293";
    let run = repo.imgbuild(&["plan"]).env("GITHUB_ACTIONS", "true").env("GITHUB_REF", "refs/heads/main");
    run.env("GITHUB_SHA", other)
        .env("GITHUB_REPOSITORY", "acme/api")
        .expect(4)
        .says(other)
        .says(&repo.head());
}

#[test]
fn no_secret_of_a_url_or_an_environment_is_told() {
    let lab = Lab::new("secrets");
    let repo = lab.hello();
    repo.git(&["remote", "add", "origin", "https://user:hunter2secret@git.example.com/acme/api.git"]);
    repo.write("Dockerfile", &(lab::dockerfile(&lab.base) + "ARG LEAK\nRUN echo \"leaking $LEAK\"\n"));
    repo.commit("leak");
    let token = "ghs_abcdefghijklmnop";
    let path = lab.path("report.json");
    let arguments =
        ["ci", "--format", "json", "--no-cache", "--build-arg", &format!("LEAK={token}"), "--report"];
    let arguments: Vec<&str> = arguments.into_iter().chain([path.to_str().expect("path")]).collect();
    let ran = repo.imgbuild(&arguments).env("GITHUB_TOKEN", token).expect(0);
    let report = std::fs::read_to_string(&path).expect("report");
    for text in [&ran.stdout, &ran.stderr, &report] {
        assert!(!text.contains("hunter2secret") && !text.contains(token), "{text}");
    }
    assert!(ran.stderr.contains("leaking ***"), "{}", ran.stderr);
    let labels = lab.labels("main").to_string();
    assert!(
        labels.contains("https://git.example.com/acme/api") && !labels.contains("hunter2secret"),
        "{labels}"
    );
}
