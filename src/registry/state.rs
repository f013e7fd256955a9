//! What a plan needs to know of a registry, as a plain value.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::Registry;
use crate::error::Result;
use crate::image::Digest;

/// How many tags are asked for at once.
const AT_ONCE: usize = 8;

/// One repository at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryState {
    /// The host as spelled in references.
    pub registry: String,
    /// The repository's path.
    pub path: String,
    /// Those of the tags asked for that exist, with what they point to.
    pub tags: BTreeMap<String, Digest>,
    /// Every tag the repository has, in the registry's order.
    pub all_tags: Vec<String>,
}

/// Reads the state of the repository at `path`: all its tags, and what the `wanted` ones point to. A repository that
/// does not exist is an empty one.
pub async fn read_state(registry: &Registry, path: &str, wanted: &[String]) -> Result<RegistryState> {
    let all_tags = registry.tags(path).await?;
    // Tags are asked for even where the list lacks them: some registries update it late.
    let heads = wanted.iter().map(|tag| async move { Ok((tag.clone(), registry.head(path, tag).await?)) });
    let found: Vec<(String, Option<Digest>)> = stream::iter(heads).buffered(AT_ONCE).try_collect().await?;
    let tags = found.into_iter().filter_map(|(tag, digest)| Some((tag, digest?))).collect();
    Ok(RegistryState { registry: registry.host().to_owned(), path: path.to_owned(), tags, all_tags })
}
