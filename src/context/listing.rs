//! What the first pass found, as others see it.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha1::Digest as _;

use super::digest::mode;
use super::entries::{Content, Entries};
use super::ignore::Ignore;
use super::ignore_file::NAME;
use super::paths::Paths;
use super::place::Place;
use super::read::blob_hash;
use crate::error::Result;
use crate::image::Digest;

/// Everything that will be sent, as the first pass found it. Holds the folder open, or the repository: the second pass reads
/// the same one, whatever its path leads to by then.
#[derive(Debug)]
pub struct Listing {
    pub(super) place: Place,
    pub(super) entries: Entries,
    pub(super) digest: Digest,
    pub(super) bytes: u64,
    pub(super) dockerfile: PathBuf,
    pub(super) ignore_file: Option<PathBuf>,
    pub(super) ignore_bytes: Vec<u8>,
    /// Patterns that stand before those of the ignore file.
    pub(super) implied: &'static [&'static str],
    pub(super) ignore_warnings: Vec<String>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) skipped_count: usize,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Dir,
    /// A symbolic link, sent as a link wherever it points to.
    Symlink,
    /// A further name of a file that was listed before.
    Hardlink,
}

/// One entry of a [`Listing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryView<'a> {
    /// From the root, `/` between its parts; any bytes but NUL.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Git's mode: `0o644` or `0o755`, for links `0o777`.
    pub mode: u32,
    /// Bytes of content that are sent: those of files.
    pub size: u64,
    /// The git blob id of a file's content.
    pub blob: Option<[u8; 20]>,
    /// Where a symbolic link points to, or the path of a hard link's first name.
    pub target: Option<Cow<'a, [u8]>>,
    /// Sent only because the engine needs it, although the ignore file leaves it out. It is no part of the context: not in
    /// the digest, and not seen by `COPY`.
    pub forced: bool,
}

/// Something that was left out since no image can be built with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// From the root.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Special,
}

/// A file that is no data. None of them is ever opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// A Unix socket.
    Socket,
    /// A named pipe.
    Fifo,
    /// A block or character device.
    Device,
}

impl Listing {
    /// All entries, sorted by the bytes of each part of their paths, a folder right before what is in it.
    pub fn entries(&self) -> impl Iterator<Item = EntryView<'_>> {
        let mut paths = Paths::new(&self.entries);
        std::iter::from_fn(move || {
            let entry = paths.advance()?.entry;
            let (kind, blob, target) = match entry.content {
                Content::File(blob) => (EntryKind::File, Some(blob), None),
                Content::Folder => (EntryKind::Dir, None, None),
                Content::Symlink(to) => {
                    (EntryKind::Symlink, None, Some(Cow::Borrowed(self.entries.text(to))))
                }
                Content::Hardlink(first) => {
                    (EntryKind::Hardlink, None, Some(Cow::Owned(self.entries.path(first))))
                }
            };
            let size = if kind == EntryKind::File { entry.identity.size } else { 0 };
            Some(EntryView {
                path: paths.path().to_vec(),
                kind,
                mode: mode(entry),
                size,
                blob,
                target,
                forced: entry.forced,
            })
        })
    }

    /// How many entries there are, folders included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none, which cannot be: there is a Dockerfile.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of content, without the framing of the stream.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The digest of what a build sees; how it is made stands in `digest.rs`.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The Dockerfile's path for the engine: relative to the root, links resolved.
    pub fn dockerfile(&self) -> &Path {
        &self.dockerfile
    }

    /// Whether `bytes` are the Dockerfile that was listed: who read it another time may have seen another one.
    pub fn is_dockerfile(&self, bytes: &[u8]) -> bool {
        let number = self.entries.find(self.dockerfile.as_os_str().as_bytes());
        let content = |number| self.entries.get(number).map(|entry| entry.content);
        let listed = match number.and_then(content) {
            Some(Content::Hardlink(first)) => content(first),
            other => other,
        };
        let mut hash = blob_hash(bytes.len() as u64);
        hash.update(bytes);
        let hash: [u8; 20] = hash.finalize().into();
        matches!(listed, Some(Content::File(blob)) if blob == hash)
    }

    /// The ignore file that was used, relative to the root.
    pub fn ignore_file(&self) -> Option<&Path> {
        self.ignore_file.as_deref()
    }

    /// The patterns by which entries were left out, read again from what the ignore file held.
    pub fn ignore(&self) -> Result<Ignore> {
        let name = self.ignore_file.as_deref().unwrap_or(Path::new(NAME)).to_string_lossy();
        Ignore::parse_as(&self.ignore_bytes, &name, self.implied)
    }

    /// What the ignore file makes of this tree and other engines do not.
    pub fn ignore_warnings(&self) -> &[String] {
        &self.ignore_warnings
    }

    /// Sockets, FIFOs and devices that were left out; the first thousand.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How many there were in all.
    pub fn skipped_count(&self) -> usize {
        self.skipped_count
    }

    /// Whether a path is sent. Takes it relative to the root, without `.` or `..`.
    pub fn contains(&self, path: &Path) -> bool {
        self.entries.find(path.as_os_str().as_bytes()).is_some()
    }

    /// The `n` largest files with their sizes, the largest first.
    pub fn largest(&self, n: usize) -> Vec<(Vec<u8>, u64)> {
        let mut largest: Vec<(u64, u32)> = Vec::new();
        for (number, entry) in (0_u32..).zip(self.entries.iter()) {
            if matches!(entry.content, Content::File(_)) {
                largest.push((entry.identity.size, number));
                if largest.len() >= n.saturating_mul(2).max(64) {
                    keep_largest(&mut largest, n);
                }
            }
        }
        keep_largest(&mut largest, n);
        largest.into_iter().map(|(size, number)| (self.entries.path(number), size)).collect()
    }

    pub(super) fn raw_entries(&self) -> &Entries {
        &self.entries
    }

    /// The commit that everything is of, in hex; `None` where it is what a folder holds.
    pub fn commit(&self) -> Option<&str> {
        match &self.place {
            Place::Folder(_) => None,
            Place::Commit(committed) => Some(&committed.commit),
        }
    }

    /// Whether files are in it that are not the commit's own: of submodules, or what git-lfs fetched.
    pub fn has_fetched(&self) -> bool {
        matches!(&self.place, Place::Commit(committed) if committed.has_fetched())
    }

    /// Whether the commit has attributes of git's in the context's folder, by which an archive of it may have other files.
    pub fn has_attributes(&self) -> bool {
        matches!(&self.place, Place::Commit(committed) if committed.has_attributes)
    }
}

fn keep_largest(files: &mut Vec<(u64, u32)>, n: usize) {
    files.sort_unstable_by_key(|&(size, number)| (std::cmp::Reverse(size), number));
    files.truncate(n);
}
