//! The errors of both passes, with one wording for each.

use std::io;

use rustix::io::Errno;

use crate::error::{Error, Kind};

/// A path for people. Printers escape what is left of hostile bytes.
pub(super) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// The context is not what it was a moment ago.
pub(super) fn changed(path: &[u8], how: &str) -> Error {
    Error::new(Kind::Refused, format!("`{}` changed while it was read: {how}", shown(path))).hint(
        "something writes into the context while it is built; stop that, or name the path in .dockerignore",
    )
}

/// A file's bytes are not those that it was known by, though nothing else of it is another.
pub(super) fn stale(path: &[u8]) -> Error {
    changed(path, "its content is another").hint(
        "where nothing does, `touch` the file: its hash was taken from git's index or from an earlier run, and does not fit",
    )
}

/// What git gives of a file is not what the commit names.
pub(super) fn damaged(path: &[u8]) -> Error {
    Error::new(Kind::Refused, format!("`{}` of the commit is damaged in this clone", shown(path)))
        .hint("git fsck says more; a damaged clone is best replaced by a fresh one")
}

/// Something in the context cannot be read, or is no longer what the folder's list said.
pub(super) fn unreadable(path: &[u8], cause: impl Into<io::Error>) -> Error {
    let cause = cause.into();
    match cause.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT) => return changed(path, "it is gone"),
        // What a folder or a file became while we looked elsewhere: links are never followed.
        Some(Errno::NOTDIR | Errno::LOOP | Errno::NXIO) => return changed(path, "it became something else"),
        _ => {}
    }
    let error = Error::new(Kind::Io, format!("cannot read `{}` for the context", shown(path)));
    match cause.kind() {
        io::ErrorKind::PermissionDenied => error.hint(
            "make it readable for the user who runs imgbuild, or name it in .dockerignore if the image does not need it",
        ),
        _ => error.hint("name it in .dockerignore if the image does not need it"),
    }
    .because(cause)
}

/// A number that has to be small is not.
pub(super) fn too_large(what: &str) -> Error {
    Error::new(Kind::Refused, format!("the context {what}"))
        .hint("name in .dockerignore what the image does not need")
}
