//! Pull requests: what they may not decide.

#![cfg(test)]

mod support;

use support::lab::{self, Lab, Repo};

/// A merge request of the same project, for a branch of which the clone knows the base as `origin/main`.
fn plan_of_merge_request(lab: &Lab, repo: &Repo<'_>, folder: &str) -> serde_json::Value {
    let plan = lab.imgbuild(&repo.path.join(folder), &["plan", "--context", ".", "--format", "json"]);
    let variables = [
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "acme/api"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "acme/api"),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "feature"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];
    let plan = variables.into_iter().fold(plan, |plan, (key, value)| plan.env(key, value));
    plan.env("CI_COMMIT_SHA", repo.head()).expect(0).json()
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
