//! A folder to list, and what came out of it.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::context::{EntryKind, KnownBlob, ListOptions, Listing, list, write_tar};
use crate::error::{Error, Result};
use crate::stop::Stop;

/// A context in a temporary folder. It has a Dockerfile from the start.
pub(super) struct Tree {
    folder: TempDir,
}

impl Tree {
    pub(super) fn new() -> Tree {
        let tree = Tree { folder: tempfile::tempdir().unwrap() };
        tree.file("Dockerfile", "FROM scratch\n");
        tree
    }

    pub(super) fn with(files: &[(&str, &str)]) -> Tree {
        let tree = Tree::new();
        for (path, content) in files {
            tree.file(path, content);
        }
        tree
    }

    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root().join(path)
    }

    pub(super) fn file(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(super) fn folder(&self, path: &str) {
        fs::create_dir_all(self.path(path)).unwrap();
    }

    pub(super) fn link(&self, path: &str, target: &str) {
        symlink(target, self.path(path)).unwrap();
    }

    pub(super) fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(super) fn list(&self) -> Result<Listing> {
        self.list_for("Dockerfile", None)
    }

    pub(super) fn list_for(&self, dockerfile: &str, known_blob: Option<&KnownBlob<'_>>) -> Result<Listing> {
        let stop = Stop::default();
        list(&ListOptions {
            root: self.root(),
            dockerfile: Path::new(dockerfile),
            own: &[],
            known_blob,
            cache: None,
            stop: &stop,
        })
    }

    /// The paths that are sent: folders with a slash, what is forced in brackets.
    pub(super) fn paths(&self) -> Vec<String> {
        shown(&self.list().unwrap())
    }
}

pub(super) fn shown(listing: &Listing) -> Vec<String> {
    let show = |entry: crate::context::EntryView<'_>| {
        let slash = if entry.kind == EntryKind::Dir { "/" } else { "" };
        let path = String::from_utf8_lossy(&entry.path).into_owned() + slash;
        if entry.forced { format!("[{path}]") } else { path }
    };
    listing.entries().map(show).collect()
}

pub(super) fn tar(listing: &Listing) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = write_tar(listing, 1_700_000_000, &mut bytes, &Stop::default(), &mut |_| ())?;
    assert_eq!(length, bytes.len() as u64);
    Ok(bytes)
}

/// An entry as the tar crate reads it back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unpacked {
    pub(super) path: Vec<u8>,
    pub(super) kind: tar::EntryType,
    pub(super) mode: u32,
    pub(super) link: Option<Vec<u8>>,
    pub(super) content: Vec<u8>,
}

pub(super) fn unpack(bytes: &[u8]) -> Vec<Unpacked> {
    let mut archive = tar::Archive::new(bytes);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.mtime().unwrap(), 1_700_000_000);
        let mut content = Vec::new();
        let (kind, mode) = (header.entry_type(), header.mode().unwrap());
        let path = entry.path_bytes().into_owned();
        let link = entry.link_name_bytes().map(|link| link.into_owned());
        entry.read_to_end(&mut content).unwrap();
        Unpacked { path, kind, mode, link, content }
    };
    archive.entries().unwrap().map(read).collect()
}

pub(super) fn find(entries: &[Unpacked], path: impl AsRef<Path>) -> &Unpacked {
    let path = path.as_ref().as_os_str().as_bytes();
    let found = entries.iter().find(|e| e.path.strip_suffix(b"/").unwrap_or(&e.path) == path);
    found.unwrap_or_else(|| panic!("no {} in the archive", String::from_utf8_lossy(path)))
}

/// Asserts that the error is the one for a changed context and names the path.
pub(super) fn assert_changed(error: &Error, path: &str) {
    assert_eq!(error.kind(), crate::error::Kind::Refused, "{error}");
    let start = format!("`{path}` changed while it was read");
    assert!(error.message().starts_with(&start), "{error}");
}
