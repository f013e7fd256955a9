//! Taking a tag out of a registry, which not every registry lets us do, and some only together with the image.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::error::Result;
use crate::image::Digest;
use crate::registry::{Deleted, Registry};

/// How many tags are asked for at once.
const AT_ONCE: usize = 8;

/// What became of a tag that was to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// It is not there any more.
    Gone,
    /// It is, and why, as a sentence fragment for the reader.
    Stays(String),
}

/// Removes `tag` of the repository at `path`, which points to `digest`.
///
/// A registry that deletes no tags (distribution 2.8) deletes a manifest with all tags that point to it: that is done only
/// where all of them are among `going`.
pub async fn remove_tag(
    registry: &Registry,
    path: &str,
    tag: &str,
    digest: &Digest,
    going: &BTreeSet<String>,
) -> Result<Removed> {
    match registry.delete(path, tag).await? {
        // Some registries say yes and leave it.
        Deleted::Gone if registry.head(path, tag).await?.as_ref() != Some(digest) => {
            return Ok(Removed::Gone);
        }
        Deleted::Gone | Deleted::Unsupported | Deleted::HasTags => {}
    }
    let others: Vec<String> = registry
        .tags(path)
        .await?
        .into_iter()
        .filter(|other| other != tag && !going.contains(other))
        .collect();
    let heads = others.iter().map(|other| async move { Ok((other, registry.head(path, other).await?)) });
    let heads: Vec<_> = stream::iter(heads).buffer_unordered(AT_ONCE).try_collect().await?;
    if let Some((other, _)) = heads.iter().find(|(_, found)| found.as_ref() == Some(digest)) {
        return Ok(Removed::Stays(format!(
            "the registry deletes no single tags, and the image has the tag {other}, too"
        )));
    }
    Ok(match registry.delete(path, digest.as_str()).await? {
        Deleted::Gone => Removed::Gone,
        Deleted::Unsupported => Removed::Stays("the registry lets nothing be deleted".to_owned()),
        Deleted::HasTags => Removed::Stays("the registry deletes nothing that has a tag".to_owned()),
    })
}
