//! Layers and exports for tests.

use tar::{EntryType, Header};

use crate::inventory::Inventory;
use crate::inventory::export::Export;

/// A layer that is written entry by entry.
pub(super) struct Made(Vec<u8>);

impl Made {
    pub(super) fn new() -> Made {
        Made(Vec::new())
    }

    /// An entry with these very fields; `tar` would refuse some of the names.
    pub(super) fn raw(mut self, path: &str, kind: EntryType, mode: u32, link: &str, content: &[u8]) -> Made {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.name[..path.len()].copy_from_slice(path.as_bytes());
        gnu.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.extend(header.as_bytes());
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(super) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Made {
        self.raw(path, EntryType::Regular, 0o644, "", content.as_ref())
    }

    pub(super) fn program(self, path: &str, mode: u32) -> Made {
        self.raw(path, EntryType::Regular, mode, "", b"#!/bin/sh\n")
    }

    pub(super) fn folder(self, path: &str) -> Made {
        self.raw(path, EntryType::Directory, 0o755, "", b"")
    }

    pub(super) fn link(self, path: &str, target: &str) -> Made {
        self.raw(path, EntryType::Symlink, 0o777, target, b"")
    }

    pub(super) fn hard_link(self, path: &str, target: &str) -> Made {
        self.raw(path, EntryType::Link, 0o644, target, b"")
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [self.0.as_slice(), &[0; 1024]].concat()
    }
}

/// An export in docker's own layout, the manifest at its end.
pub(super) fn export(layers: &[Made]) -> Vec<u8> {
    let (mut archive, mut names, mut ids) = (Made::new(), Vec::new(), Vec::new());
    for (nth, layer) in layers.iter().enumerate() {
        names.push(format!("\"{nth}/layer.tar\""));
        ids.push(format!("\"sha256:{nth}\""));
        archive =
            archive.file(&format!("{nth}/VERSION"), "1.0").file(&format!("{nth}/layer.tar"), layer.bytes());
    }
    let config = format!(r#"{{"rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#, ids.join(","));
    let manifest = format!(r#"[{{"Config":"c.json","RepoTags":null,"Layers":[{}]}}]"#, names.join(","));
    archive.file("c.json", config).file("manifest.json", manifest).bytes()
}

/// What the archive holds.
pub(super) fn read(archive: &[u8]) -> Result<Inventory, String> {
    // The pieces of a socket, and odd ones.
    let told = [65_536, 777].map(|size| {
        let mut export = Export::new();
        archive.chunks(size).try_for_each(|piece| export.push(piece))?;
        export.end()
    });
    let [one, other] = told;
    // Of two things that are wrong, the pieces may decide which is met first.
    assert!(one == other || (one.is_err() && other.is_err()), "{one:?}\n{other:?}");
    one
}

pub(super) fn inventory(layers: &[Made]) -> Inventory {
    read(&export(layers)).unwrap()
}

/// Names and versions.
pub(super) fn names(inventory: &Inventory) -> Vec<String> {
    inventory.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
}
