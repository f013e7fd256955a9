//! Where the source comes from: the git state, and the CI that runs us.
//!
//! [`read`] asks the repository (libgit2 first, the `git` command where libgit2 errs), [`detect`] asks the CI's
//! environment, and [`reconcile`] holds one against the other: the commit that is labelled and tagged is one that both
//! agree on. [`BlobIds`] hands out git's own content hashes, so that a context is digested without reading it again.

mod blobs;
mod ci;
mod file_state;
mod git;
mod index;
mod pushed;
mod ref_name;
mod revision;
mod state;
mod url;

pub use blobs::{BlobId, BlobIds, BlobSource};
pub use ci::{CiContext, OVERRIDES, Override, Provider, detect, read_event};
pub use file_state::FileState;
#[cfg(test)]
pub(crate) use git::tests::Fixture;
pub use git::{
    Ancestry, BlobReader, Branches, Checkout, CommitTree, HookPlace, HooksPath, NamedCommit, NewTag, Objects,
    Peeled, Refs, Sent, Snapshot, SnapshotEntry, Submodules, Tracked, TreeEntry, TreeKind, ancestry,
    branches, drop_tag, file_at, head, make_tag, push_tag, read, refs, remote_tags, status, tracked, tree_of,
};
pub use pushed::{Pushed, read_pushed};
pub use ref_name::RefName;
pub use revision::{Revision, branch, reconcile};
pub use state::{Change, ChangeKind, GitOptions, Reader, SourceState};
pub use url::{sanitise_page_url, sanitise_url};
