//! Hooks, beside whatever manages them in a repository: what would change is worked out first ([`install`], [`uninstall`])
//! and shown, and then done ([`Proposal::apply`]). What was there comes back byte for byte.

mod block;
mod husky;
mod lefthook;
mod plain;
mod pre_commit;
mod proposal;
mod yaml;

use std::fmt;
use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::source::HookPlace;

pub use proposal::{Proposal, Step};

/// What runs hooks in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// Git itself, by its configuration: 2.54 and later.
    GitConfig,
    /// husky, by `.husky/pre-push`.
    Husky,
    /// lefthook, by its configuration.
    Lefthook,
    /// pre-commit, by its configuration.
    PreCommit,
    /// Git itself, by a file in the folder of hooks.
    Plain,
}

impl Manager {
    /// The one that a repository has: git's own configuration touches no file and goes first.
    pub fn of(place: &HookPlace) -> Manager {
        if place.has_config_hooks() {
            Manager::GitConfig
        } else if husky::folder(place).is_some() {
            Manager::Husky
        } else if lefthook::file(&place.root).is_some() {
            Manager::Lefthook
        } else if pre_commit::file(&place.root).is_some() {
            Manager::PreCommit
        } else {
            Manager::Plain
        }
    }
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Manager::GitConfig => "git's configuration",
            Manager::Husky => "husky",
            Manager::Lefthook => "lefthook",
            Manager::PreCommit => "pre-commit",
            Manager::Plain => "a plain hook",
        })
    }
}

/// What an installation would change; no step where it is there already. `program` is what a plain hook runs where there is
/// no `imgbuild` on PATH.
///
/// Kind `Refused` where a file is written in a way that cannot be added to safely: the hints say what to write.
pub fn install(place: &HookPlace, manager: Manager, program: &Path) -> Result<Proposal> {
    match manager {
        Manager::GitConfig => in_config(place),
        Manager::Husky => husky::install(place),
        Manager::Lefthook => lefthook::install(&place.root),
        Manager::PreCommit => pre_commit::install(&place.root),
        Manager::Plain => plain::install(place, program),
    }
}

/// What taking it out would change, wherever it was put.
pub fn uninstall(place: &HookPlace) -> Result<Proposal> {
    let mut all = Proposal::default();
    if place.is_in_config {
        all.steps.push(Step::RemoveFromConfig);
    }
    all.extend(husky::uninstall(place)?);
    all.extend(lefthook::uninstall(&place.root)?);
    all.extend(pre_commit::uninstall(&place.root)?);
    all.extend(plain::uninstall(place)?);
    Ok(all)
}

fn in_config(place: &HookPlace) -> Result<Proposal> {
    if !place.has_config_hooks() {
        let (major, minor) = place.version;
        return Err(Error::new(
            Kind::Refused,
            format!("git {major}.{minor} takes no hooks from its configuration: 2.54 is the first that does"),
        )
        .hint("leave out --manager, or name another one"));
    }
    let mut proposal = Proposal::default();
    if !place.is_in_config {
        proposal.steps.push(Step::AddToConfig(place.config_entries().collect()));
    }
    Ok(proposal)
}
