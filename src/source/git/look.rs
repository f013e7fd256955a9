//! What a reader found in index and work tree.

use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::source::{Change, ChangeKind, Reader};
use crate::stop::Stop;

use super::command::Git;
use super::failure::Failure;
use super::hidden::Hidden;
use super::walk;

/// The state of index and work tree.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) changes: Vec<Change>,
    pub(super) untracked: Vec<PathBuf>,
    /// Why the changes may be none: something decides here that this reader does not know.
    pub(super) doubt: Option<String>,
    /// Why there may be changes that this reader cannot see.
    pub(super) blind: Option<String>,
}

impl Look {
    pub(super) fn change(&mut self, path: impl Into<PathBuf>, kind: ChangeKind) {
        self.changes.push(Change { path: path.into(), kind });
    }

    pub(super) fn is_clean(&self) -> bool {
        self.changes.is_empty() && self.untracked.is_empty()
    }

    /// Sorted by path, each path once.
    pub(super) fn sorted(mut self) -> Look {
        self.changes.sort();
        self.changes.dedup_by(|second, first| second.path == first.path);
        self.untracked.sort();
        self.untracked.dedup();
        self
    }
}

/// What readers work with.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    pub(super) environment: &'a Environment,
    pub(super) stop: &'a Stop,
}

impl<'a> Tools<'a> {
    /// The git command in the work tree at `root`, as far as `reader` trusts that repository.
    pub(super) fn git(&self, root: &Path, reader: Reader) -> Result<Git<'a>, Failure> {
        let git = Git::find(root, self.environment, self.stop)?;
        match reader {
            Reader::GitCommand { safe_directory: true } => git.trusting(root),
            _ => Ok(git),
        }
    }
}

/// Entries of the index that a plain status does not treat as it should.
#[derive(Debug, Default)]
pub(super) struct Special {
    pub(super) hidden: Vec<Hidden>,
    /// Path and commit of each submodule.
    pub(super) submodules: Vec<(PathBuf, String)>,
}

/// How a submodule's folder stands.
pub(super) enum Folder {
    CheckedOut,
    /// Not there, or not even a folder: a plain status says what is to be said.
    Missing,
    /// A folder without a repository; the files in it are nobody's.
    Bare,
}

impl Folder {
    pub(super) fn of(folder: &Path) -> Folder {
        match std::fs::symlink_metadata(folder) {
            Ok(meta) if meta.is_dir() && folder.join(".git").exists() => Folder::CheckedOut,
            Ok(meta) if meta.is_dir() => Folder::Bare,
            _ => Folder::Missing,
        }
    }
}

/// Adds the files that lie in the folders of submodules that are not checked out, where git never looks.
pub(super) fn strays(root: &Path, special: &Special, look: &mut Look, stop: &Stop) -> Result<(), Failure> {
    for (path, _) in &special.submodules {
        if let Folder::Bare = Folder::of(&root.join(path)) {
            walk::files(root, path, &mut look.untracked, stop)?;
        }
    }
    Ok(())
}
