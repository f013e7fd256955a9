//! A repository, read into a graph.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::graph::{Graph, Node, followed};
use crate::error::{Error, Kind, Result};
use crate::image::Digest;
use crate::registry::{Manifest, Registry, read_images};

/// How many manifests are asked for at once.
const AT_ONCE: usize = 8;
/// More manifests than a repository has that anybody looks after.
const MOST: usize = 200_000;

/// Reads all that the tags of the repository at `path` lead to: manifests, what indexes list, what refers to any of them.
///
/// An error of kind [`Kind::Registry`] where anything cannot be read: what is not known must not be judged.
pub async fn read(registry: &Registry, path: &str) -> Result<Graph> {
    let mut graph = Graph::default();
    let tags = registry.tags(path).await?;
    add(registry, path, &mut graph, tags).await?;
    Ok(graph)
}

/// Adds `tags`, and all that they lead to. One that is not there, or no more, is not added.
pub(super) async fn add(registry: &Registry, path: &str, graph: &mut Graph, tags: Vec<String>) -> Result<()> {
    let mut queue = Vec::new();
    let found = tags.into_iter().map(|tag| async move {
        let manifest = registry.manifest(path, &tag).await?;
        Ok::<_, Error>((tag, manifest))
    });
    let mut found = stream::iter(found).buffered(AT_ONCE);
    let mut known: BTreeSet<Digest> = graph.nodes.keys().cloned().collect();
    while let Some((tag, manifest)) = found.try_next().await? {
        let Some(manifest) = manifest else {
            graph.tags.remove(&tag);
            continue;
        };
        let is_image = followed(&tag).is_none();
        let known_labels = graph.nodes.get(&manifest.digest).is_some_and(|node| !node.labels.is_empty());
        graph.tags.insert(tag.clone(), manifest.digest.clone());
        if !known.insert(manifest.digest.clone()) && (known_labels || !is_image) {
            continue;
        }
        queue.extend(followed(&tag));
        let labels = is_image && !known_labels;
        queue.extend(look(registry, path, graph, &manifest, labels).await?);
    }
    drop(found);
    while !queue.is_empty() {
        let next: BTreeSet<Digest> = queue.drain(..).filter(|digest| known.insert(digest.clone())).collect();
        if known.len() > MOST {
            return Err(Error::new(Kind::Registry, format!("{path} has more than {MOST} manifests")));
        }
        let asked = next.iter().map(|digest| registry.manifest(path, digest.as_str()));
        let manifests: Vec<Option<Manifest>> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        for manifest in manifests.into_iter().flatten() {
            queue.extend(look(registry, path, graph, &manifest, false).await?);
        }
    }
    Ok(())
}

/// Puts one manifest into the graph, and gives what it leads to.
async fn look(
    registry: &Registry,
    path: &str,
    graph: &mut Graph,
    manifest: &Manifest,
    with_labels: bool,
) -> Result<Vec<Digest>> {
    let children: BTreeSet<Digest> = manifest.children()?.into_iter().map(|child| child.digest).collect();
    let subject = manifest.subject()?.map(|subject| subject.digest);
    let blobs = manifest.blobs()?.into_iter().map(|blob| (blob.digest, blob.size)).collect();
    let labels = if with_labels {
        let images = read_images(registry, path, manifest).await?;
        images.into_iter().map(|image| image.labels).find(|labels| !labels.is_empty()).unwrap_or_default()
    } else {
        Default::default()
    };
    let referrers = registry.referrers(path, &manifest.digest).await?;
    let mut next: Vec<Digest> = children.iter().cloned().chain(subject.clone()).collect();
    next.extend(referrers.into_iter().map(|referrer| referrer.digest));
    graph.nodes.insert(manifest.digest.clone(), Node { children, subject, labels, blobs });
    Ok(next)
}
