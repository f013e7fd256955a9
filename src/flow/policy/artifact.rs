//! A policy that lies in a registry, as an OCI artifact.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use futures_util::TryStreamExt as _;

use crate::config::{self, Document};
use crate::error::{Error, Kind, Result};
use crate::flow::registries;
use crate::flow::session::Session;
use crate::image::{Digest, Reference};
use crate::registry::{Descriptor, Login, Manifest, Registry, RegistryOptions};

/// What says that a layer is a policy.
const MEDIA_TYPE: &str = "application/vnd.imgbuild.policy.v1+toml";
/// The annotation that holds a layer's file name.
const TITLE: &str = "org.opencontainers.image.title";
/// The largest policy, in bytes.
const LARGEST: u64 = 1 << 20;
/// What `name` may start with to say that it is no file.
const SCHEME: &str = "oci://";

/// The artifact that `IMGBUILD_POLICY` means; `None` where it means a file, which one that exists always does. An
/// artifact goes by its digest alone: whoever may move a tag could change what every run is held to.
pub(super) fn named(text: &OsStr, directory: &Path) -> Result<Option<Reference>> {
    let Some(text) = text.to_str() else { return Ok(None) };
    let explicit = text.strip_prefix(SCHEME);
    let parsed = explicit.unwrap_or(text).parse::<Reference>();
    let has_digest = parsed.as_ref().is_ok_and(|reference| reference.digest().is_some());
    if explicit.is_none() && (!has_digest || directory.join(text).exists()) {
        return Ok(None);
    }
    let cannot = |why: &str| Error::new(Kind::Config, format!("IMGBUILD_POLICY is {text:?}: {why}"));
    let reference = parsed.map_err(|why| cannot("it is no name of an artifact").because(why))?;
    if reference.repository().registry().is_empty() {
        return Err(cannot("it names no registry"));
    }
    match reference.digest() {
        None => {
            Err(cannot("an artifact without its digest, and whoever may move a tag would own the policy")
                .hint("name it by its digest: ghcr.io/acme/policy@sha256:…"))
        }
        Some(digest) if digest.parse::<Digest>().is_err() => {
            Err(cannot("only sha256 digests can be checked here"))
        }
        Some(_) => Ok(Some(reference)),
    }
}

/// The policy in the artifact. Every byte of it is checked against the digest that was named. A registry that cannot be
/// reached or denies it ends the run: none goes on with another policy than it was given.
pub(super) async fn fetch(session: &Session, reference: &Reference) -> Result<Document> {
    let bytes = read(session, reference).await.map_err(|error| match error.kind() {
        Kind::Registry => {
            error.hint("IMGBUILD_POLICY names this artifact, and no run goes on without its policy")
        }
        _ => error,
    })?;
    config::parse_policy(&reference.to_string(), &bytes)
}

async fn read(session: &Session, reference: &Reference) -> Result<Vec<u8>> {
    let place = reference.repository();
    let digest = reference.digest().unwrap_or_default();
    let host = place.registry();
    let plain_http = declared_insecure(session, host);
    if plain_http && !place.is_loopback() {
        session.events.note(format!(
            "{host} is spoken to without TLS: IMGBUILD_INSECURE_REGISTRIES declares it insecure"
        ));
    }
    let options = RegistryOptions {
        plain_http,
        hide: Some(registries::hide(session)),
        ..RegistryOptions::from_environment(&session.environment)
    };
    let login = Login::of(Arc::new(registries::store(session)?), place.path());
    let registry = Registry::new(host, login, options)?;
    let manifest = registry.manifest(place.path(), digest).await?.ok_or_else(|| {
        Error::new(
            Kind::Registry,
            format!("cannot read the policy {reference}: the registry has no such artifact"),
        )
    })?;
    let layer = policy_layer(&manifest)
        .map_err(|why| Error::new(Kind::Config, format!("cannot read the policy {reference}: {why}")))?;
    if layer.size > LARGEST {
        let message = format!("cannot read the policy {reference}: it is larger than {} MiB", LARGEST >> 20);
        return Err(Error::new(Kind::Config, message));
    }
    // Size and digest are checked on the way.
    let stream = registry.blob_stream(place.path(), &layer, 0).await?;
    let append = |mut all: Vec<u8>, piece: bytes::Bytes| async move {
        all.extend_from_slice(&piece);
        Ok(all)
    };
    stream.try_fold(Vec::new(), append).await
}

/// The configuration is not asked: on a pull request it is not to say whom a login may go to in the clear.
fn declared_insecure(session: &Session, host: &str) -> bool {
    let declared = session.environment.get("IMGBUILD_INSECURE_REGISTRIES").unwrap_or_default();
    declared.split(',').any(|entry| entry.trim().eq_ignore_ascii_case(host))
}

/// The layer that holds the policy: the one that says so, else the only one, else the first whose title ends in `.toml`.
fn policy_layer(manifest: &Manifest) -> Result<Descriptor, String> {
    if manifest.is_index() {
        return Err("it is an index, and a policy is one artifact: name the manifest in it".to_owned());
    }
    let config = manifest.config_digest();
    let blobs = manifest.blobs().map_err(|error| error.to_string())?;
    let layers: Vec<Descriptor> =
        blobs.into_iter().filter(|blob| Some(&blob.digest) != config.as_ref()).collect();
    let says_so = layers.iter().find(|layer| layer.media_type == MEDIA_TYPE);
    let only = || layers.first().filter(|_| layers.len() == 1);
    let is_titled =
        |layer: &&Descriptor| layer.annotations.get(TITLE).is_some_and(|title| title.ends_with(".toml"));
    let found = says_so.or_else(only).or_else(|| layers.iter().find(is_titled));
    found.cloned().ok_or_else(|| {
        let count = layers.len();
        format!("none of its {count} layers is of type {MEDIA_TYPE} or has a title that ends in `.toml`")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn meant(text: &str) -> Result<Option<String>> {
        let found = named(OsStr::new(text), Path::new("/nowhere"))?;
        Ok(found.map(|reference| reference.to_string()))
    }

    #[test]
    fn an_artifact_has_a_digest_and_a_file_has_none() {
        let digest = Digest::of(b"x");
        let full = format!("ghcr.io/acme/policy@{digest}");
        assert_eq!(meant(&full).unwrap(), Some(full.clone()));
        assert_eq!(meant(&format!("oci://{full}")).unwrap(), Some(full.clone()));
        for file in ["policy.toml", "/etc/policy.toml", "ci/policy", "ghcr.io/acme/policy:1"] {
            assert_eq!(meant(file).unwrap(), None, "{file}");
        }
    }

    #[test]
    fn a_tag_is_refused_with_the_reason() {
        for text in ["oci://ghcr.io/acme/policy:1", "oci://ghcr.io/acme/policy"] {
            let error = meant(text).unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            assert!(error.to_string().contains("whoever may move a tag would own the policy"), "{error}");
        }
        let sha512 = format!("ghcr.io/acme/policy@sha512:{}", "0".repeat(128));
        assert!(meant(&sha512).unwrap_err().to_string().contains("only sha256"));
        assert!(meant("oci://!").unwrap_err().to_string().contains("no name of an artifact"));
    }

    #[test]
    fn a_file_that_is_there_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("policy@{}", Digest::of(b"x"));
        std::fs::write(folder.path().join(&name), "").unwrap();
        assert!(named(OsStr::new(&name), folder.path()).unwrap().is_none());
    }

    fn layer(layers: &[Value]) -> Result<String, String> {
        let config =
            json!({"mediaType": "application/vnd.oci.empty.v1+json", "digest": Digest::of(b"{}"), "size": 2});
        let document = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config,
            "layers": layers,
        });
        let manifest =
            Manifest::new(document.to_string().into_bytes(), "").map_err(|error| error.to_string())?;
        policy_layer(&manifest).map(|layer| layer.digest.to_string())
    }

    fn blob(text: &str, media_type: &str, title: &str) -> Value {
        json!({
            "mediaType": media_type, "digest": Digest::of(text.as_bytes()), "size": text.len(),
            "annotations": {(TITLE): title},
        })
    }

    #[test]
    fn the_layer_is_found_by_type_then_alone_then_by_title() {
        let digest = |text: &str| Digest::of(text.as_bytes()).to_string();
        let (a, b, c) =
            (blob("a", "text/plain", "a.md"), blob("b", "x/y", "b.toml"), blob("c", MEDIA_TYPE, "c"));
        assert_eq!(layer(std::slice::from_ref(&a)), Ok(digest("a")));
        assert_eq!(layer(&[a.clone(), b.clone()]), Ok(digest("b")));
        assert_eq!(layer(&[a.clone(), b, c]), Ok(digest("c")));
        let other = blob("d", "text/plain", "d.md");
        assert!(layer(&[a, other]).unwrap_err().starts_with("none of its 2 layers"));
        assert!(layer(&[]).is_err());
    }
}
