//! A repository's objects by libgit2, for several threads.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::{ErrorCode, Oid, Repository};

use crate::stop::Stop;

use super::commit_tree::TreeEntry;
use super::failure::Failure;

/// The longest path of a tree, in bytes, and so how deep it may be.
const LONGEST_PATH: usize = 64 << 10;
/// What a tree may take, in bytes: about two million entries. A few objects can name each other to more than fits anywhere.
const MOST: usize = 256 << 20;
/// What an entry takes beside its path.
const ENTRY: usize = 64;

/// An open repository.
#[derive(Clone)]
pub(super) struct Library(Arc<Mutex<Repository>>);

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Library")
    }
}

impl Library {
    /// The repository whose work tree has its root here.
    pub(super) fn open(root: &Path) -> Result<Library, Failure> {
        Ok(Library(Arc::new(Mutex::new(Repository::open(root)?))))
    }

    fn repository(&self) -> MutexGuard<'_, Repository> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn common_folder(&self) -> PathBuf {
        self.repository().commondir().to_owned()
    }

    /// A path of the configuration; `None` where it says none.
    pub(super) fn path_setting(&self, key: &str) -> Option<PathBuf> {
        self.repository().config().and_then(|config| config.get_path(key)).ok()
    }

    pub(super) fn blob(&self, id: &str) -> Result<Vec<u8>, Failure> {
        let repository = self.repository();
        let blob = repository.find_blob(Oid::from_str(id)?);
        let blob = blob.map_err(|error| match error.code() {
            ErrorCode::NotFound => Failure::unreadable("the clone does not have its content"),
            _ => error.into(),
        })?;
        Ok(blob.content().to_owned())
    }

    /// Everything that the tree of a commit names, in git's order.
    pub(super) fn tree(&self, commit: &str, stop: &Stop) -> Result<Vec<(Vec<u8>, TreeEntry)>, Failure> {
        self.tree_within(MOST, commit, stop)
    }

    fn tree_within(
        &self,
        most: usize,
        commit: &str,
        stop: &Stop,
    ) -> Result<Vec<(Vec<u8>, TreeEntry)>, Failure> {
        let repository = self.repository();
        let objects = repository.odb()?;
        let root = repository.find_commit(Oid::from_str(commit)?)?.tree()?;
        let (mut found, mut path, mut total) = (Vec::new(), Vec::new(), 0);
        // Each with how many of its entries were taken, and how long the path before its names is.
        let mut open = vec![(root, 0, 0)];
        while let Some((tree, next, prefix)) = open.last_mut() {
            stop.check()?;
            path.truncate(*prefix);
            let Some(entry) = tree.get(*next) else {
                open.pop();
                continue;
            };
            *next += 1;
            path.extend_from_slice(entry.name_bytes());
            total += path.len() + ENTRY;
            if entry.name_bytes().contains(&b'/') {
                return Err(Failure::unreadable("a name in it holds a slash"));
            }
            if path.len() > LONGEST_PATH || total > most {
                return Err(Failure::unreadable(
                    "it has more paths, or longer ones, than a checkout could hold",
                ));
            }
            let id = entry.id();
            let mode = u32::from_ne_bytes(entry.filemode_raw().to_ne_bytes());
            let mut read = TreeEntry::of(mode, None, id.to_string())
                .ok_or_else(|| Failure::unreadable(format!("an entry of it has the mode {mode:o}")))?;
            if read.has_content() {
                read.size = match objects.read_header(id) {
                    Ok((size, _)) => Some(size as u64),
                    Err(error) if error.code() == ErrorCode::NotFound => None,
                    Err(error) => return Err(error.into()),
                };
            }
            drop(entry);
            let is_folder = read.is_folder();
            found.push((path.clone(), read));
            if is_folder {
                path.push(b'/');
                let prefix = path.len();
                open.push((repository.find_tree(id)?, 0, prefix));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Fixture;

    #[test]
    fn a_tree_that_names_itself_to_death_ends() {
        let fixture = Fixture::new();
        let library = Library::open(fixture.root()).unwrap();
        let repository = library.repository();
        let mut tree = repository.head().unwrap().peel_to_tree().unwrap().id();
        for _ in 0..30 {
            let mut builder = repository.treebuilder(None).unwrap();
            for name in ["a", "b", "c", "d"] {
                builder.insert(name, tree, 0o040_000).unwrap();
            }
            tree = builder.write().unwrap();
        }
        drop(repository);
        let commit = fixture.git(&["commit-tree", "-m", "hostile", &tree.to_string()]);
        let error = library.tree_within(1 << 20, &commit, &Stop::default()).unwrap_err();
        assert!(matches!(&error, Failure::Unreadable(why) if why.contains("more paths")), "{error:?}");
    }
}
