//! By what a file is known to be the one that was read before.

use crate::source::FileState;

/// What changes when somebody touches a file: size, times to the nanosecond, inode, mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) size: u64,
    modified: i64,
    changed: i64,
    /// Inode and device in one; only ever compared.
    inode: u64,
    mode: u32,
}

impl Identity {
    pub(super) fn of(state: &FileState) -> Identity {
        // Years beyond 2262 wrap around, which comparing does not mind.
        let nanos = |(s, ns): (i64, i64)| s.wrapping_mul(1_000_000_000).wrapping_add(ns);
        Identity {
            size: state.size,
            modified: nanos(state.modified),
            changed: nanos(state.changed),
            inode: state.inode ^ state.device.rotate_left(40),
            mode: state.mode,
        }
    }

    /// Of something in a commit, which nobody touches: `modified` is in seconds since 1970.
    pub(super) fn of_commit(size: u64, executable: bool, modified: i64) -> Identity {
        let mode = if executable { 0o755 } else { 0o644 };
        Identity { size, modified: modified.wrapping_mul(1_000_000_000), changed: 0, inode: 0, mode }
    }

    /// When the content was last written, in nanoseconds since 1970.
    pub(super) fn modified(&self) -> i64 {
        self.modified
    }

    /// Whether both are the same file or folder, touched or not.
    pub(super) fn is_same_inode(&self, other: &Identity) -> bool {
        self.inode == other.inode
    }

    /// What is different, for an error.
    pub(super) fn difference(&self, other: &Identity) -> &'static str {
        if self.inode != other.inode {
            "it was replaced"
        } else if self.size != other.size {
            "its size is another"
        } else if self.mode != other.mode {
            "its mode is another"
        } else {
            "it was written to"
        }
    }

    /// Whether git would call the file executable.
    pub(super) fn is_executable(&self) -> bool {
        self.mode & 0o100 != 0
    }
}
