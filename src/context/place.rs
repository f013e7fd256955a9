//! Where the bytes of a listing are, in a folder or in a commit, and the way over its entries there.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha1::Digest as _;

use super::dirs::Dirs;
use super::entries::{Content, Entry};
use super::files;
use super::identity::Identity;
use super::read::{blob_hash, read_blob, read_unchanged};
use super::trouble::{changed, stale, unreadable};
use crate::error::{Error, Kind, Result};
use crate::image::hex;
use crate::source::{BlobReader, Objects};
use crate::stop::Stop;

/// Where a listing was made.
#[derive(Debug)]
pub(super) enum Place {
    /// An open folder.
    Folder(OwnedFd),
    /// The objects of a commit.
    Commit(Committed),
}

/// The objects behind the entries of a commit.
#[derive(Debug)]
pub(super) struct Committed {
    /// In hex.
    pub(super) commit: String,
    /// The repository, and those of its submodules.
    pub(super) stores: Vec<Objects>,
    /// What is not the object of the first store that has the blob's own id, by the entry's number.
    pub(super) odd: BTreeMap<u32, Origin>,
    /// Whether the folder of the context has attributes of git's, be they listed or not.
    pub(super) has_attributes: bool,
}

/// Where a file's bytes are.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// An object of this store, with its id in hex.
    Object { store: usize, id: String },
    /// What git-lfs fetched.
    File(PathBuf),
}

impl Committed {
    /// Whether some files are not the repository's own objects: a submodule's, or what git-lfs fetched.
    pub(super) fn has_fetched(&self) -> bool {
        self.odd.values().any(|origin| !matches!(origin, Origin::Object { store: 0, .. }))
    }

    /// Opens the file that an entry stands for.
    pub(super) fn open(&self, number: u32, entry: &Entry, path: &[u8]) -> Result<BlobReader> {
        let Content::File(blob) = &entry.content else {
            return Err(Error::new(Kind::Internal, "only files of a commit have content"));
        };
        let plain = || Origin::Object { store: 0, id: hex(blob) };
        open(&self.stores, &self.odd.get(&number).cloned().unwrap_or_else(plain), entry.identity.size, path)
    }
}

/// Opens what lies at `origin` and has `size` bytes.
pub(super) fn open(stores: &[Objects], origin: &Origin, size: u64, path: &[u8]) -> Result<BlobReader> {
    match origin {
        Origin::File(file) => open_file(file).map(BlobReader::of_file).map_err(|e| unreadable(path, e)),
        Origin::Object { store, id } => {
            let store = stores.get(*store);
            let store = store.ok_or_else(|| Error::new(Kind::Internal, "a repository is missing"))?;
            store.open_blob(id, size, path)
        }
    }
}

/// Opens a regular file; should a pipe lie there, nobody waits for its other end.
pub(super) fn open_file(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(rustix::io::Errno::NXIO.into()) }
}

impl Place {
    /// At the root.
    pub(super) fn way(&self) -> Way<'_> {
        match self {
            Place::Folder(root) => Way::Folder(Dirs::new(root.as_fd())),
            Place::Commit(committed) => Way::Commit(committed),
        }
    }
}

/// Goes over entries in their order, and holds each against what was listed. A commit's cannot have changed.
pub(super) enum Way<'a> {
    Folder(Dirs<'a>),
    Commit(&'a Committed),
}

impl Way<'_> {
    /// Goes back to the folder above, whose path errors shall name.
    pub(super) fn leave(&mut self, path: &[u8]) -> Result<()> {
        match self {
            Way::Folder(dirs) => dirs.leave(path),
            Way::Commit(_) => Ok(()),
        }
    }

    /// Goes into a folder.
    pub(super) fn enter(&mut self, entry: &Entry, path: &[u8], name: &[u8]) -> Result<()> {
        let Way::Folder(dirs) = self else { return Ok(()) };
        let now = dirs.enter(name).map_err(|e| unreadable(path, e))?;
        // Its times change with what is put into it and was not listed, which is not sent.
        if now.is_same_inode(&entry.identity) { Ok(()) } else { Err(changed(path, "it was replaced")) }
    }

    /// Opens a file.
    pub(super) fn open(&self, number: u32, entry: &Entry, path: &[u8], name: &[u8]) -> Result<Opened> {
        match self {
            Way::Folder(dirs) => {
                let (file, state) = dirs.open(name).map_err(|e| unreadable(path, e))?;
                unchanged(path, &entry.identity, &Identity::of(&state))?;
                Ok(Opened::File(file))
            }
            Way::Commit(committed) => committed.open(number, entry, path).map(Opened::Blob),
        }
    }

    /// An error where a link points elsewhere by now.
    pub(super) fn still_links(&self, entry: &Entry, path: &[u8], name: &[u8], target: &[u8]) -> Result<()> {
        let Way::Folder(dirs) = self else { return Ok(()) };
        let (now, to) = files::read_link(dirs, path, name)?;
        unchanged(path, &entry.identity, &now)?;
        if to == target { Ok(()) } else { Err(changed(path, "it points elsewhere")) }
    }

    /// An error where something else has the name by now.
    pub(super) fn still_there(&self, entry: &Entry, path: &[u8], name: &[u8]) -> Result<()> {
        let Way::Folder(dirs) = self else { return Ok(()) };
        let now = dirs.look(name).map_err(|e| unreadable(path, e))?;
        unchanged(path, &entry.identity, &Identity::of(&now))
    }
}

/// A file that was opened.
pub(super) enum Opened {
    File(File),
    Blob(BlobReader),
}

impl Opened {
    /// Hands its bytes to `consume`; an error where they are not those that were listed, down to the hash of them, which may be
    /// git's word or that of an earlier run: the digest is of what is sent.
    pub(super) fn read(
        &mut self,
        entry: &Entry,
        path: &[u8],
        buffer: &mut [u8],
        stop: &Stop,
        mut consume: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let Content::File(id) = &entry.content else { return Ok(()) };
        match self {
            Opened::File(file) => {
                let mut hash = blob_hash(entry.identity.size);
                read_unchanged(file, &entry.identity, path, buffer, stop, |bytes| {
                    hash.update(bytes);
                    consume(bytes)
                })?;
                let hash: [u8; 20] = hash.finalize().into();
                if hash == *id { Ok(()) } else { Err(stale(path)) }
            }
            Opened::Blob(blob) => read_blob(blob, (entry.identity.size, id), path, buffer, stop, consume),
        }
    }
}

fn unchanged(path: &[u8], listed: &Identity, now: &Identity) -> Result<()> {
    if listed == now { Ok(()) } else { Err(changed(path, listed.difference(now))) }
}
