//! What a plan needs to know of a registry, as a plain value.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::{Manifest, Registry};
use crate::error::Result;
use crate::image::Digest;

/// How many tags are asked for at once.
const AT_ONCE: usize = 8;

/// The media types of image configurations.
const IMAGE_CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// One repository at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryState {
    /// The host as spelled in references.
    pub registry: String,
    /// The repository's path.
    pub path: String,
    /// Those of the tags asked for that exist, with what they point to.
    pub tags: BTreeMap<String, Digest>,
    /// What is known of the images behind `tags`. An index has no entry, since it has no configuration of its own.
    pub images: BTreeMap<Digest, StoredImage>,
    /// Every tag the repository has, in the registry's order.
    pub all_tags: Vec<String>,
}

/// An image in a registry, as far as its configuration tells. All of it is the word of whoever pushed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// Digest of the configuration.
    pub config: Digest,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The operating system it is for.
    pub os: String,
    /// The processor architecture it is for.
    pub architecture: String,
}

impl RegistryState {
    /// The image that `tag` points to, where it is one and was asked for.
    pub fn image(&self, tag: &str) -> Option<&StoredImage> {
        self.images.get(self.tags.get(tag)?)
    }
}

impl StoredImage {
    /// The label's value; an empty one is a label that was blanked.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Reads what the `wanted` tags of the repository at `path` point to, given all the tags it has. A repository that
/// does not exist is an empty one.
pub async fn read_state(
    registry: &Registry,
    path: &str,
    all_tags: Vec<String>,
    wanted: &[String],
) -> Result<RegistryState> {
    // Tags are asked for even where the list lacks them: some registries update it late.
    let found = wanted.iter().map(|tag| async move { Ok((tag, registry.manifest(path, tag).await?)) });
    let found: Vec<_> = stream::iter(found).buffered(AT_ONCE).try_collect().await?;
    let mut tags = BTreeMap::new();
    let mut manifests = BTreeMap::new();
    for (tag, manifest) in found {
        let Some(manifest) = manifest else { continue };
        tags.insert(tag.clone(), manifest.digest.clone());
        manifests.insert(manifest.digest.clone(), manifest);
    }
    let images = manifests.values().map(|manifest| read_image(registry, path, manifest));
    let images: Vec<_> = stream::iter(images).buffered(AT_ONCE).try_collect().await?;
    Ok(RegistryState {
        registry: registry.host().to_owned(),
        path: path.to_owned(),
        tags,
        images: images.into_iter().flatten().collect(),
        all_tags,
    })
}

/// The image that `manifest` describes, by its digest; `None` for an index, and for an artifact that is no image.
async fn read_image(
    registry: &Registry,
    path: &str,
    manifest: &Manifest,
) -> Result<Option<(Digest, StoredImage)>> {
    let Some(config) = image_config(manifest) else { return Ok(None) };
    let document = match registry.config(path, manifest).await {
        Ok(document) => document,
        // An image that lost its configuration tells nothing, and must not stand in the way of the next one for ever.
        Err(_) if !registry.has_blob(path, &config).await? => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let labels = document.pointer("/config/Labels").and_then(Value::as_object);
    let labels = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    let image = StoredImage { config, labels, os: text("os"), architecture: text("architecture") };
    Ok(Some((manifest.digest.clone(), image)))
}

/// The image that `manifest` describes, or all those of an index that are images.
pub async fn read_images(registry: &Registry, path: &str, manifest: &Manifest) -> Result<Vec<StoredImage>> {
    let held = read_platforms(registry, path, manifest).await?;
    Ok(held.into_iter().filter_map(|(_, image)| image).collect())
}

/// What `manifest` holds: itself, or what an index lists and the repository has, but for attestations. Each by its digest,
/// with the image that it is; `None` for what is none.
pub async fn read_platforms(
    registry: &Registry,
    path: &str,
    manifest: &Manifest,
) -> Result<Vec<(Digest, Option<StoredImage>)>> {
    let image = async |manifest: &Manifest| {
        let image = read_image(registry, path, manifest).await?.map(|(_, image)| image);
        Ok((manifest.digest.clone(), image))
    };
    if !manifest.is_index() {
        return Ok(vec![image(manifest).await?]);
    }
    let mut held = Vec::new();
    // An index inside an index is made by no builder; what it holds is not looked at, as it is not run either.
    for child in manifest.children()? {
        if let Some(child) = registry.manifest(path, child.digest.as_str()).await?
            && !manifest.has_beside(&child)
        {
            held.push(image(&child).await?);
        }
    }
    Ok(held)
}

/// Digest of the image configuration; `None` where the manifest's configuration is that of something else.
fn image_config(manifest: &Manifest) -> Option<Digest> {
    let document: Value = serde_json::from_slice(&manifest.bytes).ok()?;
    let media_type = document.pointer("/config/mediaType").and_then(Value::as_str)?;
    manifest.config_digest().filter(|_| IMAGE_CONFIGS.contains(&media_type))
}
