//! The config digest of an image: its identity on any engine, in any store, in any registry.
//!
//! With a graph driver the engine's id is the config digest. In the containerd store the id is the digest of a manifest
//! or of an index, and no call tells the config's: the stored manifest is read out of the image's export, which is
//! left as soon as it is known. What was read is hashed and compared with the id.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::image::Digest;

use super::client::{CALL, Engine};
use super::fault::Fault;
use super::images::{Image, image_path};
use super::tar_files::TarFiles;
use super::wire::{Plain, within};

/// Manifests and indexes are a few KB; what is larger is a layer.
const MAX_MANIFEST: u64 = 1 << 20;
/// Small blobs that are kept until the one that names them was seen: configs and manifests of a few platforms.
const MAX_BLOBS: usize = 64;
/// An export sends every layer that stands before the manifest.
const EXPORT: Duration = Duration::from_secs(15 * 60);

impl Engine {
    /// The config digest of `image`, for an index that of its own platform.
    pub async fn config_digest(&self, image: &Image) -> Result<Digest> {
        let id: Digest = image.id.parse().map_err(|error| {
            Error::new(Kind::Engine, format!("the engine names an image by {:?}", image.id)).because(error)
        })?;
        if !self.info().containerd_store {
            return Ok(id);
        }
        let what = format!("read the manifest of image {}", id.short());
        match within(EXPORT, self.stored_config(image, &id)).await {
            Ok(Some(config)) => Ok(config),
            Ok(None) => Err(Error::new(Kind::Engine, format!("cannot {what}: the export does not hold it"))),
            Err(fault) => Err(self.told(fault, what)),
        }
    }

    async fn stored_config(&self, image: &Image, id: &Digest) -> Result<Option<Digest>, Fault> {
        let path = format!("{}/get", image_path(&image.id));
        let mut reply = self.wire.send(self.wire.request(Method::GET, &path, &[], Plain::default())?).await?;
        let mut tar = TarFiles::new(MAX_MANIFEST);
        let mut blobs = BTreeMap::new();
        while let Some(chunk) = within(CALL, reply.chunk()).await? {
            let mut seen = false;
            tar.push(&chunk, &mut |file| file.path.starts_with("blobs/sha256/"), &mut |file, bytes| {
                if let Some(hex) = file.path.strip_prefix("blobs/sha256/")
                    && blobs.len() < MAX_BLOBS
                {
                    blobs.insert(format!("sha256:{hex}"), bytes);
                    seen = true;
                }
            })
            .map_err(Fault::Garbled)?;
            if seen && let Some(config) = resolve(&blobs, id, &image.os, &image.arch, 0)? {
                return Ok(Some(config));
            }
        }
        Ok(None)
    }
}

#[derive(Deserialize)]
struct Stored {
    config: Option<Descriptor>,
    manifests: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: Digest,
    #[serde(default)]
    platform: Option<Platform>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Platform {
    os: String,
    architecture: String,
}

/// The config that the manifest or index `id` leads to; `None` as long as a blob on the way is missing.
fn resolve(
    blobs: &BTreeMap<String, Vec<u8>>,
    id: &Digest,
    os: &str,
    arch: &str,
    depth: u8,
) -> Result<Option<Digest>, Fault> {
    let Some(bytes) = blobs.get(id.as_str()) else { return Ok(None) };
    if Digest::of(bytes) != *id {
        return Err(Fault::Garbled(format!("the blob {} has other content", id.short())));
    }
    let garbled = |error: serde_json::Error| Fault::Garbled(format!("the manifest {}: {error}", id.short()));
    let stored: Stored = serde_json::from_slice(bytes).map_err(garbled)?;
    if let Some(config) = stored.config {
        return Ok(Some(config.digest));
    }
    // Attestations have the platform unknown/unknown; an index inside an index is not made by any builder.
    let fits = |d: &&Descriptor| d.platform.as_ref().is_some_and(|p| p.os == os && p.architecture == arch);
    match stored.manifests.iter().flatten().find(fits) {
        Some(manifest) if depth < 2 => resolve(blobs, &manifest.digest, os, arch, depth + 1),
        _ => Err(Fault::Garbled(format!("{} holds no manifest for {os}/{arch}", id.short()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(blobs: &mut BTreeMap<String, Vec<u8>>, text: String) -> Digest {
        let digest = Digest::of(text.as_bytes());
        blobs.insert(digest.to_string(), text.into_bytes());
        digest
    }

    #[test]
    fn through_an_index_to_the_platforms_config() {
        let (mut blobs, config) = (BTreeMap::new(), Digest::of(b"config"));
        let manifest = put(&mut blobs, format!(r#"{{"config":{{"digest":"{config}"}},"layers":[]}}"#));
        let other = Digest::of(b"attestation");
        let index = put(
            &mut blobs,
            format!(
                r#"{{"manifests":[{{"digest":"{other}","platform":{{"os":"unknown","architecture":"unknown"}}}},
                {{"digest":"{manifest}","platform":{{"os":"linux","architecture":"arm64","variant":"v8"}}}}]}}"#
            ),
        );
        assert_eq!(resolve(&blobs, &manifest, "", "", 0).unwrap(), Some(config.clone()));
        assert_eq!(resolve(&blobs, &index, "linux", "arm64", 0).unwrap(), Some(config));
        assert!(resolve(&blobs, &index, "linux", "amd64", 0).is_err());
        blobs.remove(manifest.as_str());
        assert_eq!(resolve(&blobs, &index, "linux", "arm64", 0).unwrap(), None);
    }

    #[test]
    fn a_manifest_with_other_bytes_is_refused() {
        let (mut blobs, id) = (BTreeMap::new(), Digest::of(b"x"));
        blobs.insert(id.to_string(), br#"{"config":{}}"#.to_vec());
        assert!(resolve(&blobs, &id, "linux", "amd64", 0).is_err());
    }
}
