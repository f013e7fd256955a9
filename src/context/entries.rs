//! The entries of a context, as small as they can be: names in one arena, folders by number. A hundred thousand files
//! take ten megabytes.

use std::cmp::Ordering;

use super::identity::Identity;
use super::trouble::too_large;
use crate::error::Result;

/// One entry. Its path is its parent's path and its name.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) identity: Identity,
    pub(super) content: Content,
    /// The number of the folder it is in, or [`ROOT`].
    parent: u32,
    name: Text,
    /// Sent although the patterns leave it out.
    pub(super) forced: bool,
}

impl Entry {
    /// The number of the folder it is in, or [`ROOT`].
    pub(super) fn parent(&self) -> u32 {
        self.parent
    }
}

/// The parent of what is at the root.
pub(super) const ROOT: u32 = u32::MAX;

/// What an entry is, with what of it goes into the digest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// A regular file, with the git blob id of its bytes.
    File([u8; 20]),
    Folder,
    /// A symbolic link and where it points to.
    Symlink(Text),
    /// Another name of a regular file; the number of its first name.
    Hardlink(u32),
}

/// A piece of the arena.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Text {
    start: u32,
    length: u16,
}

/// A moment in the life of [`Entries`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    entries: usize,
    arena: usize,
}

/// All entries: sorted by the bytes of each part of their paths, a folder right before what is in it.
///
/// (So `a`, `a/x`, `a.txt`; sorted by whole paths it would be `a`, `a.txt`, `a/x`, and folders fall apart.)
#[derive(Debug, Default)]
pub(super) struct Entries {
    entries: Vec<Entry>,
    arena: Vec<u8>,
}

impl Entries {
    /// Adds an entry behind all others; the caller walks in the right order.
    pub(super) fn push(
        &mut self,
        parent: u32,
        name: Text,
        identity: Identity,
        content: Content,
        forced: bool,
    ) -> Result<u32> {
        let number = u32::try_from(self.entries.len()).ok().filter(|&n| n != ROOT);
        let number = number.ok_or_else(|| too_large("has more entries than can be counted"))?;
        self.entries.push(Entry { identity, content, parent, name, forced });
        Ok(number)
    }

    /// Puts bytes into the arena.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Result<Text> {
        let (Ok(start), Ok(length)) = (u32::try_from(self.arena.len()), u16::try_from(bytes.len())) else {
            return Err(too_large("has names of more than 4 GiB"));
        };
        self.arena.extend_from_slice(bytes);
        Ok(Text { start, length })
    }

    /// How full everything is.
    pub(super) fn mark(&self) -> Mark {
        Mark { entries: self.entries.len(), arena: self.arena.len() }
    }

    /// Forgets what was put into the arena since, if no entry was added that could need it.
    pub(super) fn forget(&mut self, since: Mark) {
        if self.entries.len() == since.entries {
            self.arena.truncate(since.arena);
        }
    }

    /// Gives back what was reserved for entries that did not come.
    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.arena.shrink_to_fit();
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Entry> {
        self.entries.get(usize::try_from(number).ok()?)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Entry> {
        self.entries.get_mut(usize::try_from(number).ok()?)
    }

    pub(super) fn text(&self, text: Text) -> &[u8] {
        let start = usize::try_from(text.start).unwrap_or(usize::MAX);
        self.arena.get(start..).and_then(|rest| rest.get(..usize::from(text.length))).unwrap_or_default()
    }

    /// The entry's own name.
    pub(super) fn name(&self, entry: &Entry) -> &[u8] {
        self.text(entry.name)
    }

    /// The entry's path from the root, `/` between its parts.
    pub(super) fn path(&self, number: u32) -> Vec<u8> {
        let mut parts: Vec<&[u8]> = self.up(number).collect();
        parts.reverse();
        parts.join(&b'/')
    }

    /// The entry of a path.
    pub(super) fn find(&self, path: &[u8]) -> Option<u32> {
        let wanted: Vec<&[u8]> = path.split(|&b| b == b'/').collect();
        let (mut low, mut high) = (0, u32::try_from(self.entries.len()).unwrap_or(ROOT));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.compare(middle, &wanted) {
                Ordering::Equal => return Some(middle),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// For each entry the number behind what is in it: the next one for all but folders.
    pub(super) fn ends(&self) -> Vec<u32> {
        let mut ends: Vec<u32> = (1..).take(self.entries.len()).collect();
        // From the back, so that what is in a folder has its end already.
        for at in (0..self.entries.len()).rev() {
            let parent = self.entries.get(at).and_then(|entry| usize::try_from(entry.parent).ok());
            let end = ends.get(at).copied().unwrap_or_default();
            if let Some(above) = parent.and_then(|parent| ends.get_mut(parent)) {
                *above = end.max(*above);
            }
        }
        ends
    }

    /// The entry's name, its folder's name, and so on.
    fn up(&self, number: u32) -> impl Iterator<Item = &[u8]> {
        let parent = |entry: &&Entry| self.get(entry.parent);
        std::iter::successors(self.get(number), parent).map(|entry| self.name(entry))
    }

    fn compare(&self, number: u32, wanted: &[&[u8]]) -> Ordering {
        let mut parts: Vec<&[u8]> = self.up(number).collect();
        parts.reverse();
        parts.as_slice().cmp(wanted)
    }
}
