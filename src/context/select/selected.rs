//! The entries that a server gets, by the numbers it knows them by.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex};

use super::filter::filter;
use crate::context::content_time::{FIXED_TIME, content_time};
use crate::context::digest::mode;
use crate::context::entries::{Content, Entry};
use crate::context::listing::{EntryKind, Listing};
use crate::error::Result;

/// What a BuildKit server asks for, as it says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// `followpaths`: paths from the root, with wildcards as in Go's `filepath.Match`. The links on their ways and what
    /// these lead to are sent, too. Empty, `.` or `/` is everything.
    pub follow_paths: Vec<String>,
    /// `include-patterns`, in the words of moby's `patternmatcher`: only what one of them matches is sent. None for everything.
    pub include: Vec<String>,
    /// `exclude-patterns`, in the same words: what they match is not sent.
    pub exclude: Vec<String>,
    /// Whether to send what is in the listing for the engine's sake alone, although the ignore file leaves it out: right for
    /// the folder of the Dockerfile, and wrong for the context, where `COPY` would see it.
    pub forced: bool,
}

/// The entries that are sent. An entry's id is its position: they are sorted by the bytes of each part of their paths, and
/// a folder stands right before what of it is sent.
///
/// May be used from several threads at once.
#[derive(Debug)]
pub struct Selected {
    pub(super) listing: Arc<Listing>,
    /// The entries' numbers in the listing, ascending.
    numbers: Vec<u32>,
    /// Where the first name of a file with several is not sent: the first one that is.
    first_names: HashMap<u32, u32>,
    /// The folder that was opened last, by its number.
    pub(super) last_folder: Mutex<Option<(u32, Arc<File>)>>,
}

/// One entry, as a STAT packet tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentEntry<'a> {
    /// From the root, `/` between its parts; any bytes but NUL.
    pub path: Vec<u8>,
    /// What it is. A further name of a file is one only where the first is sent, too, and an ordinary file otherwise.
    pub kind: EntryKind,
    /// Git's mode: `0o644` or `0o755`, for links `0o777`.
    pub mode: u32,
    /// As `lstat` has it, and the server when it compares: a symbolic link is as large as its target is long, a further
    /// name as the file, a folder 0.
    pub size: u64,
    /// Where a symbolic link points to, or the path that is sent of a further name's file.
    pub target: Option<Cow<'a, [u8]>>,
    /// The git blob id of a file's content, also for its further names.
    pub blob: Option<[u8; 20]>,
    /// The time on the disk, in nanoseconds since 1970.
    pub modified: i64,
}

impl SentEntry<'_> {
    /// The time that says what is in it, in nanoseconds since 1970; see [`content_time`].
    pub fn content_time(&self) -> i64 {
        self.blob.map_or(FIXED_TIME, |blob| content_time(&blob, self.size))
    }
}

impl Listing {
    /// The entries that a server gets for what it asks for, by the rules of BuildKit's own client. The disk is not
    /// looked at.
    ///
    /// A path that names nothing is no error. [`Kind::Config`](crate::error::Kind::Config) for a pattern that cannot be read.
    pub fn select(self: &Arc<Listing>, selection: &Selection) -> Result<Selected> {
        let mut numbers = filter(self, selection)?;
        numbers.shrink_to_fit();
        let mut first_names = HashMap::new();
        for &number in &numbers {
            if let Some(Content::Hardlink(first)) = self.raw_entries().get(number).map(|entry| entry.content)
                && numbers.binary_search(&first).is_err()
            {
                first_names.entry(first).or_insert(number);
            }
        }
        Ok(Selected { listing: Arc::clone(self), numbers, first_names, last_folder: Mutex::default() })
    }
}

impl Selected {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The entry with this id.
    pub fn get(&self, id: u32) -> Option<SentEntry<'_>> {
        let (number, entry) = self.entry(id)?;
        let entries = self.listing.raw_entries();
        let (kind, target) = match entry.content {
            Content::File(_) => (EntryKind::File, None),
            Content::Folder => (EntryKind::Dir, None),
            Content::Symlink(to) => (EntryKind::Symlink, Some(Cow::Borrowed(entries.text(to)))),
            Content::Hardlink(first) => match self.first_names.get(&first).copied().unwrap_or(first) {
                first if first == number => (EntryKind::File, None),
                first => (EntryKind::Hardlink, Some(Cow::Owned(entries.path(first)))),
            },
        };
        let size = match kind {
            EntryKind::Dir => 0,
            EntryKind::Symlink => target.as_ref().map_or(0, |target| target.len() as u64),
            EntryKind::File | EntryKind::Hardlink => entry.identity.size,
        };
        Some(SentEntry {
            path: entries.path(number),
            kind,
            mode: mode(entry),
            size,
            target,
            blob: self.blob(entry),
            modified: entry.identity.modified(),
        })
    }

    /// All entries in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = SentEntry<'_>> {
        (0..).map_while(|id| self.get(id))
    }

    /// The entry with this id and its number in the listing.
    pub(super) fn entry(&self, id: u32) -> Option<(u32, &Entry)> {
        let &number = self.numbers.get(usize::try_from(id).ok()?)?;
        Some((number, self.listing.raw_entries().get(number)?))
    }

    /// The blob id of a file by any of its names.
    pub(super) fn blob(&self, entry: &Entry) -> Option<[u8; 20]> {
        match entry.content {
            Content::File(blob) => Some(blob),
            Content::Hardlink(first) => match self.listing.raw_entries().get(first)?.content {
                Content::File(blob) => Some(blob),
                _ => None,
            },
            _ => None,
        }
    }
}
