//! Every CI system that is recognised: by what, and who reads it. The most specific marker goes first: Forgejo's runner
//! sets GitHub's and Gitea's markers too, and Woodpecker shares GitLab's `CI_*` names.

use super::fork::Fork;
use super::look::Look;
use super::{
    CiContext, Provider, appveyor, azure, bitbucket, buildkite, circleci, cloudbuild, codebuild, drone,
    github, gitlab, jenkins, other, teamcity, tekton, travis, woodpecker,
};
use crate::environment::Environment;

/// How one system is recognised and read.
pub(super) struct System {
    pub(super) provider: Provider,
    /// The variable by which the system is recognised, where it is there.
    pub(super) marker: fn(&Environment) -> Option<&'static str>,
    pub(super) read: fn(&Look<'_>, &mut CiContext),
    /// Why the run counts as one for a fork's pull request, if it does.
    pub(super) fork: fn(&Look<'_>) -> Option<Fork>,
}

macro_rules! systems {
    ($($provider:ident: $module:ident by $marker:ident,)*) => {
        /// All of them, the most specific first.
        pub(super) const SYSTEMS: &[System] = &[$(System {
            provider: Provider::$provider,
            marker: $module::$marker,
            read: $module::read,
            fork: $module::fork,
        }),*];
    };
}

systems! {
    Forgejo: github by is_forgejo,
    Gitea: github by is_gitea,
    GitHub: github by is_github,
    Woodpecker: woodpecker by marker,
    GitLab: gitlab by marker,
    Buildkite: buildkite by marker,
    CircleCi: circleci by marker,
    Azure: azure by marker,
    Bitbucket: bitbucket by marker,
    Drone: drone by marker,
    Travis: travis by marker,
    TeamCity: teamcity by marker,
    AppVeyor: appveyor by marker,
    Jenkins: jenkins by marker,
    // Both run other systems' jobs, too.
    CodeBuild: codebuild by marker,
    CloudBuild: cloudbuild by marker,
    Tekton: tekton by marker,
    Other: other by marker,
}

/// The variable `key` as a marker, where it holds a yes.
pub(super) fn set(env: &Environment, key: &'static str) -> Option<&'static str> {
    env.is_true(key).then_some(key)
}
