//! Travis CI. `TRAVIS_BRANCH` is the base on pull requests, and the tag on tags.
//!
//! Source: travis-ci/docs-travis-ci-com `user/environment-variables.md`.

use super::CiContext;
use super::context::{Said, head_and_merge};
use super::fork::{Fork, compare};
use super::look::Look;
use super::systems::set;
use crate::environment::Environment;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    set(env, "TRAVIS")
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let pr = look.pr("TRAVIS_PULL_REQUEST");
    let is_pr = pr.is_some();
    let built = look.commit("TRAVIS_COMMIT");
    let (commit, merge_commit) = match is_pr {
        true => head_and_merge(look.commit("TRAVIS_PULL_REQUEST_SHA"), built),
        false => (built, None),
    };
    ci.put(Said {
        event: look.text("TRAVIS_EVENT_TYPE"),
        commit,
        merge_commit,
        branch: look.name(if is_pr { "TRAVIS_PULL_REQUEST_BRANCH" } else { "TRAVIS_BRANCH" }),
        tag: look.name("TRAVIS_TAG"),
        pr,
        base_branch: look.name("TRAVIS_BRANCH").filter(|_| is_pr),
        build_url: look.page_url("TRAVIS_BUILD_WEB_URL"),
        job_url: look.page_url("TRAVIS_JOB_WEB_URL"),
        build_id: look.text("TRAVIS_BUILD_ID"),
        build_number: look.text("TRAVIS_BUILD_NUMBER"),
        job: look.text("TRAVIS_JOB_NAME"),
        project: look.text("TRAVIS_REPO_SLUG"),
        workspace: look.path("TRAVIS_BUILD_DIR"),
        ..Said::default()
    });
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    look.pr("TRAVIS_PULL_REQUEST")?;
    compare(look.var("TRAVIS_PULL_REQUEST_SLUG"), look.var("TRAVIS_REPO_SLUG"))
}
