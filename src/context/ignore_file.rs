//! Which ignore file holds for a Dockerfile, and what is in it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::ignore::Ignore;
use super::trouble::shown;
use crate::error::{Error, Kind, Result};

/// The name at the root of a context.
pub(super) const NAME: &str = ".dockerignore";

/// Larger files are refused.
pub(super) const LARGEST: u64 = 16 << 20;

/// The patterns for a Dockerfile, named relative to `root`, and the file they are in: `<Dockerfile>.dockerignore` if
/// there is one, else `.dockerignore` at the root, else none; and its bytes. `implied` patterns stand before the file's
/// own.
pub(super) fn find(
    root: &Path,
    dockerfile: &Path,
    implied: &[&str],
) -> Result<(Option<PathBuf>, Vec<u8>, Ignore)> {
    find_by(dockerfile, implied, &mut |name| read(root, name))
}

/// The same where `read` gives the content of a path relative to the root, and `None` where there is no such file.
pub(super) fn find_by(
    dockerfile: &Path,
    implied: &[&str],
    read: &mut dyn FnMut(&Path) -> Result<Option<Vec<u8>>>,
) -> Result<(Option<PathBuf>, Vec<u8>, Ignore)> {
    let mut own = OsString::from(dockerfile);
    own.push(NAME);
    for name in [PathBuf::from(own), PathBuf::from(NAME)] {
        if let Some(bytes) = read(&name)? {
            let ignore = Ignore::parse_as(&bytes, &shown(name.as_os_str().as_bytes()), implied)?;
            return Ok((Some(name), bytes, ignore));
        }
    }
    Ok((None, Vec::new(), Ignore::parse_as(b"", NAME, implied)?))
}

fn read(root: &Path, name: &Path) -> Result<Option<Vec<u8>>> {
    let called = shown(name.as_os_str().as_bytes());
    let cannot = |why: &str| Error::new(Kind::Config, format!("cannot use `{called}`: {why}"));
    let path = root.join(name);
    match path.symlink_metadata() {
        Ok(_) => {}
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(e) => return Err(Error::new(Kind::Io, format!("cannot read `{called}`")).because(e)),
    }
    // It may be a link (to .gitignore, say), but what is outside of the context does not decide what is in it.
    let path = path.canonicalize().map_err(|e| cannot("the link leads nowhere").because(e))?;
    if !path.starts_with(root) {
        return Err(cannot("the link leads out of the context"));
    }
    // Looked at before it is opened: opening a FIFO would wait for its other end.
    if !path.symlink_metadata().is_ok_and(|m| m.is_file()) {
        return Err(cannot("it is not a file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    file.map_err(|e| Error::new(Kind::Io, format!("cannot read `{called}`")).because(e))?;
    if bytes.len() as u64 > LARGEST {
        return Err(cannot("it is larger than 16 MiB"));
    }
    Ok(Some(bytes))
}
