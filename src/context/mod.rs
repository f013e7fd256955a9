//! The build context: which files an engine gets, what they are as a whole, and the stream.
//!
//! Two passes. [`list()`] walks the folder by the rules of its `.dockerignore`, reads what git does not vouch for, and gives a
//! [`Listing`] with the context digest. [`write_tar`] then streams exactly that; an entry that is no longer what was listed
//! is an error that names it. A BuildKit server asks for single files instead: [`Listing::select`] finds what it wants, and
//! [`Selected::open`] reads it, with the same checks. None of them follows a link, opens anything
//! but regular files, or holds a large file in memory.
//!
//! [`list_commit()`] gives a listing of a commit's files, which nobody checks out: both passes read git's objects.

mod archive;
mod content_time;
mod digest;
mod dirs;
mod entries;
mod files;
mod gzip;
mod hash_cache;
mod identity;
mod ignore;
mod ignore_file;
mod lacking;
mod lfs;
mod list;
mod list_commit;
mod listing;
mod paths;
mod peek;
mod place;
mod read;
mod select;
mod shield;
mod tree;
mod trouble;
mod walk;

#[cfg(test)]
mod tests;

pub use archive::write_tar;
pub use content_time::{FIXED_TIME, content_time};
pub use gzip::gzip;
pub use hash_cache::HashCache;
pub use ignore::{Ambiguity, Ignore};
pub use lfs::is_lfs_pointer;
pub use list::{KnownBlob, ListOptions, list, list_work_tree};
pub use list_commit::{CommitOptions, list_commit};
pub use listing::{EntryKind, EntryView, Listing, Skipped, Special};
pub use select::{Contents, Selected, Selection, SentEntry};
pub use tree::{Chosen, ReadFile, Tree, choose};
