//! What a build would send of files that are known by their names alone: the tree of a commit. The walk's choices, and
//! nothing that only a folder has.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::ignore::{DirMatch, Ignore};
use super::list::unlike_classic;
use super::{ignore_file, list};
use crate::error::Result;

/// The files of a context that are no folder's.
pub struct Tree<'a> {
    /// The Dockerfile as it was named, relative to the context.
    pub dockerfile: &'a Path,
    /// The same without links.
    pub real_dockerfile: &'a Path,
    /// Gives the content of a path relative to the context, and `None` where there is no such file; no more than so many
    /// bytes are wanted.
    pub read: &'a mut ReadFile<'a>,
}

/// Reads a file of a tree.
pub type ReadFile<'a> = dyn FnMut(&Path, u64) -> Result<Option<Vec<u8>>> + 'a;

/// By which patterns files are chosen, and which were.
#[derive(Debug)]
pub struct Chosen {
    /// The ignore file that was used, relative to the context.
    pub ignore_file: Option<PathBuf>,
    /// Its patterns.
    pub ignore: Ignore,
    /// What it holds.
    pub(super) ignore_bytes: Vec<u8>,
    /// Files that are sent though they are left out.
    forced: Vec<Vec<u8>>,
}

impl Chosen {
    /// Reads the ignore file that holds for a Dockerfile. Kind `Config` where it is invalid.
    pub fn by(tree: &mut Tree<'_>) -> Result<Chosen> {
        let mut read = |path: &Path| (tree.read)(path, ignore_file::LARGEST);
        let (ignore_file, ignore_bytes, ignore) =
            ignore_file::find_by(tree.dockerfile, &[list::GIT], &mut read)?;
        let mut forced = vec![tree.real_dockerfile.as_os_str().as_bytes().to_vec()];
        if ignore_file.as_deref() == Some(Path::new(ignore_file::NAME)) {
            forced.push(ignore_file::NAME.into());
        }
        Ok(Chosen { ignore_file, ignore, ignore_bytes, forced })
    }
}

/// The folder that a path lies in: how its content is matched.
struct Frame<'a> {
    path: &'a [u8],
    matched: DirMatch,
    /// Nothing below it is sent but what is forced.
    closed: bool,
    unlike_classic: bool,
}

/// Goes through `entries`, each with whether it is a folder, a folder right before what is in it. `take` gets the number of
/// every entry that is sent, and whether it is left out: a file is sent all the same only for the engine, a folder only where
/// something in it is. Gives what other engines make of the tree.
pub fn choose<'a>(
    chosen: &Chosen,
    entries: impl Iterator<Item = (&'a [u8], bool)>,
    take: &mut dyn FnMut(usize, bool),
) -> Result<Vec<String>> {
    let ignore = &chosen.ignore;
    let root = Frame { path: b"", matched: DirMatch::default(), closed: false, unlike_classic: false };
    let mut frames = vec![root];
    let mut found: Option<(u64, Vec<u8>)> = None;
    for (number, (path, is_folder)) in entries.enumerate() {
        while frames.len() > 1 && frames.last().is_some_and(|frame| !is_below(path, frame.path)) {
            frames.pop();
        }
        let Some(frame) = frames.last() else { continue };
        if is_folder {
            let (excluded, matched) = if frame.closed {
                (true, DirMatch::default())
            } else {
                ignore.descend(path, &frame.matched)?
            };
            let closed = excluded && (frame.closed || !ignore.may_return_below(path));
            let unlike_classic =
                frame.unlike_classic || excluded && !closed && !ignore.classic_looks_below(path);
            frames.push(Frame { path, matched, closed, unlike_classic });
            if !closed {
                take(number, excluded);
            }
            continue;
        }
        let forced = chosen.forced.iter().any(|forced| forced == path);
        let excluded = frame.closed || ignore.excludes(path, &frame.matched)?;
        if excluded && !forced {
            continue;
        }
        if !excluded && frame.unlike_classic {
            found.get_or_insert_with(|| (0, path.to_vec())).0 += 1;
        }
        take(number, excluded);
    }
    Ok(found.iter().map(|found| unlike_classic(found, chosen.ignore_file.as_deref())).collect())
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with(b"/"))
}
