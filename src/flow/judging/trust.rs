//! Waivers in files, on a pull request: only those that its base branch has hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::TextFile;
use crate::dockerfile::parse;
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
    pub(super) fn holding(&self, session: &Session, file: &TextFile) -> Option<BTreeMap<String, usize>> {
        match self {
            Trust::Own => None,
            Trust::Nobody => Some(BTreeMap::new()),
            Trust::Branch { name, root, reader } => Some(of_branch(session, file, name, root, *reader)),
        }
    }
}

/// How often each waiver is in the branch's version of `file`.
fn of_branch(
    session: &Session,
    file: &TextFile,
    name: &str,
    root: &Path,
    reader: Reader,
) -> BTreeMap<String, usize> {
    // However the file was named, and through whichever link: what was read is what is compared.
    let path = file.file.as_deref().and_then(|path| path.canonicalize().ok()).unwrap_or_default();
    let inside = root.canonicalize().ok().and_then(|root| path.strip_prefix(root).ok().map(Path::to_owned));
    let Some(inside) = inside else { return BTreeMap::new() };
    // What the branch cannot show waives nothing.
    let bytes = source::file_at(root, reader, &session.environment, name, &inside);
    let bytes = bytes.ok().flatten().unwrap_or_default();
    let mut counts = BTreeMap::new();
    for waiver in inline_waivers(&file.path, &bytes, &parse(&bytes)).waivers {
        *counts.entry(waiver.key()).or_default() += 1;
    }
    counts
}
