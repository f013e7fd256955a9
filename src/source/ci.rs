//! What the CI says it is building: a pure function of the environment and, on GitHub, of the event's JSON.
//!
//! Nothing in it is trusted: it is checked against the repository by [`reconcile`](super::reconcile), and its texts
//! (branch names above all) are whatever the author of a pull request typed.

mod github;
mod gitlab;
mod jenkins;
mod look;
mod overrides;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::environment::Environment;
use crate::source::RefName;

pub use overrides::{OVERRIDES, Override};

use look::{Fact, Look};

/// A CI system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// GitHub Actions, and for now what imitates it: Gitea, Forgejo and `act`.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// Jenkins.
    Jenkins,
    /// `CI=true`, or `IMGBUILD_CI_PROVIDER` with another name: a CI whose variables are not known.
    Other,
}

impl Provider {
    /// The name in reports, in `IMGBUILD_CI_PROVIDER` and in `imgbuild doctor`.
    pub const fn name(self) -> &'static str {
        match self {
            Provider::GitHub => "github-actions",
            Provider::GitLab => "gitlab-ci",
            Provider::Jenkins => "jenkins",
            Provider::Other => "other",
        }
    }
}

/// What the CI says. `None` means that it does not say, and that the repository is asked.
#[derive(Debug, Clone, Default)]
pub struct CiContext {
    /// The CI system; `None` outside of any.
    pub provider: Option<Provider>,
    /// The commit that a person would recognise, in lower-case hex: on pull requests their head.
    pub commit: Option<String>,
    /// What the CI checked out, where that is or may be a merge commit made for this run: it exists nowhere else.
    pub merge_commit: Option<String>,
    /// The tip of the base, where a run on behalf of a pull request checks that out (`pull_request_target`).
    pub base_commit: Option<String>,
    /// The e-mail address under which the CI itself makes merge commits, where it does so in the checkout (Jenkins).
    pub merger: Option<String>,
    /// The branch, on pull requests the head's; never set beside `tag`.
    pub branch: Option<RefName>,
    /// The git tag that the run was started for.
    pub tag: Option<RefName>,
    /// The number of the pull or merge request, of `[A-Za-z0-9_.-]` only.
    pub pr: Option<String>,
    /// The branch that the pull request, or the merge queue, goes to.
    pub base_branch: Option<RefName>,
    /// The pull request comes from another repository, or nothing says where it comes from. No override clears it.
    pub fork: bool,
    /// A pull request started a run that has the base repository's rights (`pull_request_target` and the like). No
    /// override clears it.
    pub privileged_pr: bool,
    /// A local imitation of a CI (`act`).
    pub emulator: bool,
    /// The repository's default branch.
    pub default_branch: Option<String>,
    /// The page of this build, without user name and password.
    pub build_url: Option<String>,
    /// The page of the repository, as [`sanitise_url`](super::sanitise_url) makes it.
    pub repository_url: Option<String>,
    /// The image repository that the CI gives this project, where it gives the credentials too.
    pub repository: Option<String>,
    /// The folder that the CI checks out to, as it names it.
    pub workspace: Option<PathBuf>,
    /// Overrides whose value makes no sense for their field, and which changed nothing: worth a warning.
    pub ignored: Vec<&'static str>,
    /// Where each field that is set came from, by field: `env:GITHUB_REF`, `event:pull_request.head.sha`,
    /// `override:IMGBUILD_SHA`.
    pub origins: BTreeMap<&'static str, String>,
}

impl CiContext {
    /// Whether a CI was detected.
    pub fn is_ci(&self) -> bool {
        self.provider.is_some()
    }

    /// Whether the run builds a pull request, or was started by one with more rights than its author has.
    pub fn is_pr(&self) -> bool {
        self.pr.is_some() || self.fork || self.privileged_pr
    }

    /// Whether the run may push at all; no setting changes it.
    pub fn may_push(&self) -> bool {
        !(self.fork || self.privileged_pr || self.emulator)
    }

    /// Sets a field and notes where it came from; a fact that is missing leaves what is there.
    fn set<T>(
        &mut self,
        field: &'static str,
        fact: Option<Fact<T>>,
        slot: fn(&mut CiContext) -> &mut Option<T>,
    ) {
        if let Some(fact) = fact {
            *slot(self) = Some(fact.value);
            self.origins.insert(field, fact.origin);
        }
    }

    fn clear<T>(&mut self, field: &'static str, slot: fn(&mut CiContext) -> &mut Option<T>) {
        *slot(self) = None;
        self.origins.remove(field);
    }
}

/// Where the event that started a GitHub run is described; the caller reads it and hands it to [`detect`].
pub fn event_file(env: &Environment) -> Option<PathBuf> {
    github::is(env).then(|| env.get_os("GITHUB_EVENT_PATH").map(PathBuf::from)).flatten()
}

/// What the CI says, from the environment and GitHub's event. Never fails: what makes no sense is left out.
///
/// `CI=false` (or `0`) switches the detection off, but never the guards on forks and privileged runs.
pub fn detect(env: &Environment, event: Option<&serde_json::Value>) -> CiContext {
    let look = Look { env, event };
    let mut ci = CiContext::default();
    if let Some(found) = provider(&look) {
        ci.provider = Some(found.value);
        ci.origins.insert("provider", found.origin);
        match found.value {
            Provider::GitHub => github::read(&look, &mut ci),
            Provider::GitLab => gitlab::read(&look, &mut ci),
            Provider::Jenkins => jenkins::read(&look, &mut ci),
            Provider::Other => {}
        }
    }
    guard(&look, &mut ci);
    overrides::apply(&look, &mut ci);
    if ci.tag.is_some() {
        ci.clear("branch", |ci| &mut ci.branch);
    }
    ci.ignored = overrides::ignored(&look, &ci);
    ci
}

/// The most specific marker wins. Woodpecker shares GitLab's `CI_*` names, so its own marker goes first.
fn provider(look: &Look<'_>) -> Option<Fact<Provider>> {
    let found = |value, key: &str| Some(Fact { value, origin: format!("env:{key}") });
    if let Some(named) = look.var("IMGBUILD_CI_PROVIDER") {
        let origin = "override:IMGBUILD_CI_PROVIDER".to_owned();
        return overrides::provider(named.value).map(|value| Fact { value, origin });
    }
    let env = look.env;
    if env.get("CI").is_some() && !env.is_true("CI") {
        return None;
    }
    if github::is(env) {
        found(Provider::GitHub, "GITHUB_ACTIONS")
    } else if env.get("CI") == Some("woodpecker") {
        found(Provider::Other, "CI")
    } else if gitlab::is(env) {
        found(Provider::GitLab, "GITLAB_CI")
    } else if jenkins::is(env) {
        found(Provider::Jenkins, if env.get("JENKINS_URL").is_some() { "JENKINS_URL" } else { "BUILD_TAG" })
    } else if env.is_true("CI") {
        found(Provider::Other, "CI")
    } else {
        None
    }
}

/// Asks every system whose marker is there, whatever was detected or overridden: no setting may clear these.
fn guard(look: &Look<'_>, ci: &mut CiContext) {
    let mut raise = |field: &'static str, origin: Option<String>| {
        if let Some(origin) = origin {
            ci.origins.insert(field, origin);
            true
        } else {
            false
        }
    };
    let (github, gitlab, jenkins) = (github::is(look.env), gitlab::is(look.env), jenkins::is(look.env));
    let forks = [
        github.then(|| github::fork(look)).flatten(),
        gitlab.then(|| gitlab::fork(look)).flatten(),
        jenkins.then(|| jenkins::fork(look)).flatten(),
    ];
    let fork = raise("fork", forks.into_iter().flatten().next());
    let privileged = raise("privileged_pr", github.then(|| github::privileged(look)).flatten());
    let emulator = raise("emulator", (github && look.env.is_true("ACT")).then(|| "env:ACT".to_owned()));
    (ci.fork, ci.privileged_pr, ci.emulator) = (fork, privileged, emulator);
}

#[cfg(test)]
mod tests;
