//! CircleCI.
//!
//! Source: circleci/circleci-docs `variables.adoc`.

use std::path::PathBuf;

use super::CiContext;
use super::context::Said;
use super::fork::Fork;
use super::look::{Fact, Look, pr_number};
use super::systems::set;
use crate::environment::Environment;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    set(env, "CIRCLECI")
}

/// The branch of a fork's pull request is called `pull/15`.
const PULL: &str = "pull/";

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let of_branch = || look.var("CIRCLE_BRANCH")?.and_then(|branch| pr_number(branch.strip_prefix(PULL)?));
    // The number stands in the address alone, but for forks.
    let of_url = || {
        let url = look.var("CIRCLE_PULL_REQUEST")?;
        url.and_then(|url| pr_number(url.trim_end_matches('/').rsplit('/').next()?))
    };
    let project = look
        .var("CIRCLE_PROJECT_USERNAME")
        .zip(look.env.get("CIRCLE_PROJECT_REPONAME"))
        .map(|(owner, name)| Fact { value: format!("{}/{name}", owner.value), origin: owner.origin });
    ci.put(Said {
        commit: look.commit("CIRCLE_SHA1"),
        branch: look.name("CIRCLE_BRANCH").filter(|name| !name.value.as_bytes().starts_with(PULL.as_bytes())),
        tag: look.name("CIRCLE_TAG"),
        pr: of_url().or_else(|| look.pr("CIRCLE_PR_NUMBER")).or_else(of_branch),
        build_url: look.page_url("CIRCLE_BUILD_URL"),
        build_id: look.text("CIRCLE_WORKFLOW_ID"),
        build_number: look.text("CIRCLE_BUILD_NUM"),
        job: look.text("CIRCLE_JOB"),
        actor: look.text("CIRCLE_USERNAME"),
        project,
        repository_url: look.repository_url("CIRCLE_REPOSITORY_URL"),
        workspace: workspace(look),
        ..Said::default()
    });
}

/// `~/project`, as it stands in the configuration.
fn workspace(look: &Look<'_>) -> Option<Fact<PathBuf>> {
    let folder = look.path("CIRCLE_WORKING_DIRECTORY")?;
    folder.and_then(|folder| match folder.strip_prefix("~") {
        Ok(below) => Some(look.env.home()?.join(below)),
        Err(_) => Some(folder),
    })
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    // All of these are set for forks only.
    let only = ["CIRCLE_PR_NUMBER", "CIRCLE_PR_USERNAME", "CIRCLE_PR_REPONAME"];
    let branch = || look.var("CIRCLE_BRANCH").filter(|branch| branch.value.starts_with(PULL));
    look.first(&only).or_else(branch).map(|found| Fork::Yes(found.origin))
}
