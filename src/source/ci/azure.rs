//! Azure Pipelines.
//!
//! Source: MicrosoftDocs/azure-devops-docs `docs/pipelines/build/variables.md`.

use super::CiContext;
use super::context::{Said, head_and_merge};
use super::fork::{ASSUMED, Fork};
use super::look::{Fact, Look, commit_id, pr_number, segment};
use super::refs::Ref;
use super::systems::set;
use crate::environment::Environment;
use crate::source::url::{sanitise_page_url, sanitise_url};

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    set(env, "TF_BUILD")
}

/// A variable; one that the pipeline maps and that does not exist holds its own name, `$(System.X)`.
fn var<'a>(look: &Look<'a>, key: &str) -> Option<Fact<&'a str>> {
    look.var(key).filter(|found| !Environment::is_unmapped(found.value))
}

fn text(look: &Look<'_>, key: &str) -> Option<Fact<String>> {
    var(look, key).map(Fact::owned)
}

fn source<'a>(look: &Look<'a>) -> Option<Fact<&'a [u8]>> {
    var(look, "BUILD_SOURCEBRANCH").and_then(|_| look.raw("BUILD_SOURCEBRANCH"))
}

/// On GitHub the id is Azure's own, and the number is the one that people see.
fn number(look: &Look<'_>) -> Option<Fact<String>> {
    ["SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_PULLREQUESTID"]
        .iter()
        .find_map(|key| var(look, key)?.and_then(pr_number))
        .or_else(|| source(look)?.pull())
        .or_else(|| {
            let reason = look.var("BUILD_REASON").filter(|reason| reason.value == "PullRequest")?;
            Some(Fact { value: "unknown".to_owned(), origin: reason.origin })
        })
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let full = source(look);
    let pr = number(look);
    let name = |key: &str| var(look, key).and_then(|_| look.raw(key)).map(|full| full.short());
    let version = var(look, "BUILD_SOURCEVERSION").and_then(|sha| sha.and_then(commit_id));
    let head = var(look, "SYSTEM_PULLREQUEST_SOURCECOMMITID").and_then(|sha| sha.and_then(commit_id));
    let merges = full.as_ref().is_some_and(|full| matches!(Ref::of(full.value), Ref::Pull(_, true)));
    let is_pr = pr.is_some();
    let (commit, merge_commit) = match is_pr && (merges || head.is_some()) {
        true => head_and_merge(head, version),
        false => (version, None),
    };
    ci.put(Said {
        event: text(look, "BUILD_REASON"),
        git_ref: full.as_ref().map(Fact::name),
        commit,
        merge_commit,
        // BUILD_SOURCEBRANCHNAME is the last segment only.
        branch: if is_pr {
            name("SYSTEM_PULLREQUEST_SOURCEBRANCH")
        } else {
            full.as_ref().and_then(Fact::branch)
        },
        tag: full.as_ref().and_then(Fact::tag),
        pr,
        base_branch: name("SYSTEM_PULLREQUEST_TARGETBRANCH").filter(|_| is_pr),
        build_url: build_url(look),
        build_id: text(look, "BUILD_BUILDID"),
        build_number: text(look, "BUILD_BUILDNUMBER"),
        attempt: look.count("SYSTEM_JOBATTEMPT"),
        job: text(look, "SYSTEM_JOBDISPLAYNAME").or_else(|| text(look, "AGENT_JOBNAME")),
        actor: text(look, "BUILD_REQUESTEDFOR"),
        project: text(look, "BUILD_REPOSITORY_NAME"),
        repository_url: var(look, "BUILD_REPOSITORY_URI").and_then(|url| url.and_then(sanitise_url)),
        workspace: look.path("BUILD_SOURCESDIRECTORY"),
        ..Said::default()
    });
}

fn build_url(look: &Look<'_>) -> Option<Fact<String>> {
    let collection = ["SYSTEM_COLLECTIONURI", "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"]
        .iter()
        .find_map(|key| var(look, key))?
        .value;
    let project = segment(var(look, "SYSTEM_TEAMPROJECT")?.value);
    let collection = collection.trim_end_matches('/');
    var(look, "BUILD_BUILDID")?.and_then(|id| {
        sanitise_page_url(&format!("{collection}/{project}/_build/results?buildId={}", segment(id)))
    })
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    number(look)?;
    match var(look, "SYSTEM_PULLREQUEST_ISFORK") {
        Some(told) if told.value.eq_ignore_ascii_case("false") => None,
        Some(told) => Some(Fork::Yes(told.origin)),
        None => Some(Fork::Yes(ASSUMED.to_owned())),
    }
}
