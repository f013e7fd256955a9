//! Writes the files of a proposal: all of them or none, none over another, and none through a link.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use super::Proposal;
use crate::error::{Error, Kind, Result};

/// What was made, for the case that what follows fails.
struct Made {
    folder: OwnedFd,
    name: OsString,
    flags: AtFlags,
}

impl Proposal {
    /// Writes the files. Where one cannot be written, those that were are removed again, and so are their folders.
    ///
    /// Kind `Refused` where something of that name has come meanwhile, or a folder on the way is a link.
    pub fn apply(&self) -> Result<()> {
        let mut made = Vec::new();
        let written = self.files.iter().try_for_each(|(path, content)| {
            self.write(path, content, &mut made).map_err(|cause| failed(path, cause))
        });
        if written.is_err() {
            for step in made.iter().rev() {
                // Somebody may have put something into a folder since: then it stays.
                let _ = unlinkat(&step.folder, &step.name, step.flags);
            }
        }
        written
    }

    fn write(&self, path: &str, content: &str, made: &mut Vec<Made>) -> std::io::Result<()> {
        const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
        const NEW: OFlags = OFlags::CREATE
            .union(OFlags::EXCL)
            .union(OFlags::WRONLY)
            .union(OFlags::NOFOLLOW)
            .union(OFlags::CLOEXEC);
        let mut folder = openat(CWD, &self.root, FOLDER, Mode::empty())?;
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            match mkdirat(&folder, part, Mode::from_raw_mode(0o777)) {
                Ok(()) => made.push(Made {
                    folder: folder.try_clone()?,
                    name: part.into(),
                    flags: AtFlags::REMOVEDIR,
                }),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            folder = openat(&folder, part, FOLDER, Mode::empty())?;
        }
        let file = openat(&folder, name, NEW, Mode::from_raw_mode(0o666))?;
        made.push(Made { folder, name: name.into(), flags: AtFlags::empty() });
        let mut file = File::from(file);
        file.write_all(content.as_bytes())?;
        file.sync_all()
    }
}

fn failed(path: &str, cause: std::io::Error) -> Error {
    let path = path.escape_debug();
    match cause.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::EXIST) => {
            Error::new(Kind::Refused, format!("{path} is not written: it has come meanwhile"))
                .hint("run `imgbuild init` again")
        }
        Some(Errno::LOOP | Errno::NOTDIR) => Error::new(
            Kind::Refused,
            format!("{path} is not written: a folder on the way is a link or no folder"),
        )
        .hint("nothing is written through links: put a folder there, or write the file by hand"),
        _ => Error::new(Kind::Io, format!("cannot write {path}")).because(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn proposal(root: &std::path::Path, files: &[&str]) -> Proposal {
        let files = files.iter().map(|name| ((*name).to_owned(), "x\n".to_owned())).collect();
        Proposal { root: root.to_owned(), files, ..Proposal::default() }
    }

    fn names(root: &std::path::Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(root).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_and_their_folders_are_made() {
        let folder = tempfile::tempdir().unwrap();
        proposal(folder.path(), &["a", "b/c/d"]).apply().unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("b/c/d")).unwrap(), "x\n");
        assert_eq!(names(folder.path()), ["a", "b"]);
    }

    #[test]
    fn where_one_cannot_be_written_none_is_left() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("there"), "mine").unwrap();
        let error = proposal(folder.path(), &["a", "b/c", "there"]).apply().unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert_eq!(names(folder.path()), ["there"]);
        assert_eq!(fs::read_to_string(folder.path().join("there")).unwrap(), "mine");
    }

    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        symlink(outside.path(), folder.path().join("link")).unwrap();
        symlink(outside.path().join("new"), folder.path().join("file")).unwrap();
        for name in ["link/a", "file", "link/a/b"] {
            assert_eq!(
                proposal(folder.path(), &["ok", name]).apply().unwrap_err().kind(),
                Kind::Refused,
                "{name}"
            );
        }
        assert_eq!(names(outside.path()), Vec::<String>::new());
        assert_eq!(names(folder.path()), ["file", "link"]);
    }
}
