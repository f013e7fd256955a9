//! The bytes of the files that a server asks for.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use sha1::{Digest as _, Sha1};

use super::selected::Selected;
use crate::context::dirs::Dirs;
use crate::context::entries::ROOT;
use crate::context::identity::Identity;
use crate::context::listing::EntryKind;
use crate::context::place::Place;
use crate::context::read::blob_hash;
use crate::context::trouble::{changed, damaged, shown, stale, unreadable};
use crate::error::{Error, Kind, Result};
use crate::source::{BlobReader, FileState};

/// An open file of a selection, read from its start to its end.
#[derive(Debug)]
pub struct Contents {
    source: Source,
    path: Vec<u8>,
    identity: Identity,
    left: u64,
    hash: Sha1,
    blob: [u8; 20],
    /// Everything was handed out and found to be what was listed.
    done: bool,
}

#[derive(Debug)]
enum Source {
    File(File),
    Blob(BlobReader),
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Source::File(file) => file.read(buffer),
            Source::Blob(blob) => blob.read(buffer),
        }
    }
}

impl Selected {
    /// Opens a file for reading, and nothing else, be it by way of a link that came in its place. Blocks.
    ///
    /// Errors: [`Kind::Refused`] where the file or a folder above it is not what was listed, with the path; [`Kind::Io`] where
    /// it cannot be read; [`Kind::Engine`] for an id that stands for no file, which a server may not ask for.
    pub fn open(&self, id: u32) -> Result<Contents> {
        let unasked = |what: &str| {
            Error::new(Kind::Engine, format!("the engine asks for the content of {what}, which has none"))
        };
        let entry = self.get(id).ok_or_else(|| unasked(&format!("entry {id}")))?;
        let (number, listed) = self.entry(id).ok_or_else(|| unasked(&format!("entry {id}")))?;
        let Some(blob) = entry.blob.filter(|_| entry.kind == EntryKind::File) else {
            return Err(unasked(&format!("`{}`", shown(&entry.path))));
        };
        let identity = listed.identity;
        let source = match &self.listing.place {
            Place::Commit(committed) => Source::Blob(committed.open(number, listed, &entry.path)?),
            Place::Folder(root) => {
                let entries = self.listing.raw_entries();
                let name = entries.get(number).map(|entry| entries.name(entry)).unwrap_or_default();
                let opened = match self.folder(root, listed.parent())? {
                    Some(folder) => Dirs::new(folder.as_fd()).open(name),
                    None => Dirs::new(root.as_fd()).open(name),
                };
                let (file, state) = opened.map_err(|e| unreadable(&entry.path, e))?;
                let now = Identity::of(&state);
                if identity != now {
                    return Err(changed(&entry.path, identity.difference(&now)));
                }
                Source::File(file)
            }
        };
        Ok(Contents {
            source,
            path: entry.path,
            identity,
            left: identity.size,
            hash: blob_hash(identity.size),
            blob,
            done: false,
        })
    }

    /// A folder of the listing, reached from the root without a link; none for the root itself.
    fn folder(&self, root: &OwnedFd, number: u32) -> Result<Option<Arc<File>>> {
        if number == ROOT {
            return Ok(None);
        }
        let last = || self.last_folder.lock().ok();
        if let Some(known) = last().and_then(|last| last.clone()).filter(|(known, _)| *known == number) {
            return Ok(Some(known.1));
        }
        let entries = self.listing.raw_entries();
        let mut way = Vec::new();
        let mut at = number;
        while let Some(entry) = entries.get(at) {
            way.push((at, entry));
            at = entry.parent();
        }
        let mut dirs = Dirs::new(root.as_fd());
        for (number, entry) in way.into_iter().rev() {
            let identity =
                dirs.enter(entries.name(entry)).map_err(|e| unreadable(&entries.path(number), e))?;
            if !identity.is_same_inode(&entry.identity) {
                return Err(changed(&entries.path(number), "it was replaced"));
            }
        }
        let folder = dirs.here().try_clone_to_owned().map_err(|e| unreadable(&entries.path(number), e))?;
        let folder = Arc::new(File::from(folder));
        if let Some(mut last) = last() {
            *last = Some((number, Arc::clone(&folder)));
        }
        Ok(Some(folder))
    }
}

impl Contents {
    /// Bytes that are still to come.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Puts the next bytes into `buffer`, which is not empty, and gives how many they are: 0 at the end. Blocks.
    ///
    /// The last bytes are handed out only when the file turned out to be what was listed, down to the hash of its content,
    /// from which its time was made: a server that remembers other bytes by that time would use them in later builds.
    /// [`Kind::Refused`] with the path where it is not.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let chunk = buffer.get_mut(..most).unwrap_or_default();
        let read = loop {
            match self.source.read(chunk) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(unreadable(&self.path, e)),
                Ok(read) => break read,
            }
        };
        if read == 0 && self.left > 0 {
            return Err(match self.source {
                Source::File(_) => changed(&self.path, "its size is another"),
                Source::Blob(_) => damaged(&self.path),
            });
        }
        self.hash.update(chunk.get(..read).unwrap_or_default());
        self.left = self.left.saturating_sub(read as u64);
        if self.left == 0 && !self.done {
            self.finish()?;
        }
        Ok(read)
    }

    fn finish(&mut self) -> Result<()> {
        if let Source::File(file) = &self.source {
            let state = FileState::of(file).map_err(|e| unreadable(&self.path, e))?;
            let after = Identity::of(&state);
            if after != self.identity {
                return Err(changed(&self.path, self.identity.difference(&after)));
            }
        }
        let hash: [u8; 20] = self.hash.finalize_reset().into();
        if hash != self.blob {
            return Err(match self.source {
                Source::File(_) => stale(&self.path),
                Source::Blob(_) => damaged(&self.path),
            });
        }
        self.done = true;
        Ok(())
    }
}
