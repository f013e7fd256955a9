//! Folders that git does not look into: repositories inside of this one, and submodules that are not checked out.

use std::io;
use std::path::{Path, PathBuf};

use crate::stop::Stop;

use super::failure::Failure;

/// Adds each file below `root/folder`, relative to `root`, but none of a `.git` of its own. Links are not followed.
pub(super) fn files(
    root: &Path,
    folder: &Path,
    found: &mut Vec<PathBuf>,
    stop: &Stop,
) -> Result<(), Failure> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        stop.check()?;
        let failed =
            |error: io::Error| Failure::unreadable(format!("cannot read {}: {error}", folder.display()));
        for entry in std::fs::read_dir(root.join(&folder)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name() == ".git" {
                continue;
            }
            let path = folder.join(entry.file_name());
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    Ok(())
}

/// Replaces each untracked path that ends in `/`, which is a repository of its own, by the files in it.
pub(super) fn expand(root: &Path, untracked: Vec<PathBuf>, stop: &Stop) -> Result<Vec<PathBuf>, Failure> {
    use std::os::unix::ffi::OsStrExt;
    let mut found = Vec::with_capacity(untracked.len());
    for path in untracked {
        if path.as_os_str().as_bytes().ends_with(b"/") {
            // Without the slash at its end.
            files(root, &path.components().collect::<PathBuf>(), &mut found, stop)?;
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
