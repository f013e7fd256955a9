//! An image that is in a registry, as whoever meets it finds it: what `verify`, `inspect` and `drift` start from.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use serde_json::Value;

use super::reference;
use super::registries::{self, Registries};
use super::session::Session;
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::evidence::{Aspect, Collected, Doubt, collect};
use crate::image::{Digest, Reference, Tag};
use crate::registry::{Descriptor, Manifest, Mismatch, Registry, platform};

/// How many manifests an index may list, images and what is attached to them; each is asked about.
const MAX_CHILDREN: usize = 128;

/// An image, or an index of several, at one moment.
pub(super) struct Published {
    /// As it was asked for.
    pub(super) reference: Reference,
    pub(super) registry: Registry,
    pub(super) top: Manifest,
    /// The image itself, or those that the index lists.
    pub(super) images: Vec<Platform>,
}

/// One image, for one platform.
pub(super) struct Platform {
    pub(super) manifest: Manifest,
    /// Its configuration: the word of whoever built it.
    pub(super) config: Value,
}

impl Platform {
    /// `os/architecture`, for people.
    pub(super) fn name(&self) -> String {
        platform(&self.config).unwrap_or_else(|| "unknown platform".to_owned())
    }

    /// The label's value; a blank one is none.
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        let labels = self.config.pointer("/config/Labels")?.as_object()?;
        labels.get(key)?.as_str().filter(|value| !value.is_empty())
    }

    /// All labels.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let labels = self.config.pointer("/config/Labels").and_then(Value::as_object);
        let pairs = labels.into_iter().flatten();
        pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }
}

/// A reference as the command line has it; without tag and digest it is `latest`.
pub(super) fn parse(text: &str) -> Result<Reference> {
    let reference = reference::parse(text)?;
    if reference.digest().is_some_and(|digest| digest.parse::<Digest>().is_err()) {
        return Err(Error::new(Kind::Usage, format!("{text:?}: only sha256 digests can be checked here"))
            .hint("name it by its tag, or by its sha256 digest"));
    }
    Ok(reference.or_latest())
}

/// What opens registries for a command that only reads.
pub(super) fn reading(session: &Session, settings: &Settings) -> Result<Registries> {
    Ok(Registries::new(session, settings, registries::store(session)?, None))
}

/// Resolves the reference once, and reads the manifests and configurations behind it.
pub(super) async fn find(
    session: &Session,
    registries: &Registries,
    reference: Reference,
) -> Result<Published> {
    let registry = registries.open(session, reference.repository())?;
    let path = reference.repository().path();
    let which = reference.digest().or(reference.tag().map(Tag::as_str)).unwrap_or_default();
    let Some(top) = registry.manifest(path, which).await? else {
        return Err(Error::new(Kind::Registry, format!("there is no {reference}"))
            .hint(format!("`imgbuild tags {}` lists what is there", reference.repository())));
    };
    let manifests = match top.is_index() {
        false => vec![top.clone()],
        true => children(&registry, path, &top).await?,
    };
    let mut images = Vec::new();
    for manifest in manifests {
        let config = registry.config(path, &manifest).await?;
        images.push(Platform { manifest, config });
    }
    Ok(Published { reference, registry, top, images })
}

/// The images that an index lists: what a builder attached to them in the index is none. What the index says of an entry
/// decides nothing, since engines run whatever entry is for their platform.
async fn children(registry: &Registry, path: &str, index: &Manifest) -> Result<Vec<Manifest>> {
    let refuse = |why: String| Error::new(Kind::Refused, format!("the index {} {why}", index.digest));
    let children = index.children()?;
    if children.len() > MAX_CHILDREN {
        return Err(refuse(format!("lists more than {MAX_CHILDREN} manifests: it is not looked into")));
    }
    let mut found = Vec::new();
    for child in children {
        match registry.manifest(path, child.digest.as_str()).await? {
            Some(manifest) if manifest.is_index() => {
                return Err(refuse(format!("lists another index, {}: it is not looked into", child.digest)));
            }
            Some(manifest) if index.has_beside(&manifest) => {}
            Some(manifest) => found.push(manifest),
            None => return Err(refuse(format!("lists {}, which is not there", child.digest))),
        }
    }
    if found.is_empty() {
        return Err(refuse("lists no image".to_owned()));
    }
    Ok(found)
}

impl Published {
    /// The repository's path.
    pub(super) fn path(&self) -> &str {
        self.reference.repository().path()
    }

    /// What is attached to the index and to each of its images, the index first; of a single image, to itself.
    pub(super) async fn evidence(&self) -> Result<Vec<Collected>> {
        let mut all = vec![collect(&self.registry, self.path(), &self.top.digest).await?];
        if self.top.is_index() {
            for image in &self.images {
                all.push(collect(&self.registry, self.path(), &image.manifest.digest).await?);
            }
        }
        Ok(all)
    }

    /// Reads every byte of the images, and tells those that are not what their digests stand for.
    pub(super) async fn bytes(&self) -> Result<Vec<Doubt>> {
        let mut doubts = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for image in &self.images {
            for blob in image.manifest.blobs()? {
                if seen.insert(blob.digest.clone())
                    && let Some(why) = self.blob(&blob).await?
                {
                    doubts.push(Doubt { aspect: Aspect::Image, why });
                }
            }
        }
        Ok(doubts)
    }

    /// Why a blob is not what it should be. An error is one of the way there.
    async fn blob(&self, blob: &Descriptor) -> Result<Option<String>> {
        let mut stream = self.registry.blob_stream(self.path(), blob, 0).await?;
        while let Some(piece) = stream.next().await {
            let Err(error) = piece else { continue };
            return match Mismatch::of(&error) {
                Some(mismatch) if !mismatch.is_cut_short() => {
                    Ok(Some(format!("the bytes of {} are others", blob.digest)))
                }
                _ => Err(error),
            };
        }
        Ok(None)
    }
}
