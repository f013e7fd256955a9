//! What is kept of one layer: which paths it covers, by their hashes, and what its files say. Layers come in any order, so
//! that only [`merge`](super::merge) knows what of it the final image shows.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use super::OsRelease;
use super::packages::Found;
use crate::rules::facts::Sign;

/// One layer.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    /// Hashes of the paths that take the place of what lower layers have there and below: files, links, and what is deleted.
    pub(super) covered: Vec<u64>,
    /// Of folders that hide what lower layers have in them.
    pub(super) opaque: Vec<u64>,
    /// Of folders, which take the place of a file.
    pub(super) folders: Vec<u64>,
    /// Links of both kinds, by their paths.
    pub(super) links: BTreeMap<String, Link>,
    /// What files say that matters, by their paths.
    pub(super) items: BTreeMap<String, Vec<Item>>,
    /// What package managers left behind, by the folder and by what is directly in it.
    pub(super) leftovers: BTreeMap<(String, String), Heap>,
    /// What was left out.
    pub(super) notes: Vec<String>,
    /// Not every path was kept.
    pub(super) is_partial: bool,
}

/// Where a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) target: String,
    /// A further name of a file of the same layer.
    pub(super) is_hard: bool,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// The list of a distribution's packages. It counts where the distribution's tools would look for it.
    System(Vec<Found>),
    /// Packages that are where the file is.
    Packages(Vec<Found>),
    Os(OsRelease),
    /// Accounts whose password is empty, of a file like `passwd` or `shadow`.
    OpenAccounts(Vec<String>),
    Secret(Vec<Sign>),
    Setuid {
        mode: u32,
        uid: u32,
        gid: u32,
    },
}

/// Files that are counted together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heap {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// What may still be kept of an image. It goes from layer to layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Hashes of paths.
    pub(super) paths: usize,
    pub(super) links: usize,
    pub(super) packages: usize,
    pub(super) items: usize,
    /// Bytes of paths and of what files say.
    pub(super) text: usize,
    /// Bytes that layers may still unpack to.
    pub(super) bytes: u64,
}

impl Default for Budget {
    /// 16 MiB of hashes, and as much again of texts; images that people build have a tenth of it.
    fn default() -> Budget {
        Budget {
            paths: 2 << 20,
            links: 60_000,
            packages: 60_000,
            items: 60_000,
            text: 16 << 20,
            bytes: 1 << 40,
        }
    }
}

/// Makes the hashes of paths. Whoever makes an image cannot know them.
#[derive(Debug, Clone, Default)]
pub(super) struct Hasher(RandomState);

impl Hasher {
    pub(super) fn of(&self, path: &str) -> u64 {
        let mut state = self.0.build_hasher();
        state.write(path.as_bytes());
        state.finish()
    }

    /// The hashes of the folders that `/a/b/c` lies in: `/`, `/a`, `/a/b`. However deep they are, each byte is read once.
    pub(super) fn above<'a>(&self, path: &'a str) -> impl Iterator<Item = u64> + use<'a> {
        let mut state = self.0.build_hasher();
        let mut read = 0;
        path.match_indices('/').filter(|(at, _)| *at > 0 || path.len() > 1).map(move |(at, _)| {
            // The root ends in what others begin with.
            let end = at.max(1);
            state.write(path.get(read..end).unwrap_or_default().as_bytes());
            read = end;
            state.finish()
        })
    }
}

impl Layer {
    /// Sorts what is looked up.
    pub(super) fn finish(&mut self) {
        for hashes in [&mut self.covered, &mut self.opaque, &mut self.folders] {
            hashes.sort_unstable();
            hashes.dedup();
            hashes.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_hashed_as_they_are_alone() {
        let hasher = Hasher::default();
        for (path, folders) in [("/", &[][..]), ("/a", &["/"]), ("/a/bc/d", &["/", "/a", "/a/bc"])] {
            let alone: Vec<u64> = folders.iter().map(|folder| hasher.of(folder)).collect();
            assert_eq!(hasher.above(path).collect::<Vec<_>>(), alone, "{path}");
        }
    }
}
