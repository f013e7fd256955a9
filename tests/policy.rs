//! Who owns the policy: pull requests, files that are extended, and what `IMGBUILD_POLICY` names.

#![cfg(test)]

mod support;

use std::sync::Arc;

use imgbuild::image::Digest;
use serde_json::{Value, json};
use support::fake_registry::{Reply, Request, standing};
use support::lab::{self, Invocation, Lab, Ran, Repo};
use support::small_registry::{SmallRegistry, described};

/// A merge request of the same project, for a branch of which the clone knows the base as `origin/main`.
fn plan_of_merge_request(lab: &Lab, repo: &Repo<'_>, folder: &str) -> Value {
    let plan = lab.imgbuild(&repo.path.join(folder), &["plan", "--context", ".", "--format", "json"]);
    in_merge_request(repo, plan).expect(0).json()
}

fn in_merge_request(repo: &Repo<'_>, run: Invocation) -> Invocation {
    let variables = [
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "acme/api"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "acme/api"),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "feature"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];
    let run = variables.into_iter().fold(run, |run, (key, value)| run.env(key, value));
    run.env("CI_COMMIT_SHA", repo.head())
}

/// A repository with a Dockerfile and these files, committed, and the same commit as the base branch.
fn repository<'a>(lab: &'a Lab, files: &[(&str, &str)]) -> Repo<'a> {
    let repo = lab.repo("repo");
    repo.write("Dockerfile", "FROM scratch\n");
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.commit("base");
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    repo
}

fn config(repo: &Repo<'_>) -> Invocation {
    repo.imgbuild(&["config", "--origin", "--format", "json"])
}

/// A setting as `VALUE ORIGIN`.
fn setting(ran: &Ran, key: &str) -> String {
    let json = ran.json();
    let entry = &json["settings"][key];
    let value = entry["value"].as_str().map_or_else(|| entry["value"].to_string(), str::to_owned);
    format!("{value} {}", entry["origin"].as_str().unwrap_or_default())
}

#[test]
fn a_nearer_file_does_not_hide_the_policy() {
    let lab = Lab::new("policy");
    let repo = lab.repo("repo");
    let registry = &lab.registry;
    repo.write(
        "imgbuild.toml",
        &format!("[registries]\nintegration = '{registry}/t/int'\nrelease = '{registry}/t/release'\n"),
    );
    repo.write("sub/Dockerfile", &lab::dockerfile(&lab.base));
    repo.write("sub/www/index.html", "hello\n");
    repo.commit("base");
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    repo.git(&["checkout", "-q", "-b", "feature"]);
    repo.write("sub/imgbuild.toml", "[image]\nrepository = 'api'\n");
    repo.commit("a name of its own");
    let plan = plan_of_merge_request(&lab, &repo, "sub");
    assert_eq!(plan["repository"], format!("{registry}/t/int/api"));

    // Nor does moving it away: the nearest policy of the base stays in force.
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    repo.write("sub/imgbuild.toml", &format!("[registries]\nintegration = '{registry}/t/sub'\n"));
    repo.commit("a policy below");
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    repo.git(&["rm", "-q", "sub/imgbuild.toml"]);
    repo.commit("and gone");
    let plan = plan_of_merge_request(&lab, &repo, "sub");
    let repository = plan["repository"].as_str().expect("repository");
    assert!(repository.starts_with(&format!("{registry}/t/sub/")), "{repository}");
}

const POLICY: &str =
    "[checks]\nfail-on = 'warning'\n[policy]\nrequire = ['IMG105']\nlock = ['checks.fail-on']\n";

#[test]
fn an_extended_file_binds_the_one_that_extends_it() {
    let lab = Lab::new("extends");
    let repo =
        repository(&lab, &[("imgbuild.toml", "extends = 'ci/policy.toml'\n"), ("ci/policy.toml", POLICY)]);
    let ran = config(&repo).expect(0);
    assert_eq!(setting(&ran, "checks.fail-on"), "warning ci/policy.toml:2");
    assert_eq!(ran.json()["settings"]["policy.require"]["origin"], json!(["ci/policy.toml:4"]));
    repo.imgbuild(&["config", "--origin"]).expect(0);
    repo.write(
        "imgbuild.toml",
        "extends = 'ci/policy.toml'\n[checks]\nfail-on = 'never'\nlevels = { IMG105 = 'off' }\n",
    );
    config(&repo)
        .expect(3)
        .says("imgbuild.toml:3:1: `checks.fail-on` is locked by the policy ci/policy.toml:5:9: take it out")
        .says("imgbuild.toml:4:12: `IMG105` may not be off: the policy ci/policy.toml:4:12 requires it");
    repo.write("imgbuild.toml", "extends = '../policy.toml'\n");
    config(&repo).expect(3).says("imgbuild.toml:1:1: cannot extend `../policy.toml`").says("IMGBUILD_POLICY");
    // By itself the file binds nobody.
    let ran = config(&repo).env("IMGBUILD_CONFIG", "ci/policy.toml").expect(0);
    ran.says("[policy] binds nobody here");
    assert!(ran.json()["settings"]["policy.require"].is_null());
}

#[test]
fn a_pull_request_gains_nothing_by_what_it_extends() {
    let lab = Lab::new("extends-pr");
    let own = "extends = 'ci/policy.toml'\nimage.target = 'base'\n";
    let repo = repository(&lab, &[("imgbuild.toml", own), ("ci/policy.toml", POLICY)]);
    repo.git(&["checkout", "-q", "-b", "feature"]);
    let weak =
        "[checks]\nfail-on = 'never'\nignore = [{ rule = 'IMG105', reason = 'x' }]\nbaseline = 'all.json'\n";
    repo.write("ci/policy.toml", weak);
    repo.commit("weaker");
    let ran = in_merge_request(&repo, config(&repo)).expect(0);
    assert_eq!(setting(&ran, "checks.fail-on"), "warning main:ci/policy.toml:2");
    assert_eq!(setting(&ran, "image.target"), "base imgbuild.toml:2");
    assert_eq!(ran.json()["settings"]["checks.ignore"]["value"], json!([]));
    assert!(ran.json()["settings"]["checks.baseline"].is_null());
    assert_eq!(ran.json()["settings"]["policy.digest"]["origin"], "main:ci/policy.toml");
    ran.says("checks is taken from the base branch main").says("policy is taken from the base branch main");

    // Nor by extending nothing any more, nor by a table of its own.
    let own = ["image.target = 'own'\n", "extends = 'ci/policy.toml'\n[checks]\nmax-layers = 1\n"];
    for text in own {
        repo.write("imgbuild.toml", text);
        let ran = in_merge_request(&repo, config(&repo)).expect(0);
        assert_eq!(setting(&ran, "checks.fail-on"), "warning main:ci/policy.toml:2", "{text}");
        assert_eq!(ran.json()["settings"]["policy.lock"]["value"], json!(["checks.fail-on"]), "{text}");
        assert!(ran.json()["settings"]["checks.max-layers"].is_null());
    }
    // A key that the base's policy locks is refused here already, and not only once it is merged.
    repo.write("imgbuild.toml", "extends = 'ci/policy.toml'\nchecks.fail-on = 'never'\n");
    in_merge_request(&repo, config(&repo))
        .expect(3)
        .says("imgbuild.toml:2:8: `checks.fail-on` is locked by the policy main:ci/policy.toml:5:9");
    repo.write("imgbuild.toml", "extends = 'ci/other.toml'\n");
    repo.write("ci/other.toml", weak);
    in_merge_request(&repo, config(&repo)).expect(3).says("ci/other.toml:2:1: `checks.fail-on` is locked");
}

#[test]
fn a_base_branch_that_breaks_its_policy_does_not_keep_out_what_mends_it() {
    let lab = Lab::new("broken-base");
    let broken =
        "extends = 'p.toml'\n[checks]\nfail-on = 'never'\nignore = [{ rule = 'IMG105', reason = 'x' }]\n";
    let repo = repository(&lab, &[("imgbuild.toml", broken), ("p.toml", POLICY)]);
    config(&repo).expect(3).says("imgbuild.toml:3:1").says("imgbuild.toml:4:11: `IMG105` may not be waived");
    repo.git(&["checkout", "-q", "-b", "feature"]);
    repo.write("imgbuild.toml", "extends = 'p.toml'\n");
    repo.commit("mended");
    let ran = in_merge_request(&repo, config(&repo)).expect(0);
    assert_eq!(setting(&ran, "checks.fail-on"), "warning main:p.toml:2");
    assert_eq!(ran.json()["settings"]["checks.ignore"]["value"], json!([]));
    ran.says("checks.fail-on of main:imgbuild.toml is left out: the policy main:p.toml locks it")
        .says("main:imgbuild.toml:4:11: `IMG105` may not be waived")
        .says("it is left out");
}

#[test]
fn what_the_base_branch_extends_must_be_there() {
    let lab = Lab::new("gone");
    let repo = repository(&lab, &[("imgbuild.toml", "extends = 'ci/policy.toml'\n")]);
    repo.git(&["checkout", "-q", "-b", "feature"]);
    repo.write("ci/policy.toml", "");
    repo.commit("it is here");
    in_merge_request(&repo, config(&repo))
        .expect(3)
        .says("main:imgbuild.toml:1:1: cannot extend `ci/policy.toml`: main has no such file");
}

#[test]
fn the_policy_file_of_the_environment_binds_every_run() {
    let lab = Lab::new("environment");
    let repo =
        repository(&lab, &[("imgbuild.toml", "checks.max-layers = 7\nimage.platform = 'linux/arm64'\n")]);
    let policy = lab.path("policy.toml");
    std::fs::write(
        &policy,
        "extends = 'more.toml'\n[policy]\nlock = ['image.platform']\nwaivers = { max = 0 }\n",
    )
    .expect("policy");
    std::fs::write(lab.path("more.toml"), "checks.fail-on = 'info'\n").expect("more");
    let with_policy = |run: Invocation| run.env("IMGBUILD_POLICY", &policy);
    let says =
        format!("imgbuild.toml:2:7: `image.platform` is locked by the policy {}:3:9", policy.display());
    with_policy(config(&repo)).expect(3).says(&says);
    in_merge_request(&repo, with_policy(config(&repo))).expect(3).says(&says);
    repo.write("imgbuild.toml", "checks.max-layers = 7\n");
    let ran = with_policy(config(&repo)).expect(0);
    assert_eq!(setting(&ran, "checks.fail-on"), format!("info {}:1", lab.path("more.toml").display()));
    assert!(ran.json()["settings"]["checks.max-layers"].is_null());
    assert!(setting(&ran, "policy.waivers.max").starts_with("0 "));
    with_policy(repo.imgbuild(&["config", "--platform", "linux/arm64"]))
        .expect(3)
        .says("--platform: `image.platform`");
    // A command that needs no repository is bound too.
    with_policy(repo.imgbuild(&["context", "--digest"])).env("IMGBUILD_PLATFORM", "linux/arm64").expect(3);
    repo.imgbuild(&["config"]).env("IMGBUILD_POLICY", "no.toml").expect(3).says("no.toml");
    let tagged = repo.imgbuild(&["config"]).env("IMGBUILD_POLICY", "ghcr.io/acme/policy:1").expect(3);
    tagged.says("an artifact by its digest");
}

#[test]
fn the_report_names_the_policy_and_its_digest() {
    let lab = Lab::new("report");
    let repo = repository(
        &lab,
        &[("imgbuild.toml", "extends = 'p.toml'\nimage.repository = 'api'\n"), ("p.toml", POLICY)],
    );
    let report = |repo: &Repo<'_>| -> Value {
        let path = lab.path("report.json");
        // No engine is needed to know by which policy a run goes.
        let run = repo.imgbuild(&["ci", "--report", path.to_str().expect("path")]);
        run.env("DOCKER_HOST", "unix:///nowhere/docker.sock").expect(8);
        serde_json::from_slice(&std::fs::read(path).expect("report")).expect("json")
    };
    let first = report(&repo);
    assert_eq!(first["policy"]["sources"], json!(["p.toml"]));
    assert_eq!(
        first["policy"]["digest"],
        config(&repo).expect(0).json()["settings"]["policy.digest"]["value"]
    );
    repo.write("p.toml", &POLICY.replace("IMG105", "IMG106"));
    repo.commit("another demand");
    assert_ne!(report(&repo)["policy"]["digest"], first["policy"]["digest"]);
}

/// Keeps an artifact with these layers, each a type, a title and a content, and gives its digest.
fn artifact(small: &SmallRegistry, layers: &[(&str, &str, &str)]) -> Digest {
    let layers: Vec<Value> = layers
        .iter()
        .map(|(media_type, title, text)| {
            small.put_blob("acme/policy", text.as_bytes());
            let mut layer = described(media_type, text.as_bytes());
            layer["annotations"] = json!({ "org.opencontainers.image.title": title });
            layer
        })
        .collect();
    small.put_blob("acme/policy", b"{}");
    let document = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.imgbuild.policy.v1",
        "config": described("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": layers,
    });
    small.put_manifest("acme/policy", Some("1"), &document).digest
}

#[test]
fn a_policy_comes_from_a_registry_by_its_digest() {
    let lab = Lab::new("artifact");
    let repo = repository(&lab, &[("imgbuild.toml", "checks.fail-on = 'never'\n")]);
    let small = Arc::new(SmallRegistry::new());
    let text = "[checks]\nfail-on = 'warning'\n[policy]\nrequire = ['IMG105']\n";
    let (wanted, other) = ("application/vnd.imgbuild.policy.v1+toml", "text/plain");
    let alone = artifact(&small, &[(other, "policy", text)]);
    let typed = artifact(&small, &[(other, "a.toml", "x"), (wanted, "b", text)]);
    let titled = artifact(&small, &[(other, "README.md", "x"), (other, "policy.toml", text)]);
    let none = artifact(&small, &[(other, "README.md", "x"), (other, "LICENSE", "y")]);
    let large = artifact(&small, &[(wanted, "policy.toml", &"#".repeat((1 << 20) + 1))]);
    let extends = artifact(&small, &[(wanted, "policy.toml", "extends = 'x.toml'\n")]);
    let answers = Arc::clone(&small);
    let host = standing(move |request| answers.answer(request));
    let with = |digest: &Digest| config(&repo).env("IMGBUILD_POLICY", format!("{host}/acme/policy@{digest}"));
    for digest in [&alone, &typed, &titled] {
        let ran = with(digest).expect(0);
        assert_eq!(setting(&ran, "checks.fail-on"), format!("warning {host}/acme/policy@{digest}:2"));
        assert_eq!(ran.json()["settings"]["policy.require"]["value"], json!(["IMG105"]));
        ran.says(&format!("checks is taken from the policy artifact {host}/acme/policy@{digest}"));
    }
    let oci = config(&repo).env("IMGBUILD_POLICY", format!("oci://{host}/acme/policy@{alone}")).expect(0);
    // The same values are the same policy.
    let digest = |ran: &Ran| ran.json()["settings"]["policy.digest"]["value"].clone();
    assert_eq!(digest(&oci), digest(&with(&titled).expect(0)));
    in_merge_request(&repo, with(&alone)).expect(0).says("the policy artifact");

    with(&none).expect(3).says("none of its 2 layers");
    with(&large).expect(3).says("larger than 1 MiB");
    with(&extends).expect(3).says("`extends` names a file, and a policy artifact holds one file alone");
    let tag = config(&repo).env("IMGBUILD_POLICY", format!("oci://{host}/acme/policy:1")).expect(3);
    tag.says("whoever may move a tag would own the policy");
    with(&Digest::of(b"nothing"))
        .expect(7)
        .says("no such artifact")
        .says("no run goes on without its policy");
}

#[test]
fn a_registry_that_lies_or_fails_gives_no_policy() {
    let lab = Lab::new("liar");
    let repo = repository(&lab, &[]);
    let small = Arc::new(SmallRegistry::new());
    let digest = artifact(&small, &[("text/plain", "policy.toml", "checks.fail-on = 'info'")]);
    let other = artifact(&small, &[("text/plain", "policy.toml", "checks.fail-on = 'never'")]);
    let answers = Arc::clone(&small);
    let swapped_manifest = standing(move |request| {
        let target = request.target.replace(digest.as_str(), other.as_str());
        answers.answer(&Request { target, ..request.clone() })
    });
    let answers = Arc::clone(&small);
    let digest = artifact(&small, &[("text/plain", "policy.toml", "checks.fail-on = 'info'")]);
    let swapped_blob = standing(move |request| match request.target.contains("/blobs/") {
        true => Reply::ok("checks.fail-on = 'evil'"),
        false => answers.answer(request),
    });
    let denying = standing(|_| Reply::status(403));
    for host in [swapped_manifest, swapped_blob, denying, "127.0.0.1:1".to_owned()] {
        let run = config(&repo).env("IMGBUILD_POLICY", format!("{host}/acme/policy@{digest}"));
        run.expect(7).says("no run goes on without its policy");
    }
}
