//! AWS CodeBuild. Builds that no webhook started say no more than their source version, whose short names may be
//! branches or tags.
//!
//! Source: docs.aws.amazon.com `codebuild/latest/userguide/build-env-ref-env-vars.html`.

use super::CiContext;
use super::context::Said;
use super::fork::Fork;
use super::look::{Fact, Look, pr_number, segment};
use crate::environment::Environment;
use crate::source::RefName;
use crate::source::url::sanitise_page_url;

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    let key = "CODEBUILD_BUILD_ID";
    env.get(key).map(|_| key)
}

/// What the webhook or the source version says behind `kind`: `branch/main`, `tag/v1`, `pr/7`.
fn triggered<'a>(look: &Look<'a>, kind: &str) -> Option<Fact<&'a [u8]>> {
    look.raw("CODEBUILD_WEBHOOK_TRIGGER")?.and_then(|trigger| trigger.strip_prefix(kind.as_bytes()))
}

/// The full ref of a build without a webhook: `refs/heads/main^{4f1c…}`.
fn version<'a>(look: &Look<'a>) -> Option<Fact<&'a [u8]>> {
    if look.var("CODEBUILD_WEBHOOK_TRIGGER").is_some() {
        return None;
    }
    look.raw("CODEBUILD_SOURCE_VERSION")?.and_then(|version| {
        let end = version.windows(2).position(|pair| pair == b"^{").unwrap_or(version.len());
        version.get(..end).filter(|name| name.starts_with(b"refs/"))
    })
}

fn number(look: &Look<'_>) -> Option<Fact<String>> {
    let digits = |found: Fact<&str>| found.and_then(|text| pr_number(text.strip_prefix("pr/")?));
    look.var("CODEBUILD_WEBHOOK_TRIGGER")
        .and_then(digits)
        .or_else(|| look.var("CODEBUILD_SOURCE_VERSION").and_then(digits))
        .or_else(|| version(look)?.pull())
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let owned = |found: Fact<&[u8]>| Fact { value: RefName::from_bytes(found.value), origin: found.origin };
    let head = look.raw("CODEBUILD_WEBHOOK_HEAD_REF");
    let pr = number(look);
    let is_pr = pr.is_some();
    ci.put(Said {
        event: look.text("CODEBUILD_WEBHOOK_EVENT"),
        git_ref: look.name("CODEBUILD_WEBHOOK_HEAD_REF"),
        commit: look.commit("CODEBUILD_RESOLVED_SOURCE_VERSION"),
        branch: head
            .as_ref()
            .and_then(Fact::branch)
            .or_else(|| triggered(look, "branch/").map(owned))
            .or_else(|| version(look)?.branch()),
        tag: triggered(look, "tag/")
            .map(owned)
            .or_else(|| head.as_ref()?.tag())
            .or_else(|| version(look)?.tag()),
        pr,
        base_branch: look.raw("CODEBUILD_WEBHOOK_BASE_REF").filter(|_| is_pr).map(|base| base.short()),
        build_url: look.page_url("CODEBUILD_BUILD_URL").or_else(|| build_url(look)),
        build_id: look.text("CODEBUILD_BUILD_ID"),
        build_number: look.text("CODEBUILD_BUILD_NUMBER"),
        job: look
            .var("CODEBUILD_BUILD_ID")
            .and_then(|id| id.and_then(|id| Some(id.split_once(':')?.0.to_owned()))),
        actor: look.first(&["CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID", "CODEBUILD_INITIATOR"]).map(Fact::owned),
        repository_url: look.repository_url("CODEBUILD_SOURCE_REPO_URL"),
        workspace: look.path("CODEBUILD_SRC_DIR"),
        ..Said::default()
    });
}

/// The page, out of `arn:aws:codebuild:REGION:ACCOUNT:build/PROJECT:ID`.
fn build_url(look: &Look<'_>) -> Option<Fact<String>> {
    look.var("CODEBUILD_BUILD_ARN")?.and_then(|arn| {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, _, "codebuild", region, account, build] = parts[..] else { return None };
        let build = build.strip_prefix("build/")?;
        let (project, _) = build.split_once(':')?;
        let (region, account) = (segment(region), segment(account));
        let (project, build) = (segment(project), segment(build));
        sanitise_page_url(&format!(
            "https://{region}.console.aws.amazon.com/codesuite/codebuild/{account}/projects/{project}/build/{build}/"
        ))
    })
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    number(look).map(|_| Fork::Untold)
}
