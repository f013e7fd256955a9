//! Woodpecker. On pull requests `CI_COMMIT_BRANCH` is the branch that they go to, and on tags it is still set.
//!
//! Source: woodpecker-ci/woodpecker `docs/docs/20-usage/50-environment.md`.

use super::CiContext;
use super::context::Said;
use super::fork::Fork;
use super::look::{Fact, Look};
use crate::environment::Environment;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    ["CI", "CI_SYSTEM_NAME"].into_iter().find(|key| env.get(key) == Some("woodpecker"))
}

/// The number; some forges' refs are not understood by the server, which then says the event alone.
fn number(look: &Look<'_>) -> Option<Fact<String>> {
    look.pr("CI_COMMIT_PULL_REQUEST").or_else(|| look.raw("CI_COMMIT_REF")?.pull()).or_else(|| {
        let event = look.var("CI_PIPELINE_EVENT").filter(|event| event.value.starts_with("pull_request"))?;
        Some(Fact { value: "unknown".to_owned(), origin: event.origin })
    })
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let pr = number(look);
    let is_pr = pr.is_some();
    let target = || look.name("CI_COMMIT_TARGET_BRANCH").or_else(|| look.name("CI_COMMIT_BRANCH"));
    ci.put(Said {
        event: look.text("CI_PIPELINE_EVENT"),
        git_ref: look.name("CI_COMMIT_REF"),
        commit: look.commit("CI_COMMIT_SHA"),
        branch: look.name(if is_pr { "CI_COMMIT_SOURCE_BRANCH" } else { "CI_COMMIT_BRANCH" }),
        tag: look.name("CI_COMMIT_TAG"),
        pr,
        base_branch: if is_pr { target() } else { None },
        default_branch: look.text("CI_REPO_DEFAULT_BRANCH"),
        build_url: look.page_url("CI_PIPELINE_URL"),
        job_url: look.page_url("CI_STEP_URL"),
        build_number: look.text("CI_PIPELINE_NUMBER"),
        attempt: look.count("CI_PIPELINE_RERUNS").map(Fact::one_more),
        job: look.text("CI_WORKFLOW_NAME"),
        actor: look.text("CI_COMMIT_AUTHOR"),
        project: look.text("CI_REPO"),
        repository_url: look.repository_url("CI_REPO_URL"),
        workspace: look.path("CI_WORKSPACE"),
        ..Said::default()
    });
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    number(look).map(|_| Fork::Untold)
}
