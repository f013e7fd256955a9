//! A repository, read into a graph.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::graph::{Graph, Node, followed};
use crate::error::{Error, Kind, Result};
use crate::image::Digest;
use crate::registry::{Registry, read_images};

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
    let heads = tags.into_iter().map(|tag| async move {
        let digest = registry.head(path, &tag).await?;
        Ok::<_, Error>((tag, digest))
    });
    let heads: Vec<(String, Option<Digest>)> = stream::iter(heads).buffered(AT_ONCE).try_collect().await?;
    let mut queue = BTreeSet::new();
    let mut labelled = BTreeSet::new();
    for (tag, digest) in heads {
        graph.tags.remove(&tag);
        let Some(digest) = digest else { continue };
        match followed(&tag) {
            Some(subject) => {
                queue.insert(subject);
            }
            None => {
                labelled.insert(digest.clone());
            }
        }
        queue.insert(digest.clone());
        graph.tags.insert(tag, digest);
    }
    // What was known without its labels is read again.
    let mut known: BTreeSet<Digest> = graph
        .nodes
        .iter()
        .filter(|(digest, node)| !node.labels.is_empty() || !labelled.contains(*digest))
        .map(|(digest, _)| digest.clone())
        .collect();
    while !queue.is_empty() {
        let next: Vec<Digest> =
            std::mem::take(&mut queue).into_iter().filter(|one| !known.contains(one)).collect();
        known.extend(next.iter().cloned());
        if known.len() > MOST {
            return Err(Error::new(Kind::Registry, format!("{path} has more than {MOST} manifests")));
        }
        let looks = next.into_iter().map(|digest| {
            let with_labels = labelled.contains(&digest);
            async move {
                let seen = look(registry, path, &digest, with_labels).await?;
                Ok::<_, Error>((digest, seen))
            }
        });
        let mut looks = stream::iter(looks).buffered(AT_ONCE);
        while let Some((digest, seen)) = looks.try_next().await? {
            let Some((node, further)) = seen else { continue };
            graph.nodes.insert(digest, node);
            queue.extend(further);
        }
    }
    // A tag may go between two looks.
    let Graph { tags, nodes } = graph;
    tags.retain(|_, digest| nodes.contains_key(digest));
    Ok(())
}

/// One manifest, and what it leads to; `None` where it is not there.
async fn look(
    registry: &Registry,
    path: &str,
    digest: &Digest,
    with_labels: bool,
) -> Result<Option<(Node, Vec<Digest>)>> {
    let Some(manifest) = registry.manifest(path, digest.as_str()).await? else { return Ok(None) };
    let children: BTreeSet<Digest> = manifest.children()?.into_iter().map(|child| child.digest).collect();
    let subject = manifest.subject()?.map(|subject| subject.digest);
    let blobs = manifest.blobs()?.into_iter().map(|blob| (blob.digest, blob.size)).collect();
    let labels = if with_labels {
        let images = read_images(registry, path, &manifest).await?;
        images.into_iter().map(|image| image.labels).find(|labels| !labels.is_empty()).unwrap_or_default()
    } else {
        Default::default()
    };
    let referrers = registry.referrers(path, digest).await?;
    let mut further: Vec<Digest> = children.iter().cloned().chain(subject.clone()).collect();
    further.extend(referrers.into_iter().map(|referrer| referrer.digest));
    Ok(Some((Node { children, subject, labels, blobs }, further)))
}
