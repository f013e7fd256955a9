//! Google Cloud Build. Its substitutions are variables only where the build has `automapSubstitutions: true` or maps
//! them itself.
//!
//! Source: cloud.google.com `build/docs/configuring-builds/substitute-variable-values`.

use super::CiContext;
use super::context::Said;
use super::fork::{Fork, compare};
use super::look::{Fact, Look, path_of_url, segment};
use crate::environment::Environment;
use crate::source::url::sanitise_page_url;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    let key = "BUILDER_OUTPUT";
    env.get_os(key).map(|_| key)
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let pr = look.pr("_PR_NUMBER");
    let is_pr = pr.is_some();
    let head = look.name("_HEAD_BRANCH").filter(|_| is_pr);
    ci.put(Said {
        event: look.text("TRIGGER_NAME"),
        commit: look.commit("COMMIT_SHA").or_else(|| look.commit("REVISION_ID")),
        branch: head.or_else(|| look.name("BRANCH_NAME")),
        tag: look.name("TAG_NAME"),
        pr,
        base_branch: look.name("_BASE_BRANCH").filter(|_| is_pr),
        build_url: build_url(look),
        build_id: look.text("BUILD_ID"),
        project: look.text("REPO_FULL_NAME"),
        // Every step works below it, and root owns it.
        workspace: Some(Fact::fixed("/workspace".into(), "google-cloud-build")),
        ..Said::default()
    });
}

fn build_url(look: &Look<'_>) -> Option<Fact<String>> {
    let project = segment(look.var("PROJECT_ID")?.value);
    let region = look.var("LOCATION").map(|region| format!(";region={}", segment(region.value)));
    let region = region.unwrap_or_default();
    look.var("BUILD_ID")?.and_then(|id| {
        let id = segment(id);
        let console = "https://console.cloud.google.com/cloud-build/builds";
        sanitise_page_url(&format!("{console}{region}/{id}?project={project}"))
    })
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    look.pr("_PR_NUMBER")?;
    let source = look.repository_url("_HEAD_REPO_URL").and_then(|url| url.and_then(|url| path_of_url(&url)));
    compare(source, look.var("REPO_FULL_NAME"))
}
