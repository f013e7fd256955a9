//! `imgbuild init`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::hook::{HookOptions, Hooked, hook_in};
use super::session::Session;
use crate::error::Result;
use crate::setup::init::{Options, Proposal, propose};
use crate::source::Checkout;

pub use crate::setup::init::{Ci, Language, Options as InitOptions};

/// What the repository lacks.
#[derive(Debug)]
pub struct Initiated {
    proposal: Proposal,
    /// The hook, where it was asked for.
    hook: Option<Hooked>,
    /// What is not taken over, and what to know.
    pub notes: Vec<String>,
}

/// Works out what the repository lacks that `folder` lies in (relative to the session's), and writes nothing yet. With
/// `hooks` git's hook belongs to it; `program` is this program, for where there is none of its name on PATH.
///
/// Blocking. Kind `Refused` where there is no repository, or nothing that an image could be made of; `Usage` where a choice
/// has to be made.
pub fn init(
    session: &Session,
    folder: &Path,
    options: &Options,
    hooks: bool,
    program: PathBuf,
) -> Result<Initiated> {
    let checkout = Checkout::find(&session.directory.join(folder), &session.environment, &session.stop)?;
    let proposal = propose(&checkout, options)?;
    session.stop.check()?;
    let hooked = hook_in(&checkout.root, session, &HookOptions { manager: None, program, uninstall: false });
    let mut notes = proposal.notes.clone();
    let hook = match (hooks, hooked) {
        (true, hooked) => Some(hooked?),
        (false, Ok(hooked)) if !hooked.is_done() => {
            let manager = hooked.manager.map(|manager| format!(", here by {manager}")).unwrap_or_default();
            notes.push(format!("--hooks has git judge what is pushed{manager}"));
            None
        }
        // What keeps a hook from being set up is told to who asks for one.
        (false, _) => None,
    };
    notes.extend(hook.iter().flat_map(Hooked::notes).cloned());
    Ok(Initiated { proposal, hook, notes })
}

impl Initiated {
    /// Whether nothing would be written.
    pub fn is_done(&self) -> bool {
        self.proposal.files.is_empty() && self.hook.as_ref().is_none_or(Hooked::is_done)
    }

    /// Whether there is something to add by hand.
    pub fn has_additions(&self) -> bool {
        !self.proposal.additions.is_empty()
    }

    /// What was found, in one line.
    pub fn found(&self) -> String {
        self.proposal.found.join(", ")
    }

    /// The changes as a diff, and what is to be added by hand; whoever prints it escapes it.
    pub fn text(&self) -> String {
        let mut text = self.proposal.text();
        if let Some(hook) = &self.hook {
            text.push_str(&hook.text());
        }
        text
    }

    /// The paths of the files that are new, below the root.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.proposal.files.iter().map(|(path, _)| path.as_str())
    }

    /// For programs: `files` (`path`, `content`), `additions` (`path`, `lines`), `hook` (the change as text), `notes`, and
    /// whether it was `written`.
    pub fn json(&self, written: bool) -> Value {
        let files =
            self.proposal.files.iter().map(|(path, content)| json!({"path": path, "content": content}));
        let additions = self
            .proposal
            .additions
            .iter()
            .map(|addition| json!({"path": addition.path, "lines": addition.lines}));
        json!({
            "root": self.proposal.root.to_string_lossy(),
            "found": self.proposal.found,
            "files": files.collect::<Vec<_>>(),
            "additions": additions.collect::<Vec<_>>(),
            "hook": self.hook.as_ref().filter(|hook| !hook.is_done()).map(Hooked::text),
            "notes": self.notes,
            "written": written,
        })
    }

    /// Writes the files, all or none, and then the hook.
    pub fn apply(&self) -> Result<()> {
        self.proposal.apply()?;
        self.hook.as_ref().map_or(Ok(()), Hooked::apply)
    }
}
