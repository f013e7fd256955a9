//! The first pass as a whole.

use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::digest::digest;
use super::dirs::{Dirs, open_root};
use super::entries::{Content, Entries};
use super::files::Files;
use super::hash_cache::HashCache;
use super::ignore_file;
use super::listing::Listing;
use super::place::Place;
use super::trouble::{changed, shown};
use super::walk::{Rules, walk};
use crate::error::{Error, Kind, Result};
use crate::source::FileState;
use crate::stop::Stop;

/// Knows a file's git blob id without reading it: called with the file's path in the context and its `lstat`, it gives an
/// id only where git's index and this very state of the file provably agree.
pub type KnownBlob<'a> = dyn Fn(&Path, &FileState) -> Option<[u8; 20]> + 'a;

/// What to list.
pub struct ListOptions<'a> {
    /// The folder to send.
    pub root: &'a Path,
    /// The Dockerfile, relative to `root`. It has to be inside, be it through a link.
    pub dockerfile: &'a Path,
    /// What imgbuild itself writes, relative to `root`: it is no part of the context.
    pub own: &'a [PathBuf],
    /// Saves reading files that git knows.
    pub known_blob: Option<&'a KnownBlob<'a>>,
    /// Saves reading the others once more.
    pub cache: Option<&'a HashCache>,
    /// Ends the pass early, with an error.
    pub stop: &'a Stop,
}

/// The first pass: finds all entries and their digest. Blocks, and reads every file that neither `known_blob` nor `cache`
/// knows.
///
/// Errors: [`Kind::Config`] for a missing Dockerfile or an invalid ignore file, [`Kind::Refused`] for what changes while it
/// is read, [`Kind::Io`] for what cannot be read, all with the path.
pub fn list(options: &ListOptions<'_>) -> Result<Listing> {
    list_by(options, &[])
}

/// [`list`] for a work tree: the folder `.git` at the root stays out, unless the ignore file takes it back in (`!.git`).
///
/// It differs from clone to clone, so that with it no commit would have a digest, and it may hold the token that a CI
/// cloned with.
pub fn list_work_tree(options: &ListOptions<'_>) -> Result<Listing> {
    list_by(options, &[GIT])
}

/// Git's own folder, or the file that leads to it.
pub(super) const GIT: &str = ".git";

fn list_by(options: &ListOptions<'_>, implied: &'static [&'static str]) -> Result<Listing> {
    let root = canonical_root(options.root)?;
    let dockerfile = resolve_dockerfile(&root, options.dockerfile)?;
    let (ignore_file, ignore_bytes, ignore) = ignore_file::find(&root, options.dockerfile, implied)?;
    let root = open_root(&root).map_err(|e| no_root(options.root, e))?;

    let mut forced = vec![dockerfile.as_os_str().as_bytes().to_vec()];
    // The engine's classic builder removes an excluded Dockerfile from what `COPY` sees, going by this file.
    if ignore_file.as_deref() == Some(Path::new(ignore_file::NAME)) {
        forced.push(ignore_file::NAME.into());
    }
    let own: Vec<Vec<u8>> = options.own.iter().map(|path| path.as_os_str().as_bytes().to_vec()).collect();
    let rules = Rules { ignore: &ignore, forced: &forced, own: &own, stop: options.stop };
    let found =
        walk(Dirs::new(root.as_fd()), rules, Files::new(options.known_blob, options.cache, options.stop))?;

    let named = dockerfile.as_os_str().as_bytes();
    if !found
        .entries
        .find(named)
        .and_then(|n| found.entries.get(n))
        .is_some_and(|e| matches!(e.content, Content::File(_) | Content::Hardlink(_)))
    {
        return Err(changed(named, "it is gone"));
    }
    let ignore_warnings =
        found.unlike_classic.iter().map(|found| unlike_classic(found, ignore_file.as_deref()));
    Ok(Listing {
        place: Place::Folder(root),
        digest: digest(&found.entries),
        bytes: bytes(&found.entries),
        dockerfile,
        ignore_warnings: ignore_warnings.collect(),
        ignore_file,
        ignore_bytes,
        implied,
        skipped: found.skipped,
        skipped_count: found.skipped_count,
        entries: found.entries,
    })
}

/// Bytes of content.
pub(super) fn bytes(entries: &Entries) -> u64 {
    let files = entries.iter().filter(|entry| matches!(entry.content, Content::File(_)));
    files.map(|entry| entry.identity.size).sum()
}

/// What is said where BuildKit's client sends more than docker's classic client: how many files, and the first.
pub(super) fn unlike_classic((count, first): &(u64, Vec<u8>), ignore_file: Option<&Path>) -> String {
    format!(
        "{} brings back {count} files in folders that it excludes, `{}` for one; docker's classic client and older BuildKits leave them out",
        ignore_file.unwrap_or(Path::new(ignore_file::NAME)).display(),
        shown(first),
    )
}

fn no_root(root: &Path, cause: std::io::Error) -> Error {
    let kind = match cause.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Kind::Config,
        _ => Kind::Io,
    };
    Error::new(kind, format!("cannot use `{}` as the context", root.display())).because(cause)
}

fn canonical_root(root: &Path) -> Result<PathBuf> {
    root.canonicalize().map_err(|e| no_root(root, e))
}

/// The Dockerfile's path inside of the context; links are resolved, as docker's client does it.
fn resolve_dockerfile(root: &Path, dockerfile: &Path) -> Result<PathBuf> {
    let bad = |why: &str| {
        Error::new(Kind::Config, format!("cannot use `{}` as the Dockerfile: {why}", dockerfile.display()))
    };
    let path = root.join(dockerfile).canonicalize().map_err(|e| match e.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => bad("there is no such file in the context")
            .hint("the path is taken relative to the context folder"),
        _ => bad("it cannot be reached").because(e),
    })?;
    let inside = path.strip_prefix(root).map_err(|_| bad("it lies outside of the context"))?;
    if !path.is_file() {
        return Err(bad("it is not a file"));
    }
    Ok(inside.to_path_buf())
}
