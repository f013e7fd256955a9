//! Whether an attribute converts a file between work tree and index.
//!
//! libgit2 answers that too, at 40 µs for one attribute of one path: reading the file is faster.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::BlobSource;
use super::rules::{Rules, Verdict};

/// Answers for paths that come mostly folder by folder.
pub(super) struct Attributes {
    root: PathBuf,
    /// Of the system and the user: the weakest.
    general: Vec<Rules>,
    /// Of `info/attributes`: the strongest.
    local: Vec<Rules>,
    /// Folders whose `.gitattributes` is tracked, sorted; where it is gone, git takes it out of the index.
    tracked: Vec<Vec<u8>>,
    chain: Mutex<Vec<Folder>>,
}

/// One of the folders above the last path.
struct Folder {
    /// Relative to the root, which is empty itself.
    path: Vec<u8>,
    /// `None` where they cannot be told, here or further up.
    rules: Option<Rules>,
}

impl Attributes {
    /// `tracked` are the paths of all `.gitattributes` in the index, in its order. `None` where nothing can be told.
    pub(super) fn new(root: &Path, source: &BlobSource, tracked: Vec<Vec<u8>>) -> Option<Attributes> {
        let load = |files: &[PathBuf]| files.iter().map(|file| Rules::load(file)).collect::<Option<Vec<_>>>();
        Some(Attributes {
            root: root.to_owned(),
            general: load(&source.general)?,
            local: load(&source.local)?,
            tracked,
            chain: Mutex::default(),
        })
    }

    /// Whether nothing converts the file at `path`, which last changed at `changed`. Rules that are younger say nothing of how
    /// it was checked out: git does not do that anew when they change.
    pub(super) fn leave_alone(&self, path: &[u8], changed: (i64, i64)) -> bool {
        let mut verdict = Verdict::default();
        if !self.general.iter().chain(&self.local).all(|rules| rules.held_at(changed)) {
            return false;
        }
        self.general.iter().for_each(|rules| rules.apply(path, &mut verdict));
        let Ok(mut chain) = self.chain.lock() else { return false };
        self.descend(path, &mut chain);
        for folder in chain.iter() {
            let Some(rules) = folder.rules.as_ref().filter(|rules| rules.held_at(changed)) else {
                return false;
            };
            let below = path.strip_prefix(folder.path.as_slice()).unwrap_or(path);
            rules.apply(below.strip_prefix(b"/").unwrap_or(below), &mut verdict);
        }
        self.local.iter().for_each(|rules| rules.apply(path, &mut verdict));
        !verdict.converts()
    }

    /// Makes `chain` the folders from the root to the one that `path` lies in, reading what is not in it yet.
    fn descend(&self, path: &[u8], chain: &mut Vec<Folder>) {
        let folder =
            path.iter().rposition(|&byte| byte == b'/').and_then(|slash| path.get(..slash)).unwrap_or(b"");
        let contains = |outer: &[u8]| {
            let rest = folder.strip_prefix(outer);
            outer.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        while chain.last().is_some_and(|last| !contains(&last.path)) {
            chain.pop();
        }
        if chain.is_empty() {
            chain.push(self.folder(b""));
        }
        while let Some(known) = chain.last().map(|last| last.path.len()).filter(|known| *known < folder.len())
        {
            // The next part of the way, behind the slash that ends the last one.
            let from = if known == 0 { 0 } else { known + 1 };
            let rest = folder.get(from..).unwrap_or_default();
            let part = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
            chain.push(self.folder(folder.get(..from + part).unwrap_or(folder)));
        }
    }

    fn folder(&self, path: &[u8]) -> Folder {
        let file = self.root.join(OsStr::from_bytes(path)).join(".gitattributes");
        let separator = if path.is_empty() { &b""[..] } else { b"/" };
        let name = [path, separator, b".gitattributes"].concat();
        let gone = self.tracked.binary_search(&name).is_ok() && file.symlink_metadata().is_err();
        Folder { path: path.to_vec(), rules: if gone { None } else { Rules::load(&file) } }
    }
}
