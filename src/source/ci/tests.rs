mod providers;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::source::RefName;

const HEAD: &str = "4f1c2b7e9a0d3c5b6e8f7a1b2c3d4e5f60718293";
const SHA: &str = "9e107d9d372bb6826bd81d3542a419d6e277d9a1";

fn env(pairs: &[(&str, &str)]) -> Environment {
    Environment::from_pairs(pairs.iter().copied())
}

/// GitHub's variables of every run, and `more`.
fn github(more: &[(&str, &str)]) -> Environment {
    let mut pairs = vec![
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "Octocat/Hello"),
        ("GITHUB_RUN_ID", "16"),
        ("GITHUB_SHA", SHA),
    ];
    pairs.extend_from_slice(more);
    env(&pairs)
}

fn pull_request(repository: &Value) -> Value {
    json!({
        "repository": { "full_name": "Octocat/Hello", "default_branch": "main" },
        "pull_request": {
            "number": 7,
            "head": { "sha": HEAD, "ref": "feat/login", "repo": repository },
            "base": { "ref": "main" },
        },
    })
}

fn home() -> Value {
    json!({ "full_name": "octocat/hello" })
}

#[test]
fn github_pull_request_is_its_head() {
    let env = github(&[("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_REF", "refs/pull/7/merge")]);
    let ci = detect(&env, Some(&pull_request(&home())));
    assert_eq!(ci.commit.as_deref(), Some(HEAD));
    assert_eq!(ci.merge_commit.as_deref(), Some(SHA));
    assert_eq!((ci.branch, ci.base_branch), (Some("feat/login".into()), Some("main".into())));
    assert_eq!(ci.pr.as_deref(), Some("7"));
    assert_eq!(ci.origins["commit"], "event:pull_request.head.sha");
    assert_eq!(ci.origins["pr"], "env:GITHUB_REF");
    assert!(!ci.fork && !ci.privileged_pr);
}

#[test]
fn a_pull_request_from_elsewhere_never_pushes() {
    let elsewhere = json!({ "full_name": "mallory/hello" });
    let settings = [
        ("CI", "false"),
        ("IMGBUILD_PR", "false"),
        ("IMGBUILD_CI_PROVIDER", "none"),
        ("IMGBUILD_BRANCH", "main"),
    ];
    for name in ["pull_request", "pull_request_target", "pull_request_review"] {
        for repository in [&elsewhere, &Value::Null] {
            for setting in settings {
                let env =
                    github(&[("GITHUB_EVENT_NAME", name), ("GITHUB_REF", "refs/pull/7/merge"), setting]);
                let ci = detect(&env, Some(&pull_request(repository)));
                assert!(ci.fork && !ci.may_push() && ci.is_pr(), "{name} {repository} {setting:?}");
            }
        }
        // Nobody says where it comes from.
        let env = github(&[("GITHUB_EVENT_NAME", name), ("GITHUB_REF", "refs/pull/7/merge")]);
        assert!(!detect(&env, None).may_push(), "{name}");
    }
}

#[test]
fn runs_that_a_pull_request_starts_with_our_rights_never_push() {
    let base =
        [("GITHUB_REF", "refs/heads/main"), ("GITHUB_HEAD_REF", "feat/login"), ("GITHUB_BASE_REF", "main")];
    let started_by = |name| github(&[base.as_slice(), &[("GITHUB_EVENT_NAME", name)]].concat());
    let ci = detect(&started_by("pull_request_target"), Some(&pull_request(&home())));
    assert!(ci.privileged_pr && !ci.fork && !ci.may_push());
    assert_eq!((ci.commit.as_deref(), ci.base_commit.as_deref()), (Some(HEAD), Some(SHA)));
    assert_eq!((ci.pr.as_deref(), ci.branch), (Some("7"), Some("feat/login".into())));

    let run = |event: &str, repository: &str| {
        json!({
            "repository": { "full_name": "Octocat/Hello" },
            "workflow_run": { "event": event, "head_repository": { "full_name": repository } },
        })
    };
    let pushes = |event: &Value| detect(&started_by("workflow_run"), Some(event)).may_push();
    assert!(pushes(&run("push", "octocat/hello")));
    assert!(!pushes(&run("push", "mallory/hello")));
    assert!(!pushes(&run("pull_request", "octocat/hello")));
    assert!(!pushes(&json!({})));

    let comment =
        |issue: Value| detect(&started_by("issue_comment"), Some(&json!({ "issue": issue }))).may_push();
    assert!(comment(json!({ "number": 7 })));
    assert!(!comment(json!({ "number": 7, "pull_request": {} })));
}

#[test]
fn a_merged_pull_request_is_a_run_of_its_target() {
    let env = github(&[
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_HEAD_REF", "feat/login"),
    ]);
    let ci = detect(&env, Some(&pull_request(&home())));
    assert_eq!((ci.pr, ci.branch, ci.commit.as_deref()), (None, Some("main".into()), Some(SHA)));
}

#[test]
fn only_the_kind_of_ref_makes_a_tag() {
    let tag = detect(&github(&[("GITHUB_REF", "refs/tags/v1.2.3"), ("GITHUB_HEAD_REF", "")]), None);
    assert_eq!((tag.tag, tag.branch), (Some("v1.2.3".into()), None));
    let branch = detect(&github(&[("GITHUB_REF", "refs/heads/v1.2.3")]), None);
    assert_eq!((branch.tag, branch.branch), (None, Some("v1.2.3".into())));
}

#[test]
fn github_addresses() {
    let ci = detect(&github(&[("GITHUB_RUN_ATTEMPT", "2"), ("GITHUB_TOKEN", "t")]), None);
    assert_eq!(ci.build_url.as_deref(), Some("https://github.com/Octocat/Hello/actions/runs/16/attempts/2"));
    assert_eq!(ci.repository.as_deref(), Some("ghcr.io/octocat/hello"));
    assert_eq!(detect(&github(&[]), None).repository, None);
    let act = detect(&github(&[("ACT", "true"), ("GITHUB_TOKEN", "t")]), None);
    assert_eq!((act.build_url, act.repository), (None, None));
    let own = [("GITHUB_SERVER_URL", "https://github.example.com"), ("GITHUB_TOKEN", "t")];
    assert_eq!(detect(&github(&own), None).repository, None);
    assert!(!detect(&github(&[("ACT", "true")]), None).may_push());
}

#[test]
fn gitlab_merge_requests() {
    let shared = [
        ("GITLAB_CI", "true"),
        ("CI_COMMIT_SHA", SHA),
        ("CI_MERGE_REQUEST_IID", "12"),
        ("CI_MERGE_REQUEST_ID", "55501"),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "feat"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_PROJECT_PATH", "group/app"),
        ("CI_PROJECT_PATH", "group/app"),
    ];
    let with = |more: &[(&str, &str)]| detect(&env(&[shared.as_slice(), more].concat()), None);
    let same = ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "group/app");
    let detached = with(&[same, ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "")]);
    assert_eq!((detached.commit.as_deref(), detached.merge_commit), (Some(SHA), None));
    assert_eq!((detached.pr.as_deref(), detached.branch), (Some("12"), Some("feat".into())));
    let merged = with(&[same, ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", HEAD)]);
    assert_eq!((merged.commit.as_deref(), merged.merge_commit.as_deref()), (Some(HEAD), Some(SHA)));
    assert!(merged.may_push());
    assert!(!with(&[("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "mallory/app")]).may_push());
    assert!(!with(&[]).may_push(), "nobody says where it comes from");
}

#[test]
fn gitlab_gives_its_registry_with_a_credential_only() {
    let image = ("CI_REGISTRY_IMAGE", "registry.example.com/group/app");
    let repository = |more: &[(&str, &str)]| {
        let pairs = [[("GITLAB_CI", "true"), image].as_slice(), more].concat();
        detect(&env(&pairs), None).repository
    };
    assert_eq!(repository(&[]), None);
    assert_eq!(repository(&[("CI_JOB_TOKEN", "t")]).as_deref(), Some(image.1));
    assert_eq!(repository(&[("CI_REGISTRY_PASSWORD", "t")]).as_deref(), Some(image.1));
}

#[test]
fn jenkins_names() {
    let with = |more: &[(&str, &str)]| {
        detect(&env(&[[("JENKINS_URL", "https://ci/")].as_slice(), more].concat()), None)
    };
    for (given, branch) in [
        ("origin/main", Some("main")),
        ("origin/feature/x", Some("feature/x")),
        ("refs/remotes/origin/main", Some("main")),
        ("refs/heads/main", Some("main")),
        ("main", Some("main")),
        ("detached", None),
        ("refs/tags/v1", None),
    ] {
        assert_eq!(with(&[("GIT_BRANCH", given)]).branch, branch.map(RefName::from), "{given}");
    }
    let tag = with(&[("TAG_NAME", "v1"), ("BRANCH_NAME", "v1"), ("GIT_BRANCH", "v1")]);
    assert_eq!((tag.tag, tag.branch), (Some("v1".into()), None));
    let pr = with(&[("CHANGE_ID", "7"), ("BRANCH_NAME", "PR-7"), ("GIT_COMMIT", SHA)]);
    assert_eq!((pr.branch, pr.commit, pr.merge_commit.as_deref()), (None, None, Some(SHA)));
    assert!(!with(&[("CHANGE_ID", "7"), ("CHANGE_FORK", "mallory")]).may_push());
    assert!(with(&[("CHANGE_ID", "7")]).may_push());
    let primary = with(&[("BRANCH_NAME", "trunk"), ("BRANCH_IS_PRIMARY", "true")]);
    assert_eq!(primary.default_branch.as_deref(), Some("trunk"));
    let url = with(&[("GIT_URL", "https://u:pw@host/a/b.git"), ("BUILD_URL", "https://u:pw@ci/job/1/")]);
    assert_eq!(url.repository_url.as_deref(), Some("https://host/a/b"));
    assert_eq!(url.build_url.as_deref(), Some("https://ci/job/1/"));
    // An instance without a configured URL.
    assert_eq!(
        detect(&env(&[("BUILD_NUMBER", "1"), ("BUILD_TAG", "jenkins-a-1")]), None).provider,
        Some(Provider::Jenkins)
    );
}

#[test]
fn who_is_who() {
    for (pairs, provider) in [
        (&[("CI", "true")][..], Some(Provider::Other)),
        (&[("CI", "1")], Some(Provider::Other)),
        (&[("CI", "")], None),
        (&[("CI", "0"), ("GITLAB_CI", "true")], None),
        (&[("CI", "woodpecker"), ("GITLAB_CI", "true")], Some(Provider::Woodpecker)),
        (
            &[("FORGEJO_ACTIONS", "true"), ("GITEA_ACTIONS", "true"), ("GITHUB_ACTIONS", "true")],
            Some(Provider::Forgejo),
        ),
        (&[("CODEBUILD_BUILD_ID", "a:b"), ("GITHUB_ACTIONS", "true")], Some(Provider::GitHub)),
        (&[("TF_BUILD", "True")], Some(Provider::Azure)),
        (&[("APPVEYOR", "True"), ("CI", "True")], Some(Provider::AppVeyor)),
        (&[("BUILD_ID", "7"), ("PROJECT_ID", "p")], None),
        (&[("BUILD_NUMBER", "7")], None),
        (&[("IMGBUILD_CI_PROVIDER", "tekton")], Some(Provider::Tekton)),
        (&[("IMGBUILD_CI_PROVIDER", "GitLab"), ("CI", "false")], Some(Provider::GitLab)),
        (&[("IMGBUILD_CI_PROVIDER", "none"), ("GITLAB_CI", "true")], None),
    ] {
        assert_eq!(detect(&env(pairs), None).provider, provider, "{pairs:?}");
    }
}

#[test]
fn overrides_win_and_say_so() {
    let env = github(&[
        ("GITHUB_REF", "refs/heads/main"),
        ("IMGBUILD_SHA", HEAD),
        ("IMGBUILD_TAG", "v2"),
        ("IMGBUILD_PR", "9"),
        ("IMGBUILD_BASE_BRANCH", "next"),
        ("IMGBUILD_BUILD_URL", "https://u:pw@ci/9"),
        ("IMGBUILD_REPO_URL", "git@host:a/b.git"),
        ("IMGBUILD_DEFAULT_BRANCH", "trunk"),
        ("IMGBUILD_ACTOR", "ada"),
    ]);
    let ci = detect(&env, None);
    assert_eq!((ci.commit.as_deref(), ci.tag, ci.branch), (Some(HEAD), Some("v2".into()), None));
    assert_eq!((ci.pr.as_deref(), ci.base_branch), (Some("9"), Some("next".into())));
    assert_eq!(ci.build_url.as_deref(), Some("https://ci/9"));
    assert_eq!(ci.repository_url.as_deref(), Some("https://host/a/b"));
    assert_eq!(ci.default_branch.as_deref(), Some("trunk"));
    assert!(!ci.origins.contains_key("branch"));
    assert_eq!(ci.ignored, Vec::<&str>::new());
    for entry in OVERRIDES.iter().filter(|entry| !["provider", "branch", "fork"].contains(&entry.field)) {
        assert_eq!(
            ci.origins.get(entry.field).map(String::as_str),
            Some(format!("override:{}", entry.name).as_str())
        );
    }
    let branch = detect(&github(&[("GITHUB_REF", "refs/tags/v1"), ("IMGBUILD_BRANCH", "main")]), None);
    assert_eq!((branch.tag, branch.branch), (None, Some("main".into())));
    let odd = [
        ("IMGBUILD_SHA", "HEAD"),
        ("IMGBUILD_BUILD_URL", "ftp://x"),
        ("IMGBUILD_PR", "false"),
        ("IMGBUILD_TAG", ""),
    ];
    let odd = detect(&github(&odd), None);
    assert_eq!((odd.commit.as_deref(), odd.ignored), (Some(SHA), vec!["IMGBUILD_SHA", "IMGBUILD_BUILD_URL"]));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,10}".prop_map(Value::from),
    ];
    let keys = "teamcity\\.build\\.branch|teamcity\\.build\\.vcs\\.branch\\.R|teamcity\\.pullRequest\\.number|vcsroot\\.url|pull_request|head|base|repo|sha|ref|full_name|number|workflow_run|event|issue|repository";
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop::collection::hash_map(keys, inner, 0..4).prop_map(|map| json!(map))
    })
}

proptest! {
    #[test]
    fn any_environment_is_read(
        values in prop::collection::vec(prop_oneof![
            3 => prop::sample::select(vec!["true", "false", "", "HEAD", "pr/7", "pull/7", "$(x)", "refs/pull/7/merge", "refs/pull//", "refs/tags/", "pull_request_target", SHA])
                .prop_map(|text| text.as_bytes().to_vec()),
            2 => prop::collection::vec(1u8.., 0..20),
        ], KEYS.len()),
        event in prop::option::of(any_json()),
    ) {
        use std::os::unix::ffi::OsStringExt;
        let pairs = KEYS.iter().zip(values).map(|(key, value)| ((*key).into(), std::ffi::OsString::from_vec(value)));
        let ci = detect(&Environment::from_pairs::<std::ffi::OsString, _>(pairs), event.as_ref());
        prop_assert!(ci.tag.is_none() || ci.branch.is_none());
        let valid = |pr: &String| !pr.is_empty() && pr.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        prop_assert!(ci.pr.iter().all(valid));
        prop_assert!(!(ci.fork || ci.privileged_pr) || !ci.may_push());
        for (field, set) in [
            ("commit", ci.commit.is_some()), ("branch", ci.branch.is_some()), ("tag", ci.tag.is_some()),
            ("pr", ci.pr.is_some()), ("fork", ci.fork), ("build_url", ci.build_url.is_some()),
        ] {
            prop_assert_eq!(ci.origins.contains_key(field), set, "{}", field);
        }
    }
}

const KEYS: [&str; 84] = [
    "CI",
    "ACT",
    "GITHUB_ACTIONS",
    "GITHUB_EVENT_NAME",
    "GITHUB_REF",
    "GITHUB_REF_NAME",
    "GITHUB_REF_TYPE",
    "GITHUB_SHA",
    "GITHUB_HEAD_REF",
    "GITHUB_BASE_REF",
    "GITHUB_SERVER_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_ATTEMPT",
    "GITHUB_TOKEN",
    "GITHUB_WORKSPACE",
    "GITEA_ACTIONS",
    "GITLAB_CI",
    "CI_COMMIT_SHA",
    "CI_COMMIT_TAG",
    "CI_COMMIT_REF_NAME",
    "CI_MERGE_REQUEST_IID",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH",
    "CI_PROJECT_URL",
    "CI_REGISTRY_IMAGE",
    "CI_JOB_TOKEN",
    "JENKINS_URL",
    "CHANGE_ID",
    "CHANGE_FORK",
    "BRANCH_NAME",
    "GIT_BRANCH",
    "GIT_COMMIT",
    "ghprbPullId",
    "BUILD_URL",
    "BUILDKITE",
    "BUILDKITE_PULL_REQUEST",
    "BUILDKITE_BRANCH",
    "BUILDKITE_REPO",
    "BUILDKITE_BUILD_URL",
    "BUILDKITE_RETRY_COUNT",
    "CIRCLECI",
    "CIRCLE_BRANCH",
    "CIRCLE_PULL_REQUEST",
    "CIRCLE_WORKING_DIRECTORY",
    "TF_BUILD",
    "BUILD_SOURCEBRANCH",
    "BUILD_SOURCEVERSION",
    "SYSTEM_PULLREQUEST_ISFORK",
    "SYSTEM_COLLECTIONURI",
    "SYSTEM_TEAMPROJECT",
    "BUILD_BUILDID",
    "BITBUCKET_BUILD_NUMBER",
    "BITBUCKET_REPO_FULL_NAME",
    "BITBUCKET_PR_ID",
    "DRONE",
    "DRONE_COMMIT_REF",
    "DRONE_PULL_REQUEST",
    "CI_COMMIT_PULL_REQUEST",
    "CI_PIPELINE_EVENT",
    "CI_PIPELINE_RERUNS",
    "TRAVIS",
    "TRAVIS_PULL_REQUEST",
    "TEAMCITY_VERSION",
    "BUILD_VCS_NUMBER",
    "APPVEYOR",
    "APPVEYOR_PULL_REQUEST_NUMBER",
    "APPVEYOR_URL",
    "BUILDER_OUTPUT",
    "_PR_NUMBER",
    "LOCATION",
    "CODEBUILD_BUILD_ID",
    "CODEBUILD_BUILD_ARN",
    "CODEBUILD_SOURCE_VERSION",
    "CODEBUILD_WEBHOOK_TRIGGER",
    "CODEBUILD_WEBHOOK_HEAD_REF",
    "GERRIT_CHANGE_NUMBER",
    "pullRequestId",
    "IMGBUILD_FORK",
    "IMGBUILD_CI_PROVIDER",
    "IMGBUILD_SHA",
    "IMGBUILD_BRANCH",
    "IMGBUILD_TAG",
    "IMGBUILD_PR",
    "IMGBUILD_REPO_URL",
];
