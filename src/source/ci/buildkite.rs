//! Buildkite.
//!
//! Source: buildkite.com/docs/pipelines/configure/environment-variables.

use super::CiContext;
use super::context::Said;
use super::fork::{Fork, compare};
use super::look::{Fact, Look};
use super::systems::set;
use crate::environment::Environment;
use crate::source::RefName;
use crate::source::url::sanitise_page_url;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    set(env, "BUILDKITE")
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let pr = look.pr("BUILDKITE_PULL_REQUEST");
    let queue = look.name("BUILDKITE_MERGE_QUEUE_BASE_BRANCH");
    let base = look.name("BUILDKITE_PULL_REQUEST_BASE_BRANCH").filter(|_| pr.is_some());
    let job_url = look.var("BUILDKITE_BUILD_URL").zip(look.env.get("BUILDKITE_JOB_ID"));
    ci.put(Said {
        event: look.text("BUILDKITE_SOURCE"),
        // `HEAD`, where the build names no commit: that is none.
        commit: look.commit("BUILDKITE_COMMIT"),
        branch: branch(look),
        tag: look.name("BUILDKITE_TAG"),
        pr,
        merge_queue: queue.as_ref().map(|base| base.origin.clone()),
        base_branch: queue.or(base),
        default_branch: look.text("BUILDKITE_PIPELINE_DEFAULT_BRANCH"),
        build_url: look.page_url("BUILDKITE_BUILD_URL"),
        job_url: job_url
            .and_then(|(url, job)| url.and_then(|url| sanitise_page_url(&format!("{url}#{job}")))),
        build_id: look.text("BUILDKITE_BUILD_ID"),
        build_number: look.text("BUILDKITE_BUILD_NUMBER"),
        attempt: look.count("BUILDKITE_RETRY_COUNT").map(Fact::one_more),
        job: look.first(&["BUILDKITE_LABEL", "BUILDKITE_STEP_KEY"]).map(Fact::owned),
        actor: look.first(&["BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_AUTHOR"]).map(Fact::owned),
        repository_url: look.repository_url("BUILDKITE_REPO"),
        workspace: look.path("BUILDKITE_BUILD_CHECKOUT_PATH"),
        ..Said::default()
    });
}

/// The branch; of a fork's it is `user:branch`, and no branch has a colon in its name.
fn branch(look: &Look<'_>) -> Option<Fact<RefName>> {
    look.raw("BUILDKITE_BRANCH")?.and_then(|full| {
        let name = full.iter().position(|byte| *byte == b':').and_then(|colon| full.get(colon + 1..));
        Some(RefName::from_bytes(name.unwrap_or(full)))
    })
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    let branch = look.raw("BUILDKITE_BRANCH").filter(|branch| branch.value.contains(&b':'));
    if let Some(branch) = branch {
        return Some(Fork::Yes(branch.origin));
    }
    look.pr("BUILDKITE_PULL_REQUEST")?;
    compare(look.repository_url("BUILDKITE_PULL_REQUEST_REPO"), look.repository_url("BUILDKITE_REPO"))
}
