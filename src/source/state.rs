//! What is known about the checkout: the value that the plan is made from.

use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::source::RefName;
use crate::source::blobs::BlobSource;

/// The git state of a checkout, as of one moment.
#[derive(Debug, Clone, Default)]
pub struct SourceState {
    /// The root of the work tree, absolute and without symbolic links.
    pub root: PathBuf,
    /// The commit that HEAD resolves to: 40 or, in sha256 repositories, 64 lower-case hex digits.
    pub commit: String,
    /// The tree of that commit, in hex.
    pub tree: String,
    /// The commit's time in Unix seconds, the committer's; 0 where the commit's own line is malformed.
    pub commit_time: i64,
    /// The parents that the commit object names, in its order, even those that a shallow clone does not hold.
    pub parents: Vec<String>,
    /// The committer as `name <email>`, lossy; it tells a merge that a CI made from one that a person made.
    pub committer: String,
    /// The branch that HEAD points to; in CI mostly `None`.
    pub branch: Option<RefName>,
    /// HEAD names a commit and no branch.
    pub detached: bool,
    /// Tags, annotated or not, whose commit is HEAD's; sorted by bytes.
    pub tags_at_head: Vec<RefName>,
    /// All tags of the clone; sorted by bytes.
    pub tags: Vec<RefName>,
    /// The clone's history is cut off, and mostly its tags are missing too.
    pub shallow: bool,
    /// The page of `origin` (or of the only remote), as [`sanitise_url`](super::sanitise_url) makes it.
    pub remote_url: Option<String>,
    /// Tracked paths that differ from HEAD, in the index or in the work tree; sorted by path.
    pub changes: Vec<Change>,
    /// Files that are neither tracked nor ignored: each by itself, never as a folder, relative to `root`; sorted.
    pub untracked: Vec<PathBuf>,
    /// Who answered.
    pub reader: Reader,
    /// What [`BlobIds`](super::BlobIds) needs; the default hands out nothing.
    pub blobs: BlobSource,
}

impl SourceState {
    /// The first 7 digits of the commit, for people and tags.
    pub fn short(&self) -> &str {
        self.commit.get(..7).unwrap_or(&self.commit)
    }

    /// Whether the work tree and the index are exactly HEAD, and nothing untracked lies around.
    pub fn is_pristine(&self) -> bool {
        self.changes.is_empty() && self.untracked.is_empty()
    }
}

/// A tracked path that differs from HEAD. A rename is two of them: git is not asked to guess.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Relative to the root.
    pub path: PathBuf,
    /// How it differs.
    pub kind: ChangeKind,
}

/// How a tracked path differs from HEAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Other content or another mode.
    Modified,
    /// In the index, not in HEAD.
    Added,
    /// Gone from the index or from the work tree.
    Deleted,
    /// Was a file and is a symbolic link, or the like.
    TypeChanged,
    /// A merge conflict that nobody resolved.
    Conflicted,
    /// A submodule at another commit, or with changes or untracked files of its own.
    Submodule,
}

impl ChangeKind {
    /// One word for lists.
    pub const fn name(self) -> &'static str {
        match self {
            ChangeKind::Modified => "modified",
            ChangeKind::Added => "added",
            ChangeKind::Deleted => "deleted",
            ChangeKind::TypeChanged => "type changed",
            ChangeKind::Conflicted => "conflicted",
            ChangeKind::Submodule => "submodule changed",
        }
    }
}

/// Who reads the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reader {
    /// The library in this process.
    #[default]
    Libgit2,
    /// The `git` command, since libgit2 cannot read or may not open this repository.
    GitCommand {
        /// The owner is somebody else, and `-c safe.directory=ROOT` was given, as the root lies in the CI's
        /// workspace.
        safe_directory: bool,
    },
}

/// What [`read`](super::read) is told.
#[derive(Debug, Clone, Copy)]
pub struct GitOptions<'a> {
    /// The repository is looked for here and upwards. `GIT_DIR` and the like are not honoured: a hook's environment
    /// holds them, and they may name another repository than the one whose files are built.
    pub start: &'a Path,
    /// Where `git` is found and what it gets to know of.
    pub environment: &'a Environment,
    /// The CI provider's workspace: a repository in it is read although somebody else owns it.
    pub trusted_workspace: Option<&'a Path>,
}
