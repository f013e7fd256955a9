//! Finding the configuration file, and reading it with what it extends.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::document::Document;
use super::extend::{Fetched, extend};
use super::parse::{MAX_BYTES, parse};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::file;

/// The name that is looked for.
pub const FILE_NAME: &str = "imgbuild.toml";

/// The configuration file of a run: `flag` (`--config`), else `IMGBUILD_CONFIG`, else the first `imgbuild.toml` on the
/// way up from `start` to `root`, both included. `None` where there is none, which is no error. `start` and `root` are
/// absolute; without a repository `root` is `start`.
///
/// Blocking. A file that was asked for and is not there is [`Kind::Config`]; one that cannot be read, [`Kind::Io`].
pub fn load(
    flag: Option<&Path>,
    environment: &Environment,
    start: &Path,
    root: &Path,
) -> Result<Option<Document>> {
    let variable = environment.get_os("IMGBUILD_CONFIG").map(Path::new);
    if let Some(given) = flag.or(variable) {
        return read(&start.join(given), root, true).map(Some);
    }
    // Without links, so that the way up meets the root whatever name the shell has for the working folder.
    let real = |path: &Path| path.canonicalize().map_err(|error| unreadable(path, root, error));
    let (start, root) = (&real(start)?, &real(root)?);
    let Some(path) = find(start, root)? else { return Ok(None) };
    // A link out of the repository would show lines of somebody's files in the messages of a pull request.
    if !real(&path)?.starts_with(root) {
        let message = format!("{} is a link that leads out of the repository", shown(&path, root));
        return Err(Error::new(Kind::Config, message).hint("name the file with --config if that is meant"));
    }
    read(&path, root, true).map(Some)
}

/// Reads the file at `path`, which `IMGBUILD_POLICY` names, and what it extends: that may lie anywhere. Messages call it
/// by its path under `root` where it lies there.
///
/// Blocking. At most 1 MiB and a byte is read of a file, whatever its size.
pub fn read_policy(path: &Path, root: &Path) -> Result<Document> {
    read(path, root, false)
}

/// The policy that an artifact holds. It stands for itself: it has no folder, so that it can name no other file.
pub fn parse_policy(name: &str, bytes: &[u8]) -> Result<Document> {
    let document = parse(name, bytes)?;
    let alone = |key: &str| {
        let place = document.place(key).exact();
        let message = format!("{place}: `{key}` names a file, and a policy artifact holds one file alone");
        Error::new(Kind::Config, message).hint("write what the other file says into the artifact's own")
    };
    for key in ["extends", "checks.baseline", "profile.ci.checks.baseline", "profile.local.checks.baseline"] {
        if document.places.contains_key(key) {
            return Err(alone(key));
        }
    }
    Ok(document)
}

/// The file at `path`, relative to the repository's `root`, as `revision` has it, with what it extends there. `fetch`
/// gives the content of a path relative to the root, and `None` where `revision` has no such file.
pub fn read_revision(
    revision: &str,
    path: &Path,
    root: &Path,
    fetch: &mut dyn FnMut(&Path) -> Result<Option<Vec<u8>>>,
) -> Result<Option<Document>> {
    let name = |path: &Path| format!("{revision}:{}", path.display());
    let document = read_git(revision, &name, path, root, fetch)?;
    let Some(mut chain) = document.map(Document::into_chain) else { return Ok(None) };
    for document in &mut chain {
        document.revision = Some(revision.to_owned());
    }
    Ok(Document::of_chain(chain))
}

/// The same for the `commit` that is judged: its files are called by their paths alone, and are nobody else's policy.
pub fn read_commit(
    commit: &str,
    path: &Path,
    root: &Path,
    fetch: &mut dyn FnMut(&Path) -> Result<Option<Vec<u8>>>,
) -> Result<Option<Document>> {
    read_git(commit, &|path: &Path| path.display().to_string(), path, root, fetch)
}

fn read_git(
    revision: &str,
    name: &dyn Fn(&Path) -> String,
    path: &Path,
    root: &Path,
    fetch: &mut dyn FnMut(&Path) -> Result<Option<Vec<u8>>>,
) -> Result<Option<Document>> {
    let Some(bytes) = fetch(path)? else { return Ok(None) };
    let first = parse(&name(path), &bytes)?;
    let mut get = |path: &Path| {
        let inside = path.strip_prefix(root).unwrap_or(path);
        let missing = || Error::new(Kind::Config, format!("{revision} has no such file"));
        let bytes = fetch(inside)?.ok_or_else(missing)?;
        Ok(Fetched { name: name(inside), path: path.to_owned(), bytes })
    };
    let document = extend(first, root.join(path), Some(root), &mut get)?;
    let mut chain = document.into_chain();
    for (nth, document) in chain.iter_mut().enumerate() {
        // Read from git, and nowhere on disk.
        let on_disk = document.path.take();
        document.inside = match nth {
            0 => Some(path.to_owned()),
            _ => on_disk.and_then(|path| path.strip_prefix(root).ok().map(Path::to_owned)),
        };
    }
    Ok(Document::of_chain(chain))
}

/// Reads the file at `path` and what it extends, which lies in the repository where it has to stay `within`.
fn read(path: &Path, root: &Path, within: bool) -> Result<Document> {
    let mut first = parse(&shown(path, root), &bytes(path, root)?)?;
    first.path = Some(path.to_owned());
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (real_path, real_root) = (real(path), real(root));
    let mut fetch = |path: &Path| {
        let found = path.canonicalize().map_err(|error| unreadable(path, &real_root, error))?;
        let name = shown(&found, &real_root);
        if within && !found.starts_with(&real_root) {
            return Err(Error::new(Kind::Config, "it is a link that leads out of the repository")
                .hint("take the file into the repository, or name it with IMGBUILD_POLICY"));
        }
        if !found.is_file() {
            return Err(Error::new(Kind::Config, format!("{name} is not a file")));
        }
        Ok(Fetched { name, bytes: bytes(&found, &real_root)?, path: found })
    };
    let bounds = within.then_some(real_root.as_path());
    let document = extend(first, real_path, bounds, &mut fetch)?;
    let mut chain = document.into_chain();
    for document in &mut chain {
        let real = document.path.as_deref().map(real);
        document.inside = real.and_then(|path| path.strip_prefix(&real_root).ok().map(Path::to_owned));
    }
    Document::of_chain(chain).ok_or_else(|| Error::new(Kind::Internal, "a file that was read is gone"))
}

fn bytes(path: &Path, root: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than allowed, which `parse` refuses.
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    file::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, root, error))?;
    Ok(bytes)
}

/// The nearest configuration file. A folder or a pipe of that name is an error: passing by it would be silent.
fn find(start: &Path, root: &Path) -> Result<Option<PathBuf>> {
    // From outside of the repository the root is never met, and the file system's root would be.
    let most = if start.starts_with(root) { usize::MAX } else { 1 };
    for folder in start.ancestors().take(most) {
        let path = folder.join(FILE_NAME);
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => return Ok(Some(path)),
            Ok(_) => return Err(Error::new(Kind::Config, format!("{} is not a file", shown(&path, root)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                let message = format!("{} is a link to a file that does not exist", shown(&path, root));
                return Err(Error::new(Kind::Config, message));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&path, root, error)),
        }
        if folder == root {
            break;
        }
    }
    Ok(None)
}

fn unreadable(path: &Path, root: &Path, error: io::Error) -> Error {
    let is_no_file = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput);
    let kind = if is_no_file { Kind::Config } else { Kind::Io };
    Error::new(kind, format!("cannot read the configuration file {}", shown(path, root))).because(error)
}

fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}
