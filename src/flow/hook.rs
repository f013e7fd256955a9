//! `imgbuild hook install` and `uninstall`.

use std::path::{Path, PathBuf};

use super::session::Session;
use crate::error::Result;
use crate::setup::hooks::{self, Proposal};
use crate::source::HookPlace;

pub use crate::setup::hooks::Manager;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct HookOptions {
    /// What runs the hooks, in place of what is found.
    pub manager: Option<Manager>,
    /// This program, for where there is none of its name on PATH.
    pub program: PathBuf,
    /// Whether the hook is taken out.
    pub uninstall: bool,
}

/// What would change, and where.
#[derive(Debug)]
pub struct Hooked {
    place: HookPlace,
    proposal: Proposal,
    /// What runs the hooks; `None` where one is taken out, wherever it is.
    pub manager: Option<Manager>,
}

/// Works out what would change, and changes nothing yet.
pub fn hook(session: &Session, options: &HookOptions) -> Result<Hooked> {
    hook_in(&session.directory, session, options)
}

/// The same in the repository that `folder` lies in.
pub(super) fn hook_in(folder: &Path, session: &Session, options: &HookOptions) -> Result<Hooked> {
    let place = HookPlace::find(folder, &session.environment)?;
    if options.uninstall {
        let proposal = hooks::uninstall(&place)?;
        return Ok(Hooked { place, proposal, manager: None });
    }
    let manager = options.manager.unwrap_or_else(|| Manager::of(&place));
    let proposal = hooks::install(&place, manager, &options.program)?;
    Ok(Hooked { place, proposal, manager: Some(manager) })
}

impl Hooked {
    /// Whether nothing would change.
    pub fn is_done(&self) -> bool {
        self.proposal.steps.is_empty()
    }

    /// The changes for people; whoever prints it escapes it.
    pub fn text(&self) -> String {
        self.proposal.text(&self.place.root)
    }

    /// What is left to do by hand, and what to know.
    pub fn notes(&self) -> &[String] {
        &self.proposal.notes
    }

    /// Makes the changes.
    pub fn apply(&self) -> Result<()> {
        self.proposal.apply(&self.place)
    }
}
