//! Jenkins: multibranch jobs (GitHub's and Bitbucket's branch sources among them), freestyle and pipeline jobs with the
//! git plugin, and the plugins that build pull requests, each with variables of its own.
//!
//! Sources: jenkinsci/git-plugin `GitSCM.java`, branch-api-plugin `BranchNameContributor.java`, ghprb-plugin,
//! github-integration-plugin, gitlab-plugin, bitbucket-pullrequest-builder-plugin, gerrit-trigger-plugin.

use super::CiContext;
use super::context::Said;
use super::fork::{ASSUMED, Fork, compare};
use super::look::{Fact, Look, path_of_url};
use crate::environment::Environment;
use crate::source::RefName;

/// An instance whose own URL was never configured sets no `JENKINS_URL`.
pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    let tagged = || env.get("BUILD_TAG").is_some_and(|tag| tag.starts_with("jenkins-"));
    match (env.get("JENKINS_URL"), env.get("BUILD_NUMBER")) {
        (Some(_), _) => Some("JENKINS_URL"),
        (None, Some(_)) if tagged() => Some("BUILD_TAG"),
        _ => None,
    }
}

/// Who says that the build is for a pull request, and in which variables.
struct Builder {
    number: &'static str,
    branch: &'static str,
    base: &'static str,
    head: &'static str,
    fork: fn(&Look<'_>) -> Option<Fork>,
}

/// Multibranch jobs, ghprb, GitHub integration, GitLab, Bitbucket's pull request builder, Gerrit.
const BUILDERS: [Builder; 6] = [
    Builder {
        number: "CHANGE_ID",
        branch: "CHANGE_BRANCH",
        base: "CHANGE_TARGET",
        head: "",
        fork: |look| look.var("CHANGE_FORK").map(|fork| Fork::Yes(fork.origin)),
    },
    Builder {
        number: "ghprbPullId",
        branch: "ghprbSourceBranch",
        base: "ghprbTargetBranch",
        head: "ghprbActualCommit",
        fork: |look| compare(path(look, "ghprbAuthorRepoGitUrl"), look.var("ghprbGhRepository")),
    },
    Builder {
        number: "GITHUB_PR_NUMBER",
        branch: "GITHUB_PR_SOURCE_BRANCH",
        base: "GITHUB_PR_TARGET_BRANCH",
        head: "GITHUB_PR_HEAD_SHA",
        fork: |look| {
            let owner = |url: Fact<String>| url.and_then(|path| Some(path.split('/').next()?.to_owned()));
            compare(look.var("GITHUB_PR_SOURCE_REPO_OWNER"), path(look, "GITHUB_PR_URL").and_then(owner))
        },
    },
    Builder {
        number: "gitlabMergeRequestIid",
        branch: "gitlabSourceBranch",
        base: "gitlabTargetBranch",
        head: "gitlabMergeRequestLastCommit",
        fork: |look| {
            let pair = |kind: &str| {
                let (namespace, name) = (format!("gitlab{kind}Namespace"), format!("gitlab{kind}RepoName"));
                joined(look, &namespace, &name)
            };
            compare(pair("Source"), pair("Target"))
        },
    },
    Builder {
        number: "pullRequestId",
        branch: "sourceBranch",
        base: "targetBranch",
        head: "sourceCommitHash",
        fork: |look| {
            let source = joined(look, "sourceRepositoryOwner", "sourceRepositoryName");
            compare(source, joined(look, "destinationRepositoryOwner", "destinationRepositoryName"))
        },
    },
    Builder {
        number: "GERRIT_CHANGE_NUMBER",
        branch: "",
        base: "GERRIT_BRANCH",
        head: "GERRIT_PATCHSET_REVISION",
        // Whoever may propose a change needs no fork for it.
        fork: |_| Some(Fork::Yes(ASSUMED.to_owned())),
    },
];

fn path(look: &Look<'_>, key: &str) -> Option<Fact<String>> {
    look.repository_url(key)?.and_then(|url| path_of_url(&url))
}

fn joined(look: &Look<'_>, owner: &str, name: &str) -> Option<Fact<String>> {
    let (owner, name) = (look.var(owner)?, look.var(name)?.value);
    owner.and_then(|owner| Some(format!("{owner}/{name}")))
}

/// The plugin that has started this build for a pull request.
fn builder(look: &Look<'_>) -> Option<&'static Builder> {
    // A change that was merged is none any more.
    let merged = look.env.get("GERRIT_EVENT_TYPE") == Some("change-merged");
    let counts = |builder: &&Builder| {
        look.pr(builder.number).is_some() && !(merged && builder.number.starts_with("GERRIT"))
    };
    BUILDERS.iter().find(counts)
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let builder = builder(look);
    let pr = builder.and_then(|builder| look.pr(builder.number));
    let checked_out = look.commit("GIT_COMMIT");
    let head = builder.and_then(|builder| look.commit(builder.head));
    if pr.is_none() || builds_the_head(look) {
        ci.set("commit", head.or(checked_out), |ci| &mut ci.commit);
    } else {
        // Jenkins may have merged the base into the head: only the repository can tell, see `reconcile`.
        ci.set("commit", head, |ci| &mut ci.commit);
        ci.set("merge_commit", checked_out, |ci| &mut ci.merge_commit);
        // What the git plugin is without a configured identity.
        let nobody =
            || Some(Fact { value: "nobody@nowhere".to_owned(), origin: "default:git-plugin".to_owned() });
        ci.set("merger", look.text("GIT_COMMITTER_EMAIL").or_else(nobody), |ci| &mut ci.merger);
    }
    if let Some(builder) = builder {
        ci.set("branch", look.name(builder.branch), |ci| &mut ci.branch);
        ci.set("base_branch", look.name(builder.base), |ci| &mut ci.base_branch);
    } else {
        ci.set("branch", branch(look), |ci| &mut ci.branch);
        ci.set("tag", tag(look), |ci| &mut ci.tag);
    }
    ci.set("pr", pr, |ci| &mut ci.pr);
    if look.env.is_true("BRANCH_IS_PRIMARY") {
        ci.set("default_branch", look.text("BRANCH_NAME"), |ci| &mut ci.default_branch);
    }
    let url = look.repository_url("GIT_URL").or_else(|| look.repository_url("GIT_URL_1"));
    ci.set("repository_url", url, |ci| &mut ci.repository_url);
    ci.put(Said {
        build_url: look.page_url("BUILD_URL"),
        build_id: look.text("BUILD_TAG"),
        build_number: look.text("BUILD_NUMBER"),
        job: look.text("JOB_NAME"),
        actor: look
            .first(&["CHANGE_AUTHOR", "ghprbTriggerAuthorLogin", "gitlabUserUsername"])
            .map(Fact::owned),
        workspace: look.path("WORKSPACE"),
        ..Said::default()
    });
}

/// The name of a multibranch job tells the strategy where a project uses both: `PR-7-head`, `PR-7-merge`.
fn builds_the_head(look: &Look<'_>) -> bool {
    look.env.get("CHANGE_ID").is_some()
        && look.env.get("BRANCH_NAME").is_some_and(|name| name.ends_with("-head"))
}

fn branch(look: &Look<'_>) -> Option<Fact<RefName>> {
    let plain = look.name("BRANCH_NAME").or_else(|| look.name("GIT_LOCAL_BRANCH"));
    let found = plain.or_else(|| {
        look.raw("GIT_BRANCH")?.and_then(|full| {
            // `<remote>/<branch>`; the names of remotes are not in the environment.
            let prefixes: [&[u8]; 5] = [
                b"refs/heads/",
                b"refs/remotes/origin/",
                b"origin/",
                b"refs/remotes/upstream/",
                b"upstream/",
            ];
            let name = prefixes.iter().find_map(|prefix| full.strip_prefix(*prefix)).unwrap_or(full);
            (!name.starts_with(b"refs/")).then(|| RefName::from_bytes(name))
        })
    });
    found.filter(|name| name.value.as_bytes() != b"detached" && name.value.as_bytes() != b"HEAD")
}

fn tag(look: &Look<'_>) -> Option<Fact<RefName>> {
    look.name("TAG_NAME").or_else(|| {
        look.raw("GIT_BRANCH")?.and_then(|full| full.strip_prefix(b"refs/tags/").map(RefName::from_bytes))
    })
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    (builder(look)?.fork)(look)
}
