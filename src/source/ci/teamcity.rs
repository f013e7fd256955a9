//! TeamCity. Branch and pull request are not in the environment, but in the properties files that it names.
//!
//! Source: JetBrains/teamcity-documentation `topics/predefined-build-parameters.md`.

use super::CiContext;
use super::context::Said;
use super::fork::Fork;
use super::look::{Fact, Look, commit_id, pr_number, segment};
use super::properties::VCS_BRANCH;
use super::refs::Ref;
use crate::environment::Environment;
use crate::source::RefName;
use crate::source::url::{sanitise_page_url, sanitise_url};

pub(super) fn marker(env: &Environment) -> Option<&'static str> {
    let key = "TEAMCITY_VERSION";
    env.get(key).map(|_| key)
}

/// The full ref that is checked out, where the roots of the build agree on one.
fn vcs_branch<'a>(look: &Look<'a>) -> Option<Fact<&'a [u8]>> {
    let mut found = look.properties().filter(|(key, _)| key.starts_with(VCS_BRANCH));
    let (key, value) = found.next()?;
    let one = found.all(|(_, other)| other == value);
    one.then(|| Fact { value: value.as_bytes(), origin: format!("property:{key}") })
}

fn number(look: &Look<'_>) -> Option<Fact<String>> {
    let told = look.property("teamcity.pullRequest.number").and_then(|number| number.and_then(pr_number));
    // Without the build feature for pull requests a branch specification may still take them in.
    let logical = || {
        look.property("teamcity.build.branch")?.and_then(|name| {
            let kinds = ["pull/", "pull-requests/", "merge-requests/"];
            let rest = kinds.iter().find_map(|kind| name.strip_prefix(kind))?;
            pr_number(rest.split('/').next()?)
        })
    };
    told.or_else(|| vcs_branch(look)?.pull()).or_else(logical)
}

pub(super) fn read(look: &Look<'_>, ci: &mut CiContext) {
    let full = vcs_branch(look);
    let pr = number(look);
    let is_pr = pr.is_some();
    let name = |key: &str| look.property(key).map(|name| name.bytes().short());
    let merges = full.as_ref().is_some_and(|full| matches!(Ref::of(full.value), Ref::Pull(_, true)));
    let built = commit(look);
    let (commit, merge_commit) = if merges { (None, built) } else { (built, None) };
    let default = look.property("vcsroot.branch").map(|name| name.bytes().short());
    ci.put(Said {
        commit,
        merge_commit,
        branch: if is_pr {
            name("teamcity.pullRequest.source.branch")
        } else {
            full.as_ref().and_then(Fact::branch).or_else(|| logical_branch(look))
        },
        tag: full.as_ref().and_then(Fact::tag),
        git_ref: full.as_ref().map(Fact::name),
        pr,
        base_branch: name("teamcity.pullRequest.target.branch").filter(|_| is_pr),
        default_branch: default.and_then(|name| name.and_then(|name| name.to_str().map(str::to_owned))),
        build_url: look.page_url("BUILD_URL").or_else(|| build_url(look)),
        build_id: look.property("teamcity.build.id").map(Fact::owned),
        build_number: look.text("BUILD_NUMBER"),
        job: look.text("TEAMCITY_BUILDCONF_NAME"),
        actor: look.property("teamcity.build.triggeredBy.username").map(Fact::owned),
        repository_url: look.property("vcsroot.url").and_then(|url| url.and_then(sanitise_url)),
        workspace: look
            .property("teamcity.build.checkoutDir")
            .and_then(|folder| folder.and_then(|folder| Some(folder.into()))),
        ..Said::default()
    });
}

/// The branch's name for people; `<default>` is none.
fn logical_branch(look: &Look<'_>) -> Option<Fact<RefName>> {
    let name = look.property("teamcity.build.branch").filter(|name| !name.value.starts_with('<'))?;
    let short = name.bytes().short();
    (!short.value.as_bytes().starts_with(b"refs/")).then_some(short)
}

/// The revision; with several roots there is one for each, and it takes the repository to tell which is meant.
fn commit(look: &Look<'_>) -> Option<Fact<String>> {
    look.commit("BUILD_VCS_NUMBER").or_else(|| {
        let mut roots = look.env.iter().filter_map(|(key, value)| {
            let key = key.to_str().filter(|key| key.starts_with("BUILD_VCS_NUMBER_"))?;
            Some(Fact { value: commit_id(value.to_str()?)?, origin: format!("env:{key}") })
        });
        let first = roots.next()?;
        roots.all(|other| other.value == first.value).then_some(first)
    })
}

fn build_url(look: &Look<'_>) -> Option<Fact<String>> {
    let server = look.property("teamcity.serverUrl")?.value.trim_end_matches('/');
    look.property("teamcity.build.id")?
        .and_then(|id| sanitise_page_url(&format!("{server}/viewLog.html?buildId={}", segment(id))))
}

pub(super) fn fork(look: &Look<'_>) -> Option<Fork> {
    number(look).map(|_| Fork::Untold)
}
