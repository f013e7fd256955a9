//! Everything below a folder of a commit, with what its submodules hold where that is at hand: what a checkout would have,
//! without one.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

use super::commit_tree::{CommitTree, TreeEntry, TreeKind};
use super::objects::Objects;

/// Submodules in submodules, deeper than anybody nests them.
const DEEPEST: u32 = 16;
/// Files of attributes that are looked into; nobody has more.
const MOST_ATTRIBUTES: usize = 2_000;
/// How large they are at most, in bytes.
const LARGEST_ATTRIBUTES: u64 = 1 << 20;

/// What becomes of submodules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Submodules {
    /// They are entries without content.
    #[default]
    Named,
    /// Where one is checked out and has the commit that is recorded, that commit's files stand in its place, whatever its work
    /// tree holds.
    CheckedOut,
}

/// The files of a commit below a folder.
#[derive(Debug)]
pub struct Snapshot {
    commit: String,
    /// Sorted by the bytes of each part of their paths, a folder right before what is in it.
    entries: Vec<SnapshotEntry>,
    stores: Vec<Store>,
}

/// One of them.
#[derive(Debug)]
pub struct SnapshotEntry {
    /// From the folder, `/` between its parts, as the tree has it.
    pub path: Vec<u8>,
    /// What it is.
    pub entry: TreeEntry,
    /// Whose object it is, for [`Snapshot::objects`].
    pub store: usize,
    /// Of a submodule that was looked for: why its files are not here.
    pub why: Option<String>,
}

/// The repository of some entries.
#[derive(Debug)]
struct Store {
    objects: Objects,
    /// Where git-lfs keeps what pointers stand for; `None` where nothing says that it is used.
    lfs: Option<PathBuf>,
}

impl Snapshot {
    /// What `tree` has below `folder`, a path without links in it. Blocking.
    pub fn of(tree: &CommitTree, folder: &Path, submodules: Submodules) -> Result<Snapshot> {
        let mut snapshot =
            Snapshot { commit: tree.commit().to_owned(), entries: Vec::new(), stores: Vec::new() };
        snapshot.add(tree, folder, b"", submodules, 0)?;
        // By parts: git sorts a folder as if its name ended in a slash.
        let key = |entry: &SnapshotEntry| entry.path.clone().into_iter().map(order).collect::<Vec<u8>>();
        let sorted = snapshot.entries.is_sorted_by(|one, other| {
            one.path.iter().copied().map(order).le(other.path.iter().copied().map(order))
        });
        if !sorted {
            snapshot.entries.sort_by_cached_key(key);
        }
        Ok(snapshot)
    }

    /// The commit's id in hex.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// All entries: sorted by the bytes of each part of their paths, a folder right before what is in it. Names may be any,
    /// and twice the same.
    pub fn entries(&self) -> &[SnapshotEntry] {
        &self.entries
    }

    /// Where the objects of entries with this number of a store are.
    pub fn objects(&self, store: usize) -> Option<&Objects> {
        self.stores.get(store).map(|store| &store.objects)
    }

    /// Where git-lfs keeps what it fetched for the entries of this store; `None` where nothing says that it is used, so that a
    /// file that looks like a pointer is none.
    pub fn lfs_folder(&self, store: usize) -> Option<&Path> {
        self.stores.get(store)?.lfs.as_deref()
    }

    fn add(
        &mut self,
        tree: &CommitTree,
        folder: &Path,
        prefix: &[u8],
        submodules: Submodules,
        depth: u32,
    ) -> Result<()> {
        let store = self.stores.len();
        self.stores.push(Store { objects: tree.objects().clone(), lfs: lfs_folder(tree)? });
        let mut above = folder.as_os_str().as_bytes().to_vec();
        if !above.is_empty() {
            above.push(b'/');
        }
        for (path, entry) in tree.entries() {
            let Some(inside) = path.strip_prefix(above.as_slice()) else { continue };
            let inside = [prefix, inside].concat();
            if entry.kind != TreeKind::Submodule || submodules == Submodules::Named {
                self.entries.push(SnapshotEntry { path: inside, entry: entry.clone(), store, why: None });
                continue;
            }
            match submodule(tree, path, &entry.id, depth) {
                Ok(below) => {
                    let folder = TreeEntry { kind: TreeKind::Folder, ..entry.clone() };
                    let prefix = [inside.as_slice(), b"/"].concat();
                    self.entries.push(SnapshotEntry { path: inside, entry: folder, store, why: None });
                    self.add(&below, Path::new(""), &prefix, submodules, depth + 1)?;
                }
                Err(error) if matches!(error.kind(), Kind::Interrupted | Kind::Terminated) => {
                    return Err(error);
                }
                Err(error) => {
                    let (entry, why) = (entry.clone(), Some(error.message().to_owned()));
                    self.entries.push(SnapshotEntry { path: inside, entry, store, why });
                }
            }
        }
        Ok(())
    }
}

fn order(byte: u8) -> u8 {
    if byte == b'/' { 0 } else { byte }
}

/// The tree of the commit that is recorded for the submodule at `path`.
fn submodule(tree: &CommitTree, path: &[u8], commit: &str, depth: u32) -> Result<CommitTree> {
    let refused = |why: &str| Error::new(Kind::Refused, why);
    if depth >= DEEPEST {
        return Err(refused("submodules are nested without an end"));
    }
    let objects = tree.objects().submodule(Path::new(OsStr::from_bytes(path))).map_err(refused)?;
    objects.tree(commit).map_err(|error| match error.kind() {
        Kind::Interrupted | Kind::Terminated => error,
        _ => refused(&format!("its clone does not have the commit {}", commit.get(..7).unwrap_or(commit))),
    })
}

/// Where git-lfs keeps its files, if anything says that it is used: a folder of its own in the clone, or attributes.
fn lfs_folder(tree: &CommitTree) -> Result<Option<PathBuf>> {
    let asked = |failure| tree.objects().error(failure);
    let common = tree.objects().common_folder().map_err(asked)?;
    let folder = common.join("lfs");
    // One that several clones share says nothing of this one.
    let storage = tree.objects().lfs_storage().map_err(asked)?.map(|storage| common.join(storage));
    let objects = storage.as_ref().unwrap_or(&folder).join("objects");
    if folder.is_dir() || tree.get(Path::new(".lfsconfig")).is_some() {
        return Ok(Some(objects));
    }
    let is_attributes = |path: &[u8]| path.rsplit(|&byte| byte == b'/').next() == Some(b".gitattributes");
    let files = tree.entries().map(|(path, _)| path).filter(|path| is_attributes(path));
    let files: Vec<&[u8]> = files.take(MOST_ATTRIBUTES).collect();
    let mut found = false;
    tree.each(&files, LARGEST_ATTRIBUTES, &mut |_, bytes| {
        found |= bytes.windows(10).any(|part| part == b"filter=lfs");
    })?;
    Ok(found.then_some(objects))
}
