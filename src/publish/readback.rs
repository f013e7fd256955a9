//! What the registry holds behind a tag, compared with what was tested.

use crate::engine::{Engine, Image};
use crate::error::{Error, Kind, Result};
use crate::image::Digest;
use crate::registry::{Manifest, Registry};

/// What a tag has to hold.
#[derive(Debug)]
pub(super) struct Expected {
    /// The image that was tested, as the engine describes it.
    tested: Image,
    /// The config digest of the image that was tested: its identity on any engine and in any registry. `None` until
    /// it is needed: in the containerd store it may take an export.
    pub(super) config: Option<Digest>,
}

impl Expected {
    /// What every tag of `tested` has to hold.
    pub(super) fn of(tested: Image) -> Expected {
        Expected { tested, config: None }
    }

    /// The config that was tested, to compare `found` with. The engine is asked only where `found` does not tell.
    async fn config(&mut self, engine: &Engine, found: &Manifest) -> Result<Digest> {
        if let Some(config) = &self.config {
            return Ok(config.clone());
        }
        let config = match config_by_id(&self.tested.id, found) {
            Some(config) => config,
            None => engine.config_digest(&self.tested).await?,
        };
        Ok(self.config.insert(config).clone())
    }

    /// Whether `found` is of the image that was tested.
    pub(super) async fn judge(&mut self, engine: &Engine, found: &Manifest, reference: &str) -> Result<()> {
        let config = self.config(engine, found).await?;
        judge(found, &config, reference)
    }
}

/// The config behind the engine's id `id`, where `found` is the manifest that the id names.
///
/// It is in the containerd store, and so what was tested has the config that the bytes of `found` name. To read it out of
/// the engine would take an export, which sends the layers, too: 11 s for 400 MB.
fn config_by_id(id: &str, found: &Manifest) -> Option<Digest> {
    found.config_digest().filter(|_| found.digest.as_str() == id)
}

/// Reads the tag by GET. The digest of what comes is that of the bytes.
pub(super) async fn read(registry: &Registry, path: &str, tag: &str, reference: &str) -> Result<Manifest> {
    registry.manifest(path, tag).await?.ok_or_else(|| {
        Error::new(Kind::Registry, format!("{reference} was pushed, and the registry does not have it"))
            .hint("run again; if it stays so, look at the registry's log and its storage")
    })
}

/// Whether `manifest` is of the image with the config `tested`.
fn judge(manifest: &Manifest, tested: &Digest, reference: &str) -> Result<()> {
    let has = match manifest.config_digest() {
        Some(config) if config == *tested => return Ok(()),
        Some(config) => config.to_string(),
        None => "that of no single image".to_owned(),
    };
    Err(Error::new(
        Kind::Refused,
        format!("{reference} holds other content than what was tested: its config is {has}, not {tested}"),
    )
    .hint("another run published this tag; no further tag was touched"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(config: &str) -> Manifest {
        let bytes = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"digest":"{config}"}},"layers":[]}}"#
        );
        Manifest {
            digest: Digest::of(bytes.as_bytes()),
            media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
            bytes: bytes.into_bytes(),
        }
    }

    #[test]
    fn the_stored_manifest_tells_the_config_and_no_other_does() {
        let (ours, other) = (Digest::of(b"ours"), Digest::of(b"other"));
        let stored = manifest(ours.as_str());
        assert_eq!(config_by_id(stored.digest.as_str(), &stored), Some(ours.clone()));
        assert_eq!(config_by_id(stored.digest.as_str(), &manifest(other.as_str())), None);
        // With a graph driver the id is the config's, and another image's manifest may name it.
        assert_eq!(config_by_id(ours.as_str(), &stored), None);
    }

    #[test]
    fn only_the_tested_image_passes() {
        let (ours, other) = (Digest::of(b"ours"), Digest::of(b"other"));
        let good = manifest(ours.as_str());
        assert!(judge(&good, &ours, "r/x:1").is_ok());
        let error = judge(&manifest(other.as_str()), &ours, "r/x:1").unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.to_string().contains("r/x:1"), "{error}");
    }
}
