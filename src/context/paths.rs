//! Goes over entries with their whole paths, in one buffer.

use super::entries::{Content, Entries, Entry, ROOT};

/// A walk over all entries in their order.
#[derive(Debug)]
pub(super) struct Paths<'a> {
    entries: &'a Entries,
    next: u32,
    /// The path of the entry that was given out last.
    path: Vec<u8>,
    /// The folders we are in, each with the length of its path.
    folders: Vec<(u32, usize)>,
}

/// What [`Paths::advance`] came to.
#[derive(Debug)]
pub(super) struct Here<'a> {
    pub(super) number: u32,
    pub(super) entry: &'a Entry,
    /// How many folders were left on the way here.
    pub(super) left: usize,
}

impl<'a> Paths<'a> {
    pub(super) fn new(entries: &'a Entries) -> Paths<'a> {
        Paths { entries, next: 0, path: Vec::new(), folders: Vec::new() }
    }

    /// Goes to the next entry.
    pub(super) fn advance(&mut self) -> Option<Here<'a>> {
        let number = self.next;
        let entry = self.entries.get(number)?;
        self.next += 1;
        let mut left = 0;
        while self.folders.last().is_some_and(|&(folder, _)| folder != entry.parent()) {
            self.folders.pop();
            left += 1;
        }
        match self.folders.last() {
            Some(&(_, length)) => {
                self.path.truncate(length);
                self.path.push(b'/');
            }
            None => self.path.clear(),
        }
        self.path.extend_from_slice(self.entries.name(entry));
        if matches!(entry.content, Content::Folder) {
            self.folders.push((number, self.path.len()));
        }
        debug_assert!(entry.parent() == ROOT || !self.folders.is_empty());
        Some(Here { number, entry, left })
    }

    /// The path of the entry that we are at.
    pub(super) fn path(&self) -> &[u8] {
        &self.path
    }

    /// The path of the folder that this entry is in.
    pub(super) fn folder(&self) -> &[u8] {
        let end = self.path.iter().rposition(|&b| b == b'/').unwrap_or(0);
        self.path.get(..end).unwrap_or_default()
    }
}
