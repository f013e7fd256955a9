//! Which files of a work tree git's index has.

use std::collections::HashSet;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use git2::Repository;

use crate::environment::Environment;
use crate::error::Result;
use crate::source::Reader;
use crate::source::index::{self, Entry};
use crate::stop::Stop;

use super::failure::Failure;
use super::look::{Folder, Tools};
use super::{command_reader, last_word, libgit2_status};

/// Submodules in submodules, deeper than anybody nests them.
const DEEPEST: u32 = 16;
/// The mode of a submodule.
const SUBMODULE: u32 = 0o160_000;

/// The files that the index has, those of checked-out submodules by the submodule's own index. Paths are relative to the
/// root of the repository.
#[derive(Debug, Default)]
pub struct Tracked {
    files: HashSet<Vec<u8>>,
    /// Files in submodules that are neither tracked nor ignored there.
    pub untracked_in_submodules: Vec<PathBuf>,
}

impl Tracked {
    /// Whether the index has the file.
    pub fn contains(&self, path: &Path) -> bool {
        self.files.contains(path.as_os_str().as_bytes())
    }
}

/// What is tracked in the repository at `root`. Blocking.
pub fn tracked(root: &Path, reader: Reader, environment: &Environment, stop: &Stop) -> Result<Tracked> {
    collect(root, reader, Tools { environment, stop }).map_err(|failure| last_word(root, failure))
}

fn collect(root: &Path, reader: Reader, tools: Tools<'_>) -> Result<Tracked, Failure> {
    let mut tracked = Tracked::default();
    let mut open = vec![(PathBuf::new(), 0)];
    while let Some((folder, depth)) = open.pop() {
        tools.stop.check()?;
        if depth > DEEPEST {
            return Err(Failure::unreadable("submodules are nested without an end"));
        }
        let at = root.join(&folder);
        for (mode, path) in entries(&at, reader, tools)? {
            let path = folder.join(path);
            if mode == SUBMODULE {
                if matches!(Folder::of(&root.join(&path)), Folder::CheckedOut) {
                    open.push((path, depth + 1));
                }
            } else {
                tracked.files.insert(path.into_os_string().into_vec());
            }
        }
        if depth > 0 {
            let untracked = untracked(&at, reader, tools)?;
            tracked.untracked_in_submodules.extend(untracked.into_iter().map(|path| folder.join(path)));
        }
    }
    Ok(tracked)
}

/// Mode and path of each entry of an index.
fn entries(folder: &Path, reader: Reader, tools: Tools<'_>) -> Result<Vec<(u32, PathBuf)>, Failure> {
    let path = |bytes: &[u8]| PathBuf::from(std::ffi::OsStr::from_bytes(bytes));
    if reader == Reader::Libgit2
        && let Ok(repository) = Repository::open(folder)
    {
        let mut entries = Vec::new();
        let visit = |entry: Entry<'_>| entries.push((entry.mode, path(entry.path)));
        // As it is read from front to back: libgit2 would make tables of it that nobody asks for.
        if index::scan(&repository.path().join("index"), visit).is_ok() {
            return Ok(entries);
        }
    }
    let listing = tools.git(folder, reader)?.ask(["ls-files", "--stage", "-z"])?;
    let records = listing.split(|&byte| byte == 0).filter(|record| !record.is_empty());
    let entry = |record: &[u8]| {
        let tab = record.iter().position(|&byte| byte == b'\t')?;
        let mode = std::str::from_utf8(record.get(..6)?).ok()?;
        Some((u32::from_str_radix(mode, 8).ok()?, path(record.get(tab + 1..)?)))
    };
    let odd = || Failure::unreadable("git lists an entry that makes no sense");
    records.map(|record| entry(record).ok_or_else(odd)).collect()
}

/// Files of a submodule that are neither tracked nor ignored.
fn untracked(folder: &Path, reader: Reader, tools: Tools<'_>) -> Result<Vec<PathBuf>, Failure> {
    if reader == Reader::Libgit2
        && let Ok(repository) = Repository::open(folder)
        && let Ok(look) = libgit2_status::look(&repository, folder, tools)
    {
        return Ok(look.untracked);
    }
    let git = tools.git(folder, reader)?;
    command_reader::look(&git, folder, reader, tools).map(|look| look.untracked)
}
