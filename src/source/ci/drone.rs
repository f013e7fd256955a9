//! Drone. On pull requests `DRONE_BRANCH` is the branch that they go to.
//!
//! Source: docs.drone.io/pipeline/environment/reference.

use super::CiContext;
use super::context::Said;
use super::fork::Fork;
use super::look::{Fact, Look};
use super::systems::set;
use crate::environment::Environment;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    set(env, "DRONE")
}

/// The number; of a ref, where a promotion of a pull request's build leaves it out.
fn number(look: &Look<'_>) -> Option<Fact<String>> {
    look.pr("DRONE_PULL_REQUEST").or_else(|| look.raw("DRONE_COMMIT_REF")?.pull()).or_else(|| {
        let event = look.var("DRONE_BUILD_EVENT").filter(|event| event.value == "pull_request")?;
        Some(Fact { value: "unknown".to_owned(), origin: event.origin })
    })
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let pr = number(look);
    let is_pr = pr.is_some();
    let target = || look.name("DRONE_TARGET_BRANCH").or_else(|| look.name("DRONE_BRANCH"));
    ci.put(Said {
        event: look.text("DRONE_BUILD_EVENT"),
        git_ref: look.name("DRONE_COMMIT_REF"),
        commit: look.commit("DRONE_COMMIT_SHA").or_else(|| look.commit("DRONE_COMMIT")),
        branch: look.name(if is_pr { "DRONE_SOURCE_BRANCH" } else { "DRONE_BRANCH" }),
        tag: look.name("DRONE_TAG"),
        pr,
        base_branch: if is_pr { target() } else { None },
        default_branch: look.text("DRONE_REPO_BRANCH"),
        build_url: look.page_url("DRONE_BUILD_LINK"),
        build_number: look.text("DRONE_BUILD_NUMBER"),
        job: look.text("DRONE_STAGE_NAME"),
        actor: look.first(&["DRONE_BUILD_TRIGGER", "DRONE_COMMIT_AUTHOR"]).map(Fact::owned),
        project: look.text("DRONE_REPO"),
        repository_url: look
            .repository_url("DRONE_REPO_LINK")
            .or_else(|| look.repository_url("DRONE_GIT_HTTP_URL")),
        workspace: look.path("DRONE_WORKSPACE").or_else(|| look.path("CI_WORKSPACE")),
        ..Said::default()
    });
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    number(look).map(|_| Fork::Untold)
}
