//! Hashes of files from earlier runs, so that a file that git does not vouch for is read once, and not in every run.
//!
//! A hash is used again only where device, inode, size and both times of a file are what they were. It costs time, and never
//! correctness, when the cache is gone: whatever is wrong with it, it counts as empty.
//!
//! - [`record`]: what is known of a file.
//! - [`mod@file`]: the form on the disk.
//! - [`cache`]: [`HashCache`], what is known in this run.

mod cache;
mod file;
mod record;

pub use cache::HashCache;
