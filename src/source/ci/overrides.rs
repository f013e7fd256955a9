//! The `IMGBUILD_*` variables that say what a CI does not: the only way on Tekton, Argo and others whose jobs have
//! no variables of their own.

use super::look::{Look, pr_number};
use super::{CiContext, Provider};

/// A variable that overrides what was detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Override {
    /// The variable.
    pub name: &'static str,
    /// The field of [`CiContext`] that it sets.
    pub field: &'static str,
    /// One line for the documentation.
    pub summary: &'static str,
}

const fn entry(name: &'static str, field: &'static str, summary: &'static str) -> Override {
    Override { name, field, summary }
}

/// Every override. An empty value counts as unset. None of them lets a run push that the CI says is for a fork, or
/// `pull_request_target`.
pub const OVERRIDES: [Override; 11] = [
    entry(
        "IMGBUILD_CI_PROVIDER",
        "provider",
        "whose variables are read: github-actions, gitlab-ci, jenkins, tekton …; none for a local run; any other name for another CI",
    ),
    entry("IMGBUILD_SHA", "commit", "the commit, in full hex; on a pull request its head"),
    entry(
        "IMGBUILD_BRANCH",
        "branch",
        "the branch; on a pull request its head; replaces a tag that the CI names",
    ),
    entry("IMGBUILD_TAG", "tag", "the git tag that is built; there is no branch then"),
    entry("IMGBUILD_PR", "pr", "the number of the pull request; false for none"),
    entry(
        "IMGBUILD_FORK",
        "fork",
        "whether the pull request comes from a fork; false counts where the CI never says it",
    ),
    entry("IMGBUILD_BASE_BRANCH", "base_branch", "the branch that the pull request goes to"),
    entry("IMGBUILD_BUILD_URL", "build_url", "the page of the build"),
    entry("IMGBUILD_REPO_URL", "repository_url", "the page of the repository"),
    entry("IMGBUILD_DEFAULT_BRANCH", "default_branch", "the default branch"),
    entry("IMGBUILD_ACTOR", "actor", "who started the run"),
];

/// The system that a value of `IMGBUILD_CI_PROVIDER` names, and its name where it is not known; `None` for a local run.
pub(super) fn provider(named: &str) -> Option<(Provider, Option<String>)> {
    let lower = named.to_ascii_lowercase();
    match lower.as_str() {
        "none" | "local" | "false" | "0" => None,
        name => match Provider::named(name) {
            Provider::Other if name != Provider::Other.name() => Some((Provider::Other, pr_number(name))),
            provider => Some((provider, None)),
        },
    }
}

/// What `IMGBUILD_FORK` says; `None` where it says neither yes nor no.
pub(super) fn fork(look: &Look<'_>) -> Option<bool> {
    match look.env.get("IMGBUILD_FORK")?.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// Puts the overrides over what was detected.
pub(super) fn apply(look: &Look<'_>, ci: &mut CiContext) {
    ci.set("commit", look.commit("IMGBUILD_SHA"), |ci| &mut ci.commit);
    let (branch, tag) = (look.name("IMGBUILD_BRANCH"), look.name("IMGBUILD_TAG"));
    if branch.is_some() && tag.is_none() {
        ci.clear("tag", |ci| &mut ci.tag);
    }
    ci.set("branch", branch, |ci| &mut ci.branch);
    ci.set("tag", tag, |ci| &mut ci.tag);
    if look.var("IMGBUILD_PR").is_some_and(|number| number.value.eq_ignore_ascii_case("false")) {
        ci.clear("pr", |ci| &mut ci.pr);
    }
    ci.set("pr", look.pr("IMGBUILD_PR"), |ci| &mut ci.pr);
    ci.set("base_branch", look.name("IMGBUILD_BASE_BRANCH"), |ci| &mut ci.base_branch);
    ci.set("build_url", look.page_url("IMGBUILD_BUILD_URL"), |ci| &mut ci.build_url);
    ci.set("repository_url", look.repository_url("IMGBUILD_REPO_URL"), |ci| &mut ci.repository_url);
    ci.set("default_branch", look.text("IMGBUILD_DEFAULT_BRANCH"), |ci| &mut ci.default_branch);
    ci.set("actor", look.text("IMGBUILD_ACTOR"), |ci| &mut ci.actor);
}

/// The overrides that are set and did not get through.
pub(super) fn ignored(look: &Look<'_>, ci: &CiContext) -> Vec<&'static str> {
    let lost = |entry: &&Override| {
        let origin = ci.origins.get(entry.field).map(String::as_str);
        let switched_off = match entry.field {
            // `none` and `false` are values, although nothing comes of them.
            "provider" => true,
            "fork" => fork(look) == Some(ci.fork),
            "pr" => look.env.get(entry.name).is_some_and(|value| value.eq_ignore_ascii_case("false")),
            _ => false,
        };
        look.raw(entry.name).is_some()
            && !switched_off
            && origin != Some(format!("override:{}", entry.name).as_str())
    };
    OVERRIDES.iter().filter(lost).map(|entry| entry.name).collect()
}
