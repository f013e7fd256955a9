//! GitLab CI.
//!
//! Source: docs.gitlab.com `ci/variables/predefined_variables`.

use super::CiContext;
use super::context::{Said, head_and_merge};
use super::fork::{Fork, compare};
use super::look::{Look, pr_number};
use super::systems::set;
use crate::environment::Environment;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    set(env, "GITLAB_CI")
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let checked_out = look.commit("CI_COMMIT_SHA");
    // Set only where the pipeline builds a merge of source and target.
    let head = look
        .commit("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
        .or_else(|| look.commit("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA"));
    let (commit, merge_commit) = match head {
        Some(_) => head_and_merge(head, checked_out),
        None => (checked_out, None),
    };
    ci.set("commit", commit, |ci| &mut ci.commit);
    ci.set("merge_commit", merge_commit, |ci| &mut ci.merge_commit);
    // The instance-wide CI_MERGE_REQUEST_ID is not the number that people see.
    let pr = look.pr("CI_MERGE_REQUEST_IID").or_else(|| look.pr("CI_EXTERNAL_PULL_REQUEST_IID"));
    if pr.is_some() {
        let branch = look
            .name("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
            .or_else(|| look.name("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME"));
        let base = look
            .name("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
            .or_else(|| look.name("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME"));
        ci.set("branch", branch, |ci| &mut ci.branch);
        ci.set("base_branch", base, |ci| &mut ci.base_branch);
    } else {
        let of_ref =
            || look.name("CI_COMMIT_REF_NAME").filter(|name| !name.value.as_bytes().starts_with(b"refs/"));
        let branch = look.name("CI_COMMIT_BRANCH").or_else(of_ref);
        ci.set("branch", branch, |ci| &mut ci.branch);
    }
    if pr.is_none() {
        let open = look.var("CI_OPEN_MERGE_REQUESTS");
        let first = open
            .and_then(|open| open.and_then(|list| pr_number(list.split(',').next()?.rsplit_once('!')?.1)));
        ci.set("related_pr", first, |ci| &mut ci.related_pr);
    }
    ci.set("pr", pr, |ci| &mut ci.pr);
    ci.set("tag", look.name("CI_COMMIT_TAG"), |ci| &mut ci.tag);
    ci.set("default_branch", look.text("CI_DEFAULT_BRANCH"), |ci| &mut ci.default_branch);
    ci.set("build_url", look.page_url("CI_PIPELINE_URL"), |ci| &mut ci.build_url);
    // CI_REPOSITORY_URL holds the job's token.
    let url = look.repository_url("CI_PROJECT_URL").or_else(|| look.repository_url("CI_REPOSITORY_URL"));
    ci.set("repository_url", url, |ci| &mut ci.repository_url);
    let train = look.var("CI_MERGE_REQUEST_EVENT_TYPE").filter(|kind| kind.value == "merge_train");
    ci.put(Said {
        event: look.text("CI_PIPELINE_SOURCE"),
        git_ref: look.name("CI_MERGE_REQUEST_REF_PATH"),
        base_commit: look.commit("CI_MERGE_REQUEST_TARGET_BRANCH_SHA"),
        job_url: look.page_url("CI_JOB_URL"),
        build_id: look.text("CI_PIPELINE_ID"),
        build_number: look.text("CI_PIPELINE_IID"),
        job: look.text("CI_JOB_NAME"),
        actor: look.text("GITLAB_USER_LOGIN"),
        project: look.text("CI_PROJECT_PATH"),
        workspace: look.path("CI_PROJECT_DIR"),
        merge_queue: train.map(|kind| kind.origin),
        ..Said::default()
    });
    if look.first(&["CI_REGISTRY_PASSWORD", "CI_JOB_TOKEN"]).is_some() {
        ci.set("repository", look.text("CI_REGISTRY_IMAGE"), |ci| &mut ci.repository);
    }
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    if look.var("CI_MERGE_REQUEST_IID").is_some() {
        let target = ["CI_MERGE_REQUEST_PROJECT_PATH", "CI_PROJECT_PATH"];
        return compare(look.var("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"), look.first(&target));
    }
    look.var("CI_EXTERNAL_PULL_REQUEST_IID")?;
    let target = look.var("CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY");
    compare(look.var("CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY"), target)
}
