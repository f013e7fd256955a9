//! AppVeyor. `APPVEYOR_REPO_BRANCH` is the base on pull requests, and still set on tags.
//!
//! Source: appveyor/website `src/docs/environment-variables.md`.

use super::CiContext;
use super::context::{Said, head_and_merge};
use super::fork::{Fork, compare};
use super::look::{Fact, Look, segment};
use super::systems::set;
use crate::environment::Environment;
use crate::source::url::{sanitise_page_url, sanitise_url};

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    set(env, "APPVEYOR")
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let pr = look.pr("APPVEYOR_PULL_REQUEST_NUMBER");
    let is_pr = pr.is_some();
    let built = look.commit("APPVEYOR_REPO_COMMIT");
    let (commit, merge_commit) = match is_pr {
        true => head_and_merge(look.commit("APPVEYOR_PULL_REQUEST_HEAD_COMMIT"), built),
        false => (built, None),
    };
    let tag = look.name("APPVEYOR_REPO_TAG_NAME").filter(|_| look.env.is_true("APPVEYOR_REPO_TAG"));
    let branch = if is_pr { "APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH" } else { "APPVEYOR_REPO_BRANCH" };
    ci.put(Said {
        commit,
        merge_commit,
        branch: look.name(branch),
        tag,
        pr,
        base_branch: look.name("APPVEYOR_REPO_BRANCH").filter(|_| is_pr),
        build_url: page(look).and_then(|page| page.and_then(|page| sanitise_page_url(&page))),
        job_url: page(look).zip(look.env.get("APPVEYOR_JOB_ID")).and_then(|(page, job)| {
            page.and_then(|page| sanitise_page_url(&format!("{page}/job/{}", segment(job))))
        }),
        build_id: look.text("APPVEYOR_BUILD_ID"),
        build_number: look.text("APPVEYOR_BUILD_NUMBER"),
        job: look.text("APPVEYOR_JOB_NAME"),
        project: look.text("APPVEYOR_REPO_NAME"),
        repository_url: repository_url(look),
        workspace: look.path("APPVEYOR_BUILD_FOLDER"),
        ..Said::default()
    });
}

fn page(look: &Look<'_>) -> Option<Fact<String>> {
    let server = look.var("APPVEYOR_URL")?.value.trim_end_matches('/');
    let account = segment(look.var("APPVEYOR_ACCOUNT_NAME")?.value);
    let project = segment(look.var("APPVEYOR_PROJECT_SLUG")?.value);
    look.var("APPVEYOR_BUILD_ID")?
        .and_then(|id| Some(format!("{server}/project/{account}/{project}/builds/{}", segment(id))))
}

fn repository_url(look: &Look<'_>) -> Option<Fact<String>> {
    let host = match look.env.get("APPVEYOR_REPO_PROVIDER")? {
        "gitHub" => "github.com",
        "bitBucket" => "bitbucket.org",
        "gitLab" => "gitlab.com",
        _ => return None,
    };
    look.var("APPVEYOR_REPO_NAME")?.and_then(|name| sanitise_url(&format!("https://{host}/{name}")))
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    look.pr("APPVEYOR_PULL_REQUEST_NUMBER")?;
    compare(look.var("APPVEYOR_PULL_REQUEST_HEAD_REPO_NAME"), look.var("APPVEYOR_REPO_NAME"))
}
