//! Goes through folders by their names, one at a time and never through a link, so that neither long paths nor
//! somebody who swaps a folder for a link leads anywhere else.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

use super::identity::Identity;
use crate::error::Result;
use crate::source::FileState;

use super::trouble::{changed, unreadable};

/// Folders held open; those above them are opened again on the way back.
const OPEN_AT_ONCE: usize = 32;

/// Where we are: the root, and the folders from there.
#[derive(Debug)]
pub(super) struct Dirs<'a> {
    root: BorrowedFd<'a>,
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    /// None where too many others are open.
    folder: Option<File>,
    identity: Identity,
}

impl<'a> Dirs<'a> {
    /// At the root.
    pub(super) fn new(root: BorrowedFd<'a>) -> Dirs<'a> {
        Dirs { root, levels: Vec::new() }
    }

    /// The folder we are in.
    pub(super) fn here(&self) -> BorrowedFd<'_> {
        self.levels.last().and_then(|level| level.folder.as_ref()).map_or(self.root, AsFd::as_fd)
    }

    /// Goes into a folder of this folder.
    pub(super) fn enter(&mut self, name: &[u8]) -> io::Result<Identity> {
        let folder = File::from(openat(self.here(), name, FOLDER, Mode::empty())?);
        let identity = Identity::of(&FileState::of(&folder)?);
        if let Some(level) = self.levels.len().checked_sub(OPEN_AT_ONCE).and_then(|n| self.levels.get_mut(n))
        {
            level.folder = None;
        }
        self.levels.push(Level { folder: Some(folder), identity });
        Ok(identity)
    }

    /// Goes back to the folder above, whose path errors shall name.
    pub(super) fn leave(&mut self, path: &[u8]) -> Result<()> {
        let left = self.levels.pop().and_then(|level| level.folder);
        if let Some(level) = self.levels.last_mut()
            && level.folder.is_none()
            && let Some(left) = left
        {
            let folder =
                File::from(openat(&left, "..", FOLDER, Mode::empty()).map_err(|e| unreadable(path, e))?);
            let identity = Identity::of(&FileState::of(&folder).map_err(|e| unreadable(path, e))?);
            // `..` of a folder that was moved leads to another place.
            if !identity.is_same_inode(&level.identity) {
                return Err(changed(path, "a folder in it was moved"));
            }
            level.folder = Some(folder);
        }
        Ok(())
    }

    /// Opens a regular file of this folder for reading. Anything else is an error, if possible before it is opened.
    pub(super) fn open(&self, name: &[u8]) -> io::Result<(File, FileState)> {
        // Not blocking, should a FIFO have come in place of the file.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(openat(self.here(), name, flags, Mode::empty())?);
        let state = FileState::of(&file)?;
        if state.is_file() { Ok((file, state)) } else { Err(Errno::NXIO.into()) }
    }

    /// What a name of this folder stands for, without opening it.
    pub(super) fn look(&self, name: &[u8]) -> io::Result<FileState> {
        FileState::at(self.here(), name)
    }

    /// Where a link of this folder points to, byte for byte.
    pub(super) fn read_link(&self, name: &[u8]) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(self.here(), name, Vec::new())?.into_bytes())
    }
}

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);

/// Opens the root of a context; it may itself be reached through links.
pub(super) fn open_root(path: &std::path::Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}
