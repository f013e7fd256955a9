//! What a CI says of a run, field by field, each with its origin.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Provider;
use super::look::Fact;
use crate::source::RefName;

/// What the CI says. `None` means that it does not say, and that the repository is asked.
#[derive(Debug, Clone, Default)]
pub struct CiContext {
    /// The CI system; `None` outside of any.
    pub provider: Option<Provider>,
    /// The name that `IMGBUILD_CI_PROVIDER` gives a system that is not known, of `[A-Za-z0-9_.-]` only.
    pub named: Option<String>,
    /// What started the run, in the CI's own words: `push`, `pull_request`, `schedule`.
    pub event: Option<String>,
    /// The full name of the ref that the run is for, as the CI spells it: `refs/heads/main`, `refs/pull/7/merge`.
    pub git_ref: Option<RefName>,
    /// The commit that a person would recognise, in lower-case hex: on pull requests their head.
    pub commit: Option<String>,
    /// What the CI checked out, where that is or may be a merge commit made for this run: it exists nowhere else.
    pub merge_commit: Option<String>,
    /// The tip of the base. Where a run on behalf of a pull request checks that out (`pull_request_target`), it is
    /// what is checked out.
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
    /// The number of a merge request that is open for the branch of a run that is not for it.
    pub related_pr: Option<String>,
    /// The pull request comes from another repository, or nothing says where it comes from. Where the CI says it, or
    /// could have, no override clears it.
    pub fork: bool,
    /// A pull request started a run that has the base repository's rights (`pull_request_target` and the like). No
    /// override clears it.
    pub privileged_pr: bool,
    /// The run is for a merge queue or train: a commit that becomes the base's when all goes well.
    pub merge_queue: bool,
    /// A local imitation of a CI (`act`).
    pub emulator: bool,
    /// The repository's default branch.
    pub default_branch: Option<String>,
    /// The page of this build, without user name and password.
    pub build_url: Option<String>,
    /// The page of this job of the build, likewise.
    pub job_url: Option<String>,
    /// What tells this build from all others of the CI.
    pub build_id: Option<String>,
    /// The number under which people know this build.
    pub build_number: Option<String>,
    /// Which attempt at this build it is, counted from 1.
    pub attempt: Option<u32>,
    /// The job's name.
    pub job: Option<String>,
    /// Who started the run.
    pub actor: Option<String>,
    /// The project as its forge names it: `owner/name`.
    pub project: Option<String>,
    /// The page of the repository, as [`sanitise_url`](crate::source::sanitise_url) makes it.
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

    /// The system's name for reports; `None` outside of any.
    pub fn provider_name(&self) -> Option<&str> {
        self.named.as_deref().or(self.provider.map(Provider::name))
    }

    /// Whether the run builds a pull request, or was started by one with more rights than its author has.
    pub fn is_pr(&self) -> bool {
        self.pr.is_some() || self.fork || self.privileged_pr
    }

    /// Whether the run may push at all; no setting changes it.
    pub fn may_push(&self) -> bool {
        self.why_never().is_none()
    }

    /// Why the run may never push, if it may not.
    pub fn why_never(&self) -> Option<&'static str> {
        match self {
            CiContext { fork: true, .. } => {
                Some("the pull request comes from a fork, or nothing says that it does not")
            }
            CiContext { privileged_pr: true, .. } => {
                Some("a pull request started this run with the rights of the base repository")
            }
            CiContext { emulator: true, .. } => Some("act imitates a CI on this machine"),
            _ => None,
        }
    }

    /// Whether nobody knows what the run is for: it may be a fork's pull request, so it pushes only when it is asked to.
    pub fn is_for_who_knows_what(&self) -> bool {
        let told = ["branch", "tag", "pr"].iter().any(|field| self.origins.contains_key(field));
        self.provider.is_some_and(|provider| !provider.always_says_what_for()) && !told
    }

    /// Sets a field and notes where it came from; a fact that is missing leaves what is there.
    pub(super) fn set<T>(
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

    /// Takes a field back.
    pub(super) fn clear<T>(&mut self, field: &'static str, slot: fn(&mut CiContext) -> &mut Option<T>) {
        *slot(self) = None;
        self.origins.remove(field);
    }

    /// Sets every field that a system spoke of.
    pub(super) fn put(&mut self, said: Said) {
        self.set("event", said.event, |ci| &mut ci.event);
        self.set("git_ref", said.git_ref, |ci| &mut ci.git_ref);
        self.set("commit", said.commit, |ci| &mut ci.commit);
        self.set("merge_commit", said.merge_commit, |ci| &mut ci.merge_commit);
        self.set("base_commit", said.base_commit, |ci| &mut ci.base_commit);
        self.set("branch", said.branch, |ci| &mut ci.branch);
        self.set("tag", said.tag, |ci| &mut ci.tag);
        self.set("pr", said.pr, |ci| &mut ci.pr);
        self.set("base_branch", said.base_branch, |ci| &mut ci.base_branch);
        self.set("default_branch", said.default_branch, |ci| &mut ci.default_branch);
        self.set("build_url", said.build_url, |ci| &mut ci.build_url);
        self.set("job_url", said.job_url, |ci| &mut ci.job_url);
        self.set("build_id", said.build_id, |ci| &mut ci.build_id);
        self.set("build_number", said.build_number, |ci| &mut ci.build_number);
        self.set("attempt", said.attempt, |ci| &mut ci.attempt);
        self.set("job", said.job, |ci| &mut ci.job);
        self.set("actor", said.actor, |ci| &mut ci.actor);
        self.set("project", said.project, |ci| &mut ci.project);
        self.set("repository_url", said.repository_url, |ci| &mut ci.repository_url);
        self.set("workspace", said.workspace, |ci| &mut ci.workspace);
        if let Some(origin) = said.merge_queue {
            self.merge_queue = true;
            self.origins.insert("merge_queue", origin);
        }
    }
}

/// The commit and the merge commit of a pull request's run: its `head`, and what is `built` where that is another one.
/// Where nobody tells the head, the merge is built, and the repository tells it.
pub(super) fn head_and_merge(
    head: Option<Fact<String>>,
    built: Option<Fact<String>>,
) -> (Option<Fact<String>>, Option<Fact<String>>) {
    let merge = built.filter(|sha| head.as_ref().is_none_or(|head| head.value != sha.value));
    (head, merge)
}

/// What a system's variables say, for [`CiContext::put`]; the fields are those of [`CiContext`].
#[derive(Default)]
pub(super) struct Said {
    pub(super) event: Option<Fact<String>>,
    pub(super) git_ref: Option<Fact<RefName>>,
    pub(super) commit: Option<Fact<String>>,
    pub(super) merge_commit: Option<Fact<String>>,
    pub(super) base_commit: Option<Fact<String>>,
    pub(super) branch: Option<Fact<RefName>>,
    pub(super) tag: Option<Fact<RefName>>,
    pub(super) pr: Option<Fact<String>>,
    pub(super) base_branch: Option<Fact<RefName>>,
    pub(super) default_branch: Option<Fact<String>>,
    pub(super) build_url: Option<Fact<String>>,
    pub(super) job_url: Option<Fact<String>>,
    pub(super) build_id: Option<Fact<String>>,
    pub(super) build_number: Option<Fact<String>>,
    pub(super) attempt: Option<Fact<u32>>,
    pub(super) job: Option<Fact<String>>,
    pub(super) actor: Option<Fact<String>>,
    pub(super) project: Option<Fact<String>>,
    pub(super) repository_url: Option<Fact<String>>,
    pub(super) workspace: Option<Fact<PathBuf>>,
    /// The origin, where it is one.
    pub(super) merge_queue: Option<String>,
}
