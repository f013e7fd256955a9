//! Bitbucket Pipelines. On pull requests the destination is merged into the head in the checkout, under no name that a
//! variable holds; the repository tells that HEAD is a merge of the commit.
//!
//! Source: support.atlassian.com `bitbucket-cloud/docs/variables-and-secrets`.

use super::CiContext;
use super::context::Said;
use super::fork::Fork;
use super::look::Look;
use crate::environment::Environment;
use crate::source::url::sanitise_page_url;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    let key = "BITBUCKET_BUILD_NUMBER";
    env.get(key).map(|_| key)
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let build = look.var("BITBUCKET_BUILD_NUMBER").zip(look.env.get("BITBUCKET_REPO_FULL_NAME"));
    let pr = look.pr("BITBUCKET_PR_ID");
    ci.put(Said {
        commit: look.commit("BITBUCKET_COMMIT"),
        branch: look.name("BITBUCKET_BRANCH"),
        tag: look.name("BITBUCKET_TAG"),
        base_branch: look.name("BITBUCKET_PR_DESTINATION_BRANCH").filter(|_| pr.is_some()),
        pr,
        build_url: build.and_then(|(number, project)| {
            let page = |number: &str| format!("https://bitbucket.org/{project}/pipelines/results/{number}");
            number.and_then(|number| sanitise_page_url(&page(number)))
        }),
        build_id: look.text("BITBUCKET_PIPELINE_UUID"),
        build_number: look.text("BITBUCKET_BUILD_NUMBER"),
        attempt: look.count("BITBUCKET_STEP_RUN_NUMBER"),
        actor: look.text("BITBUCKET_STEP_TRIGGERER_UUID"),
        project: look.text("BITBUCKET_REPO_FULL_NAME"),
        repository_url: look.repository_url("BITBUCKET_GIT_HTTP_ORIGIN"),
        workspace: look.path("BITBUCKET_CLONE_DIR"),
        ..Said::default()
    });
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    look.pr("BITBUCKET_PR_ID").map(|_| Fork::Untold)
}
