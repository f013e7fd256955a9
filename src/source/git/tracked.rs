//! Which files of a work tree git's index has.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
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
    /// The paths, one behind the other: a set of a hundred thousand strings is six times as large.
    text: Vec<u8>,
    /// Where each begins and ends in `text`, sorted by path.
    places: Vec<(usize, usize)>,
    /// Files in submodules that are neither tracked nor ignored there.
    pub untracked_in_submodules: Vec<PathBuf>,
}

impl Tracked {
    /// Whether the index has the file.
    pub fn contains(&self, path: &Path) -> bool {
        let path = path.as_os_str().as_bytes();
        self.places.binary_search_by(|place| part(&self.text, *place).cmp(path)).is_ok()
    }

    fn keep(&mut self, folder: &Path, path: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(folder.as_os_str().as_bytes());
        if self.text.len() > start {
            self.text.push(b'/');
        }
        self.text.extend_from_slice(path);
        self.places.push((start, self.text.len()));
    }

    fn sort(&mut self) {
        let text = &self.text;
        self.places.sort_unstable_by(|a, b| part(text, *a).cmp(part(text, *b)));
    }
}

fn part(text: &[u8], (start, end): (usize, usize)) -> &[u8] {
    text.get(start..end).unwrap_or_default()
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
        let mut visit = |mode: u32, path: &[u8]| {
            if mode != SUBMODULE {
                return tracked.keep(&folder, path);
            }
            let path = folder.join(OsStr::from_bytes(path));
            if matches!(Folder::of(&root.join(&path)), Folder::CheckedOut) {
                open.push((path, depth + 1));
            }
        };
        entries(&at, reader, tools, &mut visit)?;
        if depth > 0 {
            let untracked = untracked(&at, reader, tools)?;
            tracked.untracked_in_submodules.extend(untracked.into_iter().map(|path| folder.join(path)));
        }
    }
    tracked.sort();
    Ok(tracked)
}

/// Shows mode and path of each entry of an index.
fn entries(
    folder: &Path,
    reader: Reader,
    tools: Tools<'_>,
    visit: &mut dyn FnMut(u32, &[u8]),
) -> Result<(), Failure> {
    if reader == Reader::Libgit2
        && let Ok(repository) = Repository::open(folder)
    {
        let index = repository.path().join("index");
        // Read twice rather than kept: what is shown of one that cannot be read whole is worth nothing.
        if index::scan(&index, |_| {}).is_ok() {
            let shown = index::scan(&index, |entry: Entry<'_>| visit(entry.mode, entry.path));
            return shown.map(drop).map_err(Failure::Unreadable);
        }
    }
    let listing = tools.git(folder, reader)?.ask(["ls-files", "--stage", "-z"])?;
    let odd = || Failure::unreadable("git lists an entry that makes no sense");
    for record in listing.split(|&byte| byte == 0).filter(|record| !record.is_empty()) {
        let tab = record.iter().position(|&byte| byte == b'\t').ok_or_else(odd)?;
        let mode = record.get(..6).and_then(|mode| std::str::from_utf8(mode).ok()).ok_or_else(odd)?;
        let mode = u32::from_str_radix(mode, 8).map_err(|_| odd())?;
        visit(mode, record.get(tab + 1..).unwrap_or_default());
    }
    Ok(())
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
