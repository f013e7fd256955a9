//! Whether a work tree is provably what HEAD has, found by the index as it lies there.
//!
//! That is the usual case in a CI, and costs half the time and a third of the memory of libgit2's answer. Nothing is taken
//! for clean on a guess: whatever is not plain makes the answer no, and then libgit2 looks.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use git2::{ObjectType, Oid, Repository};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags};

use crate::source::FileState;
use crate::source::blobs::{BlobIds, BlobSource, Standing};

use super::failure::Failure;
use super::look::Tools;

/// Files whose content is read, because index and file may have come in the same moment; with more of them libgit2 is
/// not slower.
const MOST_READ: usize = 500;
/// Untracked files and folders for which git's ignore files are asked, likewise.
const MOST_ASKED: usize = 1_000;

/// True where index, HEAD and work tree provably agree, and nothing lies there that git does not ignore; false where they
/// do not, or it cannot be told here. `blobs` says how far the index can be trusted.
pub(super) fn is_untouched(
    repository: &Repository,
    root: &Path,
    blobs: &BlobSource,
    tools: Tools<'_>,
) -> Result<bool, Failure> {
    let Ok(config) = repository.config().and_then(|mut config| config.snapshot()) else { return Ok(false) };
    if config.get_bool("core.sparseCheckout").unwrap_or(false) {
        return Ok(false);
    }
    let Some(ids) = BlobIds::read(root, blobs) else { return Ok(false) };
    let tree = repository.head().and_then(|head| head.peel_to_tree());
    if !tree.is_ok_and(|tree| ids.is_tree(tree.id().as_bytes())) {
        return Ok(false);
    }
    let modes = config.get_bool("core.fileMode").unwrap_or(true);
    let mut search = Search { repository, root, ids, modes, seen: 0, read: 0, asked: 0, folders: Vec::new() };
    let mut open = vec![Vec::new()];
    while let Some(folder) = open.pop() {
        tools.stop.check()?;
        // What cannot be looked at is libgit2's to explain.
        if !search.folder(&folder).unwrap_or(false) {
            return Ok(false);
        }
        open.append(&mut search.folders);
    }
    // Where fewer were seen, some are gone.
    Ok(search.seen == search.ids.len())
}

struct Search<'a> {
    repository: &'a Repository,
    root: &'a Path,
    ids: BlobIds,
    /// Whether the file system knows which files are executable.
    modes: bool,
    /// Tracked files that are what the index has.
    seen: usize,
    read: usize,
    asked: usize,
    /// Folders that were found and are still to be looked into, each with a slash at its end.
    folders: Vec<Vec<u8>>,
}

impl Search<'_> {
    /// Looks at what lies in `folder`, which is empty or ends in a slash; false where anything is not as in the index.
    fn folder(&mut self, folder: &[u8]) -> std::io::Result<bool> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let here = rustix::fs::openat(CWD, self.root.join(OsStr::from_bytes(folder)), flags, Mode::empty())?;
        for entry in Dir::read_from(&here)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            let path = [folder, name].concat();
            let is_as_in_the_index = match name {
                b"." | b".." => true,
                // One further down is another repository's.
                b".git" => folder.is_empty(),
                _ if entry.file_type() == FileType::Directory => self.enters(path),
                _ => self.is_same(&here, name, &path)?,
            };
            if !is_as_in_the_index {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notes a folder that has tracked files; of any other git has to know nothing.
    fn enters(&mut self, mut path: Vec<u8>) -> bool {
        path.push(b'/');
        if !self.ids.has_below(&path) {
            return self.is_ignored(&path);
        }
        self.folders.push(path);
        true
    }

    fn is_same(&mut self, here: &OwnedFd, name: &[u8], path: &[u8]) -> std::io::Result<bool> {
        let state = FileState::at(here, name)?;
        let same = match self.ids.standing(path, &state, self.modes) {
            Standing::Untracked => return Ok(self.is_ignored(path)),
            Standing::Differs => false,
            Standing::Same => true,
            Standing::Unsure(id) => {
                self.read += 1;
                let read = if state.is_file() {
                    Oid::hash_file(ObjectType::Blob, self.root.join(OsStr::from_bytes(path)))
                } else {
                    let target = rustix::fs::readlinkat(here, name, Vec::new())?;
                    Oid::hash_object(ObjectType::Blob, target.as_bytes())
                };
                self.read <= MOST_READ && read.is_ok_and(|read| read.as_bytes() == id.0)
            }
        };
        self.seen += usize::from(same);
        Ok(same)
    }

    fn is_ignored(&mut self, path: &[u8]) -> bool {
        self.asked += 1;
        self.asked <= MOST_ASKED
            && self.repository.is_path_ignored(Path::new(OsStr::from_bytes(path))).unwrap_or(false)
    }
}
