//! What is known in one run.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::file;
use super::record::Record;
use crate::source::FileState;

/// Runs for which a record that nobody needs is kept.
const OLDEST: u32 = 30;

/// The hashes of one context's files.
///
/// As with git's index, one change goes unnoticed: that of a file which a program has mapped into memory and wrote to
/// before the look, since the system notes no further time for it. Nothing stale is sent for that: what is sent is hashed
/// again.
#[derive(Debug)]
pub struct HashCache {
    path: PathBuf,
    /// Sorted by device and inode.
    known: Vec<Record>,
    /// Whether this run needed each of them.
    needed: RefCell<Vec<bool>>,
    fresh: RefCell<Vec<Record>>,
    /// The device of the last file, and whether it is a disk of this machine.
    device: Cell<Option<(u64, bool)>>,
    /// Gives nanoseconds since 1970.
    clock: fn() -> i64,
}

/// A file whose hash is worth keeping, as it was before it was read.
#[derive(Debug)]
pub(in crate::context) struct Ticket(Record);

impl HashCache {
    /// Reads what earlier runs left in `folder` for the context at `root`. The folder need not exist.
    pub fn open(folder: &Path, root: &Path) -> HashCache {
        let clock = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
        };
        HashCache::open_at(folder, root, clock)
    }

    pub(in crate::context) fn open_at(folder: &Path, root: &Path, clock: fn() -> i64) -> HashCache {
        let path = file::path(folder, root);
        let known = file::read(&path);
        HashCache {
            path,
            needed: RefCell::new(vec![false; known.len()]),
            known,
            fresh: RefCell::default(),
            device: Cell::default(),
            clock,
        }
    }

    /// The hash of an open file whose state is `state`, or what to [`remember`](HashCache::remember) it under when it was
    /// read.
    pub(in crate::context) fn look(
        &self,
        file: &File,
        state: &FileState,
    ) -> Result<[u8; 20], Option<Ticket>> {
        let state = Record::of(state).filter(|state| self.is_local(file, state.device)).ok_or(None)?;
        if let Ok(at) = self.known.binary_search_by_key(&state.key(), Record::key)
            && let Some(known) = self.known.get(at).filter(|known| known.is_state(&state))
        {
            if let Some(needed) = self.needed.borrow_mut().get_mut(at) {
                *needed = true;
            }
            return Ok(known.blob);
        }
        Err(Some(Ticket(state)).filter(|_| !state.is_racy((self.clock)())))
    }

    /// Notes the hash of a file that was read, and did not change meanwhile.
    pub(in crate::context) fn remember(&self, ticket: Ticket, blob: [u8; 20]) {
        let mut fresh = self.fresh.borrow_mut();
        if fresh.len() < file::MOST {
            fresh.push(Record { blob, ..ticket.0 });
        }
    }

    /// Leaves what this run learned for the next one. Of two runs at once the one that ends last does.
    pub fn save(self) {
        let mut fresh = self.fresh.into_inner();
        if fresh.is_empty() {
            return;
        }
        let now = self.known.iter().map(|record| record.run).max().unwrap_or(0).saturating_add(1);
        fresh.iter_mut().for_each(|record| record.run = now);
        let mut records = self.known;
        for (record, needed) in records.iter_mut().zip(self.needed.into_inner()) {
            if needed {
                record.run = now;
            }
        }
        records.retain(|record| now - record.run <= OLDEST);
        // Of two records of one file the fresh one stands first, and stays.
        records.append(&mut fresh);
        records.sort_by_key(|record| (record.key(), std::cmp::Reverse(record.run)));
        records.dedup_by_key(|record| record.key());
        if records.len() > file::MOST {
            records.sort_by_key(|record| std::cmp::Reverse(record.run));
            records.truncate(file::MOST);
            records.sort_by_key(Record::key);
        }
        file::write(&self.path, &records);
    }

    fn is_local(&self, file: &File, device: u64) -> bool {
        if let Some((last, is_local)) = self.device.get()
            && last == device
        {
            return is_local;
        }
        let is_local = file::is_local(file);
        self.device.set(Some((device, is_local)));
        is_local
    }

    /// How many files were read in this run and are worth keeping.
    #[cfg(test)]
    pub(in crate::context) fn read_now(&self) -> usize {
        self.fresh.borrow().len()
    }
}
