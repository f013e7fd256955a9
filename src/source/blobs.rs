//! Git's own hashes of the files in a work tree, taken from the index without reading a file.

mod attributes;
mod rules;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::source::index::{self, Entry, Stamp};
use crate::source::{FileState, SourceState};

use attributes::Attributes;

/// The id of a blob: the sha1 over `blob <size>\0` and the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub [u8; 20]);

/// What [`read`](super::read) found out about how far the index can be trusted; the default is: not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlobSource {
    /// The index, where the repository uses sha1 and nothing in its configuration converts files or weakens the
    /// comparison of index and file.
    pub(super) index: Option<PathBuf>,
    /// The attributes files of the system and the user, the weakest first; they need not exist.
    pub(super) general: Vec<PathBuf>,
    /// The attributes files in the git folder, which win over those of the work tree.
    pub(super) local: Vec<PathBuf>,
}

/// The ids of a checkout's files, as of the moment it was opened: 10 MB for 100,000 entries.
pub struct BlobIds {
    /// The paths of all records, one behind the other.
    paths: Vec<u8>,
    /// Sorted by path.
    records: Vec<Record>,
    stamp: Stamp,
    attributes: Attributes,
    /// Whether the records are all that the index has.
    whole: bool,
}

/// How a file stands to the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The index has no such file.
    Untracked,
    /// It is provably what the index has, mode included.
    Same,
    /// It may be: its content, or a link's target, has to be read. This is the blob's id.
    Unsure(BlobId),
    /// It is another, or nobody can tell from the bytes.
    Differs,
}

struct Record {
    /// Where its path ends in `paths`; it starts where the one before ends.
    end: u32,
    id: [u8; 20],
    changed: (u32, u32),
    modified: (u32, u32),
    inode: u32,
    size: u32,
    symlink: bool,
    executable: bool,
}

impl BlobIds {
    /// Reads the index; `None` where it cannot be trusted as a whole.
    pub fn open(state: &SourceState) -> Option<BlobIds> {
        BlobIds::read(&state.root, &state.blobs)
    }

    pub(super) fn read(root: &Path, source: &BlobSource) -> Option<BlobIds> {
        let mut whole = true;
        let (mut paths, mut records) = (Vec::new(), Vec::new());
        let (mut ordered, mut tracked) = (true, Vec::new());
        let mut last = 0;
        let visit = |entry: Entry<'_>| {
            let name = entry.path.rsplit(|&byte| byte == b'/').next();
            if name == Some(b".gitattributes") {
                tracked.push(entry.path.to_vec());
            }
            let kind = entry.kind();
            let plain =
                entry.stage == 0 && !entry.assume_unchanged && !entry.skip_worktree && !entry.intent_to_add;
            if !plain || (kind != index::REGULAR && kind != index::SYMLINK) {
                whole = false;
                return;
            }
            ordered &= records.is_empty() || paths.get(last..).is_some_and(|before| before < entry.path);
            last = paths.len();
            paths.extend_from_slice(entry.path);
            let Ok(end) = u32::try_from(paths.len()) else {
                ordered = false;
                return;
            };
            records.push(Record {
                end,
                id: entry.id,
                changed: entry.changed,
                modified: entry.modified,
                inode: entry.inode,
                size: entry.size,
                symlink: kind == index::SYMLINK,
                executable: entry.mode & 0o100 != 0,
            });
        };
        let stamp = index::scan(source.index.as_ref()?, visit).ok()?;
        let attributes = Attributes::new(root, source, tracked)?;
        paths.shrink_to_fit();
        records.shrink_to_fit();
        ordered.then_some(BlobIds { paths, records, stamp, attributes, whole })
    }

    /// The id of the file at `path`, relative to the root of the repository, whose `lstat` is `state`.
    ///
    /// Some only if index and file provably agree, by type, size, times and inode, the file is older than the index,
    /// and nothing converts it on its way into the index or did when it was checked out: then these are the bytes that a
    /// read would find.
    pub fn get(&self, path: &Path, state: &FileState) -> Option<BlobId> {
        let path = path.as_os_str().as_bytes();
        let record = self.find(path)?;
        let kind = if record.symlink { state.kind().is_symlink() } else { state.is_file() };
        let same = kind && self.is_same(record, state);
        let is_plain = || record.symlink || self.attributes.leave_alone(path, state.changed);
        (same && is_plain()).then_some(BlobId(record.id))
    }

    /// Whether a file of the same kind is in the state that git noted, and cannot have changed unseen.
    fn is_same(&self, record: &Record, state: &FileState) -> bool {
        // Git zeroes the size of an entry that it could not tell from a later edit.
        let smudged = record.size == 0 && record.id != EMPTY;
        u64::from(record.size) == state.size
            && !smudged
            && moment(state.modified) == Some(record.modified)
            && moment(state.changed) == Some(record.changed)
            && truncated(state.inode) == record.inode
            && state.modified < self.stamp.modified
    }

    /// Whether the index has nothing but what is known here, and is the tree with this id.
    pub(super) fn is_tree(&self, id: &[u8]) -> bool {
        self.whole && self.stamp.tree.is_some_and(|tree| tree == id)
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether the index has files in the folder `path`, which ends in a slash.
    pub(super) fn has_below(&self, path: &[u8]) -> bool {
        self.path(self.position(path)).is_some_and(|found| found.starts_with(path))
    }

    /// How the file at `path` stands to the index; with `modes` it has to be executable just where the index says so.
    pub(super) fn standing(&self, path: &[u8], state: &FileState, modes: bool) -> Standing {
        let Some(record) = self.find(path) else { return Standing::Untracked };
        let kind = if record.symlink { state.kind().is_symlink() } else { state.is_file() };
        let mode = !modes || record.symlink || record.executable == (state.mode & 0o100 != 0);
        if !kind || !mode {
            Standing::Differs
        } else if self.is_same(record, state) {
            Standing::Same
        } else if record.symlink || self.attributes.leave_alone(path, NOW) {
            Standing::Unsure(BlobId(record.id))
        } else {
            Standing::Differs
        }
    }

    fn find(&self, path: &[u8]) -> Option<&Record> {
        let at = self.position(path);
        self.records.get(at).filter(|_| self.path(at) == Some(path))
    }

    /// Where the first path stands that is not before `path`.
    fn position(&self, path: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.records.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.path(middle) {
                Some(found) if found < path => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    fn path(&self, at: usize) -> Option<&[u8]> {
        let start =
            at.checked_sub(1).and_then(|before| self.records.get(before)).map_or(0, |before| before.end);
        let end = self.records.get(at)?.end;
        self.paths.get(start as usize..end as usize)
    }
}

/// For a file whose bytes are read: what it was written by does not matter.
const NOW: (i64, i64) = (i64::MAX, 0);
/// The blob without content.
const EMPTY: [u8; 20] = *b"\xe6\x9d\xe2\x9b\xb2\xd1\xd6\x43\x4b\x8b\x29\xae\x77\x5a\xd8\xc2\xe4\x8c\x53\x91";

fn moment((seconds, nanoseconds): (i64, i64)) -> Option<(u32, u32)> {
    Some((u32::try_from(seconds).ok()?, u32::try_from(nanoseconds).ok()?))
}

/// The low half, as the index keeps it.
fn truncated(inode: u64) -> u32 {
    u32::try_from(inode & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
