//! The caches of a build: which folders the builder gets for them, and what becomes of those it filled.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::index;
use super::service::Content;
use crate::engine::buildkit::request::Cache;
use crate::error::{Error, Kind, Result};
use crate::event::Events;
use crate::image::Digest;

/// The tag of a cache in its folder, where the settings name none.
const TAG: &str = "latest";

/// The caches of one build, as the builder is told of them.
#[derive(Debug, Default)]
pub(in crate::engine::buildkit) struct Caches {
    /// Those to begin with.
    pub(in crate::engine::buildkit) from: Vec<Cache>,
    /// Those to fill.
    pub(in crate::engine::buildkit) to: Vec<Cache>,
    folders: Folders,
    filled: Vec<Filled>,
}

/// Folders by their paths and what these may not leave, with the builder's names.
type Folders = BTreeMap<(PathBuf, Option<PathBuf>), (String, Arc<Folder>)>;

#[derive(Debug)]
struct Filled {
    folder: Arc<Folder>,
    tag: String,
}

impl Caches {
    /// Opens the folders of `from` and `to`. One that cannot be read is told in a note and left out; one that cannot be
    /// filled is an error of kind `Io`.
    pub(in crate::engine::buildkit) async fn open(
        from: &[Cache],
        to: &[Cache],
        events: &Events,
    ) -> Result<Caches> {
        let (from, to, events) = (from.to_vec(), to.to_vec(), events.clone());
        beside(move || open(from, to, &events)).await
    }

    /// The folders, for the session.
    pub(in crate::engine::buildkit) fn content(&self) -> Content {
        let named = |(name, folder): &(String, Arc<Folder>)| (format!("local:{name}"), Arc::clone(folder));
        Content::new(self.folders.values().map(named).collect())
    }

    /// The error of a folder that could not take what the builder wrote.
    pub(in crate::engine::buildkit) fn failure(&self) -> Option<Error> {
        let failed = |filled: &Filled| Some(cannot_fill(&filled.folder.path, filled.folder.failed()?));
        self.filled.iter().find_map(failed)
    }

    /// Says in the folders that were filled what they are a cache of now.
    pub(in crate::engine::buildkit) async fn finish(self, events: &Events) -> Result<()> {
        let events = events.clone();
        beside(move || {
            for Filled { folder, tag } in self.filled {
                let put = folder.last().map(|manifest| index::put(&folder, &manifest, &tag)).transpose();
                match put.map_err(|cause| cannot_fill(&folder.path, cause.to_string()))?.flatten() {
                    Some(()) => {}
                    None => events.warn(format!(
                        "the cache in {} was not filled: the builder wrote no manifest",
                        folder.path.display()
                    )),
                }
            }
            Ok(())
        })
        .await
    }
}

fn open(from: Vec<Cache>, to: Vec<Cache>, events: &Events) -> Result<Caches> {
    let mut caches = Caches::default();
    for mut cache in to {
        if let Some(path) = cache.folder.clone() {
            let within = take_place(&mut cache);
            let open = || Folder::fill(&path, within.as_deref());
            let opened = named(&mut caches.folders, (path.clone(), within.clone()), open);
            let (name, folder) = opened.map_err(|cause| cannot_fill(&path, cause.to_string()))?;
            caches.filled.push(Filled { folder, tag: tag(&cache) });
            cache.attributes.insert("dest".to_owned(), name);
        }
        caches.to.push(cache);
    }
    for mut cache in from {
        if let Some(path) = cache.folder.clone() {
            let within = take_place(&mut cache);
            let open = || Folder::read(&path, within.as_deref());
            let opened = named(&mut caches.folders, (path.clone(), within.clone()), open);
            let opened = opened.map_err(|cause| cause.to_string());
            let found = opened.and_then(|(name, folder)| Ok((name, manifest(&folder, &cache)?)));
            let (name, manifest) = match found {
                Ok(found) => found,
                Err(why) => {
                    events.note(format!("nothing is taken from the cache in {}: {why}", path.display()));
                    continue;
                }
            };
            cache.attributes.insert("src".to_owned(), name);
            cache.attributes.insert("digest".to_owned(), manifest.as_str().to_owned());
        }
        caches.from.push(cache);
    }
    Ok(caches)
}

/// Takes away what says where the folder is, also what a cache to fill has of one to read and the other way round; gives
/// what it may not leave.
fn take_place(cache: &mut Cache) -> Option<PathBuf> {
    cache.attributes.retain(|key, _| !matches!(key.as_str(), "src" | "dest"));
    cache.within.take()
}

/// The folder at `place` with its name, which says nothing of this machine.
fn named(
    folders: &mut Folders,
    place: (PathBuf, Option<PathBuf>),
    open: impl FnOnce() -> io::Result<Folder>,
) -> io::Result<(String, Arc<Folder>)> {
    if let Some((name, folder)) = folders.get(&place) {
        return Ok((name.clone(), Arc::clone(folder)));
    }
    let opened = (format!("cache-{}", folders.len()), Arc::new(open()?));
    folders.insert(place, opened.clone());
    Ok(opened)
}

/// The manifest to begin with.
fn manifest(folder: &Folder, cache: &Cache) -> std::result::Result<Digest, String> {
    match cache.attributes.get("digest") {
        Some(digest) => digest.parse().map_err(|error| format!("{error}")),
        None => index::find(folder, &tag(cache)),
    }
}

fn tag(cache: &Cache) -> String {
    cache.attributes.get("tag").cloned().unwrap_or_else(|| TAG.to_owned())
}

fn cannot_fill(path: &Path, cause: String) -> Error {
    Error::new(Kind::Io, format!("the cache in {} cannot be filled: {cause}", path.display()))
        .hint("name a folder that can be written, on a disk with room")
}

async fn beside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|cause| Error::new(Kind::Internal, "a worker thread broke off").because(cause))?
}
