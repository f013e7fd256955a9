//! Each system's own ways, beyond what the vectors hold.

use super::*;

const BASE: &str = "d41d8cd98f00b204e9800998ecf8427e00000001";

type Pairs = &'static [(&'static str, &'static str)];

fn with(base: &[(&str, &str)], more: &[(&str, &str)]) -> CiContext {
    detect(&env(&[base, more].concat()), None)
}

fn branch(name: &str) -> Option<RefName> {
    Some(name.into())
}

/// A pull request of each system that the system says to be a fork's, or could have.
const TOLD: &[Pairs] = &[
    &[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_REF", "refs/pull/7/merge")],
    &[("GITEA_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_REF", "refs/pull/7/head")],
    &[("FORGEJO_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_REF", "refs/pull/7/head")],
    &[("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_IID", "7"), ("CI_PROJECT_PATH", "a/b")],
    &[
        ("GITLAB_CI", "true"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_PROJECT_PATH", "a/b"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "mallory/b"),
    ],
    &[
        ("GITLAB_CI", "true"),
        ("CI_EXTERNAL_PULL_REQUEST_IID", "7"),
        ("CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY", "mallory/b"),
        ("CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY", "a/b"),
    ],
    &[("JENKINS_URL", "https://ci/"), ("CHANGE_ID", "7"), ("CHANGE_FORK", "mallory")],
    &[("JENKINS_URL", "https://ci/"), ("ghprbPullId", "7")],
    &[
        ("JENKINS_URL", "https://ci/"),
        ("ghprbPullId", "7"),
        ("ghprbGhRepository", "a/b"),
        ("ghprbAuthorRepoGitUrl", "https://github.com/mallory/b.git"),
    ],
    &[
        ("JENKINS_URL", "https://ci/"),
        ("GITHUB_PR_NUMBER", "7"),
        ("GITHUB_PR_SOURCE_REPO_OWNER", "mallory"),
        ("GITHUB_PR_URL", "https://github.com/a/b/pull/7"),
    ],
    &[("JENKINS_URL", "https://ci/"), ("gitlabMergeRequestIid", "7")],
    &[("JENKINS_URL", "https://ci/"), ("pullRequestId", "7"), ("sourceRepositoryOwner", "mallory")],
    &[
        ("JENKINS_URL", "https://ci/"),
        ("GERRIT_CHANGE_NUMBER", "7"),
        ("GERRIT_EVENT_TYPE", "patchset-created"),
    ],
    &[("BUILDKITE", "true"), ("BUILDKITE_PULL_REQUEST", "7"), ("BUILDKITE_REPO", "git@github.com:a/b.git")],
    &[("BUILDKITE", "true"), ("BUILDKITE_PULL_REQUEST", "false"), ("BUILDKITE_BRANCH", "mallory:main")],
    &[
        ("BUILDKITE", "true"),
        ("BUILDKITE_PULL_REQUEST", "7"),
        ("BUILDKITE_REPO", "git@github.com:a/b.git"),
        ("BUILDKITE_PULL_REQUEST_REPO", "git://github.com/mallory/b.git"),
    ],
    &[("CIRCLECI", "true"), ("CIRCLE_PR_NUMBER", "7")],
    &[("CIRCLECI", "true"), ("CIRCLE_BRANCH", "pull/7")],
    &[
        ("TF_BUILD", "True"),
        ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
        ("SYSTEM_PULLREQUEST_ISFORK", "True"),
    ],
    &[("TF_BUILD", "True"), ("BUILD_SOURCEBRANCH", "refs/pull/7/merge")],
    &[("TF_BUILD", "True"), ("BUILD_REASON", "PullRequest"), ("SYSTEM_PULLREQUEST_ISFORK", "$(System.X)")],
    &[("TRAVIS", "true"), ("TRAVIS_PULL_REQUEST", "7"), ("TRAVIS_REPO_SLUG", "a/b")],
    &[
        ("TRAVIS", "true"),
        ("TRAVIS_PULL_REQUEST", "7"),
        ("TRAVIS_REPO_SLUG", "a/b"),
        ("TRAVIS_PULL_REQUEST_SLUG", "mallory/b"),
    ],
    &[("APPVEYOR", "True"), ("APPVEYOR_PULL_REQUEST_NUMBER", "7"), ("APPVEYOR_REPO_NAME", "a/b")],
    &[("BUILDER_OUTPUT", "/b"), ("_PR_NUMBER", "7"), ("REPO_FULL_NAME", "a/b")],
    &[
        ("BUILDER_OUTPUT", "/b"),
        ("_PR_NUMBER", "7"),
        ("REPO_FULL_NAME", "a/b"),
        ("_HEAD_REPO_URL", "https://github.com/mallory/b"),
    ],
];

/// A pull request of each system that never says where it comes from.
const UNTOLD: &[Pairs] = &[
    &[("BITBUCKET_BUILD_NUMBER", "1"), ("BITBUCKET_PR_ID", "7")],
    &[("DRONE", "true"), ("DRONE_PULL_REQUEST", "7")],
    &[("DRONE", "true"), ("DRONE_BUILD_EVENT", "promote"), ("DRONE_COMMIT_REF", "refs/pull/7/head")],
    &[("CI_SYSTEM_NAME", "woodpecker"), ("CI_COMMIT_PULL_REQUEST", "7")],
    &[("CI_SYSTEM_NAME", "woodpecker"), ("CI_PIPELINE_EVENT", "pull_request_metadata")],
    &[("CODEBUILD_BUILD_ID", "a:b"), ("CODEBUILD_WEBHOOK_TRIGGER", "pr/7")],
    &[("CODEBUILD_BUILD_ID", "a:b"), ("CODEBUILD_SOURCE_VERSION", "pr/7")],
    &[("CODEBUILD_BUILD_ID", "a:b"), ("CODEBUILD_SOURCE_VERSION", "refs/pull/7/head^{4f1c}")],
];

#[test]
fn no_setting_lets_a_forks_pull_request_push() {
    let settings: &[Pairs] = &[
        &[],
        &[("CI", "false")],
        &[("IMGBUILD_CI_PROVIDER", "none")],
        &[("IMGBUILD_CI_PROVIDER", "other")],
        &[("IMGBUILD_PR", "false"), ("IMGBUILD_BRANCH", "main")],
        &[("IMGBUILD_PR", "8"), ("IMGBUILD_TAG", "v1")],
    ];
    for pairs in TOLD.iter().chain(UNTOLD) {
        for more in settings {
            let ci = with(pairs, more);
            assert!(ci.fork && !ci.may_push() && ci.is_pr(), "{pairs:?} {more:?}");
        }
        assert!(
            with(pairs, &[]).pr.is_some() || pairs.contains(&("BUILDKITE_PULL_REQUEST", "false")),
            "{pairs:?}"
        );
    }
    // What a system says, or could have said, stays; of the others one may know that they build no forks.
    let no = [("IMGBUILD_FORK", "false")];
    for pairs in TOLD {
        let ci = with(pairs, &no);
        assert!(!ci.may_push() && ci.ignored == ["IMGBUILD_FORK"], "{pairs:?} {:?}", ci.ignored);
    }
    for pairs in UNTOLD {
        let ci = with(pairs, &no);
        assert!(ci.may_push() && ci.ignored.is_empty(), "{pairs:?}");
        assert!(!with(pairs, &[("IMGBUILD_FORK", "perhaps")]).may_push());
    }
}

#[test]
fn a_pull_request_by_word_alone_counts_as_a_forks_where_the_ci_is_silent() {
    for (marker, forks) in [
        (("IMGBUILD_CI_PROVIDER", "tekton"), true),
        (("IMGBUILD_CI_PROVIDER", "argo"), true),
        (("CI", "true"), true),
        (("TEAMCITY_VERSION", "2025"), true),
        (("BUILDER_OUTPUT", "/b"), true),
        (("CODEBUILD_BUILD_ID", "a:b"), true),
        (("JENKINS_URL", "https://ci/"), true),
        (("GITLAB_CI", "true"), false),
        (("BITBUCKET_BUILD_NUMBER", "1"), false),
    ] {
        let ci = with(&[marker], &[("IMGBUILD_PR", "7")]);
        assert_eq!((ci.fork, ci.pr.as_deref()), (forks, Some("7")), "{marker:?}");
        assert!(
            with(&[marker], &[("IMGBUILD_PR", "7"), ("IMGBUILD_FORK", "false")]).may_push(),
            "{marker:?}"
        );
        assert!(!with(&[marker], &[("IMGBUILD_FORK", "true")]).may_push(), "{marker:?}");
    }
}

#[test]
fn whoever_says_nothing_may_be_building_a_fork() {
    for (pairs, unknown) in [
        (&[("CI", "true")][..], true),
        (&[("CI", "true"), ("IMGBUILD_BRANCH", "main")], false),
        (&[("IMGBUILD_CI_PROVIDER", "tekton"), ("IMGBUILD_TAG", "v1")], false),
        (&[("TEAMCITY_VERSION", "2025")], true),
        (&[("BUILDER_OUTPUT", "/b")], true),
        (&[("BUILDER_OUTPUT", "/b"), ("BRANCH_NAME", "main")], false),
        (&[("CODEBUILD_BUILD_ID", "a:b"), ("CODEBUILD_SOURCE_VERSION", "main")], true),
        (&[("JENKINS_URL", "https://ci/")], false),
        (&[], false),
    ] {
        assert_eq!(with(pairs, &[]).is_for_who_knows_what(), unknown, "{pairs:?}");
    }
}

#[test]
fn every_system_is_found_by_its_name_too() {
    for provider in Provider::ALL {
        for name in [provider.name().to_owned(), provider.name().to_uppercase()] {
            let ci = with(&[("IMGBUILD_CI_PROVIDER", &name)], &[("CI", "false")]);
            assert_eq!((ci.provider, ci.provider_name()), (Some(provider), Some(provider.name())));
        }
    }
    let argo = with(&[("IMGBUILD_CI_PROVIDER", "Argo\u{1b}[2J")], &[]);
    assert_eq!((argo.provider, argo.provider_name()), (Some(Provider::Other), Some("argo--2j")));
}

#[test]
fn gitea_and_forgejo_build_the_head() {
    let base = [
        ("GITHUB_SERVER_URL", "https://git.example.com"),
        ("GITHUB_REPOSITORY", "Octocat/Hello"),
        ("GITHUB_RUN_ID", "272"),
        ("GITHUB_RUN_NUMBER", "43"),
        ("GITHUB_RUN_ATTEMPT", "2"),
        ("GITHUB_TOKEN", "t"),
        ("GITHUB_SHA", HEAD),
        ("GITHUB_REF", "refs/pull/7/head"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_ACTIONS", "true"),
    ];
    for (marker, provider, run) in
        [("GITEA_ACTIONS", Provider::Gitea, "272"), ("FORGEJO_ACTIONS", Provider::Forgejo, "43")]
    {
        let env = env(&[base.as_slice(), &[(marker, "true")]].concat());
        let ci = detect(&env, Some(&pull_request(&home())));
        assert_eq!(ci.provider, Some(provider));
        assert_eq!(
            (ci.commit.as_deref(), &ci.merge_commit, ci.pr.as_deref()),
            (Some(HEAD), &None, Some("7"))
        );
        let url = format!("https://git.example.com/Octocat/Hello/actions/runs/{run}");
        assert_eq!((ci.build_url, ci.repository), (Some(url), None));
        assert!(!ci.fork);
    }
}

#[test]
fn jenkins_builders() {
    let jenkins = [("JENKINS_URL", "https://ci/"), ("GIT_COMMIT", SHA)];
    let ghprb = with(
        &jenkins,
        &[
            ("ghprbPullId", "7"),
            ("ghprbActualCommit", HEAD),
            ("ghprbSourceBranch", "feat"),
            ("ghprbTargetBranch", "main"),
            ("ghprbGhRepository", "octocat/hello"),
            ("ghprbAuthorRepoGitUrl", "https://github.com/Octocat/hello.git"),
            ("GIT_BRANCH", "detached"),
        ],
    );
    assert_eq!((ghprb.commit.as_deref(), ghprb.merge_commit.as_deref()), (Some(HEAD), Some(SHA)));
    assert_eq!((&ghprb.branch, &ghprb.base_branch), (&branch("feat"), &branch("main")));
    assert!(ghprb.may_push());
    let bitbucket = with(
        &jenkins,
        &[
            ("pullRequestId", "7"),
            ("sourceCommitHash", HEAD),
            ("sourceBranch", "feat"),
            ("targetBranch", "main"),
            ("sourceRepositoryOwner", "a"),
            ("sourceRepositoryName", "b"),
            ("destinationRepositoryOwner", "a"),
            ("destinationRepositoryName", "b"),
        ],
    );
    assert_eq!((bitbucket.commit.as_deref(), bitbucket.pr.as_deref()), (Some(HEAD), Some("7")));
    assert!(bitbucket.may_push());
    let integration = [
        ("GITHUB_PR_NUMBER", "7"),
        ("GITHUB_PR_HEAD_SHA", HEAD),
        ("GITHUB_PR_SOURCE_REPO_OWNER", "a"),
        ("GITHUB_PR_URL", "https://github.com/a/b/pull/7"),
    ];
    assert!(with(&jenkins, &integration).may_push());
    let merged = with(&jenkins, &[("GERRIT_CHANGE_NUMBER", "7"), ("GERRIT_EVENT_TYPE", "change-merged")]);
    assert_eq!((merged.pr, merged.commit.as_deref()), (None, Some(SHA)));
    assert_eq!(with(&jenkins, &[("GIT_URL", "git@host:a/b.git")]).project.as_deref(), Some("a/b"));
}

#[test]
fn buildkite() {
    let base = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_REPO", "git@github.com:acme/app.git"),
        ("BUILDKITE_BUILD_URL", "https://buildkite.com/acme/app/builds/9"),
        ("BUILDKITE_JOB_ID", "0190"),
        ("BUILDKITE_RETRY_COUNT", "1"),
    ];
    let tag =
        with(&base, &[("BUILDKITE_TAG", "v1"), ("BUILDKITE_BRANCH", "v1"), ("BUILDKITE_COMMIT", "HEAD")]);
    assert_eq!((tag.tag, tag.branch, tag.commit), (branch("v1"), None, None));
    assert_eq!(tag.job_url.as_deref(), Some("https://buildkite.com/acme/app/builds/9#0190"));
    assert_eq!((tag.attempt, tag.project.as_deref()), (Some(2), Some("acme/app")));
    let fork = with(&base, &[("BUILDKITE_PULL_REQUEST", "7"), ("BUILDKITE_BRANCH", "mallory:feat/x")]);
    assert_eq!(fork.branch, branch("feat/x"));
    let own =
        [("BUILDKITE_PULL_REQUEST", "7"), ("BUILDKITE_PULL_REQUEST_REPO", "https://github.com/acme/app.git")];
    assert!(with(&base, &own).may_push());
    let queue =
        with(&base, &[("BUILDKITE_MERGE_QUEUE_BASE_BRANCH", "main"), ("BUILDKITE_PULL_REQUEST", "false")]);
    assert_eq!((queue.merge_queue, queue.base_branch, queue.pr), (true, branch("main"), None));
}

#[test]
fn circleci() {
    let base = [("CIRCLECI", "true"), ("HOME", "/root"), ("CIRCLE_WORKING_DIRECTORY", "~/project")];
    let fork = with(&base, &[("CIRCLE_BRANCH", "pull/15")]);
    assert_eq!((fork.branch, fork.pr.as_deref()), (None, Some("15")));
    assert_eq!(fork.workspace, Some("/root/project".into()));
    assert!(with(&base, &[("CIRCLE_PULL_REQUEST", "https://github.com/a/b/pull/15")]).may_push());
    let absolute = with(&[("CIRCLECI", "true"), ("CIRCLE_WORKING_DIRECTORY", "/src")], &[]);
    assert_eq!(absolute.workspace, Some("/src".into()));
}

#[test]
fn azure() {
    let base = [("TF_BUILD", "True"), ("BUILD_SOURCEVERSION", SHA)];
    let branches = with(
        &base,
        &[("BUILD_SOURCEBRANCH", "refs/heads/feature/tools"), ("BUILD_SOURCEBRANCHNAME", "tools")],
    );
    assert_eq!((branches.branch, branches.commit.as_deref()), (branch("feature/tools"), Some(SHA)));
    let github = [
        ("BUILD_REASON", "PullRequest"),
        ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
        ("SYSTEM_PULLREQUEST_PULLREQUESTID", "1958237465"),
        ("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "7"),
        ("SYSTEM_PULLREQUEST_SOURCEBRANCH", "feat"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "main"),
        ("SYSTEM_PULLREQUEST_ISFORK", "False"),
    ];
    let pr = with(&base, &github);
    assert_eq!(
        (pr.pr.as_deref(), &pr.branch, &pr.base_branch),
        (Some("7"), &branch("feat"), &branch("main"))
    );
    assert_eq!((&pr.commit, pr.merge_commit.as_deref()), (&None, Some(SHA)));
    assert!(pr.may_push());
    let unmapped =
        with(&base, &[("SYSTEM_PULLREQUEST_PULLREQUESTID", "$(System.PullRequest.PullRequestId)")]);
    assert_eq!((unmapped.pr, unmapped.fork), (None, false));
}

#[test]
fn drone_and_woodpecker() {
    let drone = [("DRONE", "true"), ("DRONE_COMMIT_SHA", HEAD), ("DRONE_BRANCH", "main")];
    let push = with(&drone, &[("DRONE_SOURCE_BRANCH", "main"), ("DRONE_COMMIT_REF", "refs/heads/main")]);
    assert_eq!((push.branch, push.pr), (branch("main"), None));
    let pr = with(
        &drone,
        &[("DRONE_PULL_REQUEST", "7"), ("DRONE_SOURCE_BRANCH", "feat"), ("DRONE_TARGET_BRANCH", "main")],
    );
    assert_eq!((pr.branch, pr.base_branch, pr.pr.as_deref()), (branch("feat"), branch("main"), Some("7")));
    assert_eq!(with(&drone, &[("DRONE_TAG", "v1")]).branch, None);
    // A forge whose refs the server does not understand.
    let woodpecker = [
        ("CI", "woodpecker"),
        ("CI_PIPELINE_EVENT", "pull_request"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_COMMIT_SOURCE_BRANCH", "feat"),
    ];
    let by_ref = with(&woodpecker, &[("CI_COMMIT_REF", "refs/pull-requests/7/from")]);
    assert_eq!((by_ref.pr.as_deref(), by_ref.branch), (Some("7"), branch("feat")));
    assert_eq!(with(&woodpecker, &[]).pr.as_deref(), Some("unknown"));
    let again = with(&[("CI", "woodpecker")], &[("CI_PIPELINE_RERUNS", "2"), ("CI_COMMIT_TAG", "v1")]);
    assert_eq!((again.attempt, again.tag), (Some(3), branch("v1")));
}

#[test]
fn travis_and_appveyor() {
    let travis = [
        ("TRAVIS", "true"),
        ("TRAVIS_COMMIT", SHA),
        ("TRAVIS_BRANCH", "main"),
        ("TRAVIS_PULL_REQUEST", "7"),
        ("TRAVIS_PULL_REQUEST_BRANCH", "feat"),
        ("TRAVIS_REPO_SLUG", "a/b"),
        ("TRAVIS_PULL_REQUEST_SLUG", "A/b"),
    ];
    let pr = with(&travis, &[("TRAVIS_PULL_REQUEST_SHA", HEAD)]);
    assert_eq!((pr.commit.as_deref(), pr.merge_commit.as_deref()), (Some(HEAD), Some(SHA)));
    assert_eq!((&pr.branch, &pr.base_branch), (&branch("feat"), &branch("main")));
    assert!(pr.may_push());
    assert_eq!(with(&travis, &[]).merge_commit.as_deref(), Some(SHA));
    let tag =
        [("TRAVIS", "true"), ("TRAVIS_TAG", "v1"), ("TRAVIS_BRANCH", "v1"), ("TRAVIS_PULL_REQUEST", "false")];
    assert_eq!((with(&tag, &[]).tag, with(&tag, &[]).branch), (branch("v1"), None));
    let appveyor = [("APPVEYOR", "true"), ("APPVEYOR_REPO_BRANCH", "main"), ("APPVEYOR_REPO_NAME", "a/b")];
    let named = [("APPVEYOR_REPO_TAG_NAME", "v1"), ("APPVEYOR_REPO_PROVIDER", "gitHub")];
    let no_tag = with(&appveyor, &[named.as_slice(), &[("APPVEYOR_REPO_TAG", "False")]].concat());
    assert_eq!((no_tag.tag, no_tag.branch), (None, branch("main")));
    assert_eq!(no_tag.repository_url.as_deref(), Some("https://github.com/a/b"));
    let tag = with(&appveyor, &[named.as_slice(), &[("APPVEYOR_REPO_TAG", "True")]].concat());
    assert_eq!((tag.tag, tag.branch), (branch("v1"), None));
}

#[test]
fn clouds() {
    let cloud = [("BUILDER_OUTPUT", "/b"), ("COMMIT_SHA", HEAD), ("REPO_FULL_NAME", "octocat/hello")];
    let pr = [
        ("_PR_NUMBER", "7"),
        ("_HEAD_BRANCH", "feat"),
        ("_BASE_BRANCH", "main"),
        ("BRANCH_NAME", "feat"),
        ("_HEAD_REPO_URL", "https://github.com/Octocat/hello"),
    ];
    let pr = with(&cloud, &pr);
    assert_eq!(
        (pr.pr.as_deref(), pr.branch.clone(), pr.base_branch.clone()),
        (Some("7"), branch("feat"), branch("main"))
    );
    assert!(pr.may_push());
    let page = with(&cloud, &[("PROJECT_ID", "p/q"), ("BUILD_ID", "b")]).build_url;
    assert_eq!(page.as_deref(), Some("https://console.cloud.google.com/cloud-build/builds/b?project=p%2Fq"));

    let code = [("CODEBUILD_BUILD_ID", "demo:b1"), ("CODEBUILD_RESOLVED_SOURCE_VERSION", HEAD)];
    let pr = [
        ("CODEBUILD_WEBHOOK_TRIGGER", "pr/7"),
        ("CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/feat"),
        ("CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/main"),
    ];
    let pr = with(&code, &pr);
    assert_eq!((pr.pr.as_deref(), pr.branch, pr.base_branch), (Some("7"), branch("feat"), branch("main")));
    let push = with(&code, &[("CODEBUILD_WEBHOOK_TRIGGER", "branch/a/b")]);
    assert_eq!((push.branch, push.job.as_deref()), (branch("a/b"), Some("demo")));
    for (version, found) in [
        ("refs/heads/main", branch("main")),
        ("refs/heads/main^{4f1c}", branch("main")),
        // A branch or a tag.
        ("main", None),
        (HEAD, None),
        ("arn:aws:s3:::bucket/key", None),
    ] {
        assert_eq!(with(&code, &[("CODEBUILD_SOURCE_VERSION", version)]).branch, found, "{version}");
    }
    let arn = "arn:aws:codebuild:us-east-1:1234:build/demo:b1";
    let page = with(&code, &[("CODEBUILD_BUILD_ARN", arn)]).build_url;
    let wanted =
        "https://us-east-1.console.aws.amazon.com/codesuite/codebuild/1234/projects/demo/build/demo%3Ab1/";
    assert_eq!(page.as_deref(), Some(wanted));
    for arn in ["arn", "arn:aws:s3:::x", "arn:aws:codebuild:r:a:build/x", "::codebuild:::build/:"] {
        let _ = with(&code, &[("CODEBUILD_BUILD_ARN", arn)]);
    }
}

#[test]
fn teamcity_properties() {
    let base = [("TEAMCITY_VERSION", "2025.07"), ("BUILD_VCS_NUMBER", SHA)];
    let of = |properties: Value| detect(&env(&base), Some(&properties));
    let main = of(json!({
        "teamcity.build.branch": "main", "teamcity.build.vcs.branch.Root": "refs/heads/main",
        "vcsroot.branch": "refs/heads/main", "vcsroot.url": "https://u:pw@host/a/b.git",
        "teamcity.serverUrl": "https://tc.example.com/", "teamcity.build.id": "99",
    }));
    assert_eq!((main.branch, main.default_branch.as_deref()), (branch("main"), Some("main")));
    assert_eq!(main.repository_url.as_deref(), Some("https://host/a/b"));
    assert_eq!(main.build_url.as_deref(), Some("https://tc.example.com/viewLog.html?buildId=99"));
    assert_eq!(main.origins["branch"], "property:teamcity.build.vcs.branch.Root");
    let tag = of(json!({ "teamcity.build.branch": "v1", "teamcity.build.vcs.branch.Root": "refs/tags/v1" }));
    assert_eq!((tag.tag, tag.branch), (branch("v1"), None));
    for pull in [
        json!({ "teamcity.build.branch": "pull/7" }),
        json!({ "teamcity.build.branch": "7/merge", "teamcity.build.vcs.branch.Root": "refs/pull/7/merge" }),
        json!({ "teamcity.pullRequest.number": "7" }),
    ] {
        let ci = of(pull.clone());
        assert_eq!((ci.pr.as_deref(), ci.may_push()), (Some("7"), false), "{pull}");
        let merge = pull.get("teamcity.build.vcs.branch.Root").map(|_| SHA);
        assert_eq!(ci.merge_commit.as_deref(), merge, "{pull}");
    }
    let source = of(json!({
        "teamcity.pullRequest.number": "7", "teamcity.pullRequest.source.branch": "refs/heads/feat",
        "teamcity.pullRequest.target.branch": "main",
    }));
    assert_eq!((source.branch, source.base_branch), (branch("feat"), branch("main")));
    assert_eq!(of(json!({ "teamcity.build.branch": "<default>" })).branch, None);
    // Two roots on two branches: the logical name is the build's.
    let two = of(json!({
        "teamcity.build.branch": "feat", "teamcity.build.vcs.branch.A": "refs/heads/feat",
        "teamcity.build.vcs.branch.B": "refs/heads/main",
    }));
    assert_eq!(two.branch, branch("feat"));
    let roots = |second: &str| {
        let pairs = [("TEAMCITY_VERSION", "1"), ("BUILD_VCS_NUMBER_A", SHA), ("BUILD_VCS_NUMBER_B", second)];
        detect(&env(&pairs), None).commit
    };
    assert_eq!((roots(SHA).as_deref(), roots(BASE)), (Some(SHA), None));
}

#[test]
fn no_password_of_an_address_gets_through() {
    let secret = "https://user:hunter2@host/a/b.git";
    for key in [
        "BUILDKITE_REPO",
        "BUILDKITE_BUILD_URL",
        "CIRCLE_REPOSITORY_URL",
        "CIRCLE_BUILD_URL",
        "BUILD_REPOSITORY_URI",
        "BITBUCKET_GIT_HTTP_ORIGIN",
        "DRONE_REPO_LINK",
        "DRONE_GIT_HTTP_URL",
        "CI_REPO_URL",
        "CI_PIPELINE_URL",
        "CI_REPOSITORY_URL",
        "TRAVIS_BUILD_WEB_URL",
        "CODEBUILD_SOURCE_REPO_URL",
        "CODEBUILD_BUILD_URL",
        "BUILD_URL",
        "GIT_URL",
        "IMGBUILD_REPO_URL",
        "IMGBUILD_BUILD_URL",
    ] {
        for provider in Provider::ALL {
            let ci = with(&[("IMGBUILD_CI_PROVIDER", provider.name())], &[(key, secret)]);
            assert!(!format!("{ci:?}").contains("hunter2"), "{key} {ci:?}");
        }
    }
    let azure = [
        ("TF_BUILD", "True"),
        ("SYSTEM_COLLECTIONURI", "https://user:hunter2@dev.azure.com/x/"),
        ("SYSTEM_TEAMPROJECT", "p"),
        ("BUILD_BUILDID", "1"),
    ];
    assert_eq!(
        with(&azure, &[]).build_url.as_deref(),
        Some("https://dev.azure.com/x/p/_build/results?buildId=1")
    );
}
