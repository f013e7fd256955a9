//! Waivers in files, on a pull request: only those that its base branch has hold.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::TextFile;
use crate::dockerfile::parse;
use crate::error::Result;
use crate::flow::session::Session;
use crate::rules::waiver::inline_waivers;
use crate::source::{self, CiContext, Reader, SourceState};

/// Whose waivers hold.
#[derive(Debug)]
pub(super) enum Trust {
    /// Those that the files have.
    Own,
    /// Those of this branch.
    Branch { name: String, root: PathBuf, reader: Reader },
    /// None: nobody knows what the pull request goes to.
    Nobody,
}

impl Trust {
    /// On pull requests the base branch's; where the CI does not name it, the default branch's, as for all policy.
    pub(super) fn new(ci: &CiContext, source: Option<&SourceState>) -> Trust {
        if !ci.is_pr() {
            return Trust::Own;
        }
        let branch = ci.base_branch.as_ref().map(ToString::to_string).or_else(|| ci.default_branch.clone());
        match (source, branch) {
            (Some(source), Some(name)) => {
                Trust::Branch { name, root: source.root.clone(), reader: source.reader }
            }
            _ => Trust::Nobody,
        }
    }

    /// How often each waiver holds in `file`; `None` where all of its own do.
    pub(super) fn holding(
        &self,
        session: &Session,
        file: &TextFile,
    ) -> Result<Option<BTreeMap<String, usize>>> {
        let (name, root, reader) = match self {
            Trust::Own => return Ok(None),
            Trust::Nobody => return Ok(Some(BTreeMap::new())),
            Trust::Branch { name, root, reader } => (name, root, *reader),
        };
        let inside = file.file.as_deref().and_then(|path| path.strip_prefix(root).ok());
        let Some(inside) = inside else { return Ok(Some(BTreeMap::new())) };
        let bytes = source::file_at(root, reader, &session.environment, name, inside)?.unwrap_or_default();
        let mut counts = BTreeMap::new();
        for waiver in inline_waivers(&file.path, &bytes, &parse(&bytes)).waivers {
            *counts.entry(waiver.key()).or_default() += 1;
        }
        Ok(Some(counts))
    }
}
