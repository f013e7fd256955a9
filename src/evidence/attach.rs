//! Attaching: a statement becomes an artifact that refers to the image, whose digest stays what it is.
//!
//! What is signed is attached as cosign does it, a bundle ([`bundle`]). What is not signed has no
//! envelope, since those demand a signature: it is the statement's JSON by itself, of the media type of in-toto.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::future::ready;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value, json};

use super::simple_signing::{SIGNATURE, SIMPLE_SIGNING};
use super::{Envelope, Predicate, SigningKey, SimpleSigning, Statement, bundle};
use crate::error::Result;
use crate::image::{Digest, label};
use crate::registry::{BlobSource, Descriptor, Manifest, Registry};

/// The media type of a statement that nobody signed.
pub(super) const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The annotation that names the predicate of such a statement, as BuildKit writes it.
pub(super) const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";
/// The same on what holds a bundle, as cosign writes it.
pub(super) const BUNDLE_PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
const BUNDLE_CONTENT: &str = "dev.sigstore.bundle.content";

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const EMPTY_BYTES: &[u8] = b"{}";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// How many blobs are sent beside each other.
const AT_ONCE: usize = 4;

/// What is to be attached.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What it says, of the subject alone.
    pub statement: Statement,
    /// When it was made, RFC 3339.
    pub created: String,
}

/// What was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedAt {
    /// What it says.
    pub kind: Predicate,
    /// The digest of the artifact.
    pub digest: Digest,
    /// Whether it is signed.
    pub signed: bool,
}

/// Attaches statements to the manifest `subject` of the repository at `path`, signed where there is a key.
///
/// All blobs come first, beside each other, and the manifests then: whoever sees one finds all of it. Told in the order of
/// `drafts`. Errors are the registry's; behind one, some of them may be attached.
pub async fn attach(
    registry: &Registry,
    path: &str,
    subject: &Descriptor,
    drafts: &[Draft],
    key: Option<&SigningKey>,
) -> Result<Vec<AttachedAt>> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let config = Blob::new(EMPTY, EMPTY_BYTES.to_vec());
    let (mut layers, mut manifests, mut attached) = (Vec::new(), Vec::new(), Vec::new());
    for draft in drafts {
        let (layer, manifest) = artifact(subject, draft, key, &config.descriptor)?;
        attached.push(AttachedAt {
            kind: draft.statement.kind(),
            digest: manifest.digest.clone(),
            signed: key.is_some(),
        });
        layers.push(layer);
        manifests.push(manifest);
    }
    let blobs = layers.into_iter().chain([config]).map(|blob| blob.put(registry, path));
    stream::iter(blobs).buffer_unordered(AT_ONCE).try_for_each(|()| ready(Ok(()))).await?;
    registry.add_referrers(path, &manifests).await?;
    Ok(attached)
}

/// What a statement is attached as: its bytes, and the manifest that refers to the subject.
fn artifact(
    subject: &Descriptor,
    draft: &Draft,
    key: Option<&SigningKey>,
    config: &Descriptor,
) -> Result<(Blob, Manifest)> {
    let kind = draft.statement.kind();
    let (media_type, bytes, mut annotations) = match key {
        Some(key) => {
            let envelope = Envelope::sign(&draft.statement, key)?;
            let annotations = [(BUNDLE_CONTENT, "dsse-envelope"), (BUNDLE_PREDICATE_TYPE, kind.uri())];
            (bundle::BUNDLE, bundle::to_bytes(&envelope, key.id()), BTreeMap::from(annotations))
        }
        None => (IN_TOTO, draft.statement.to_bytes(), BTreeMap::from([(PREDICATE_TYPE, kind.uri())])),
    };
    annotations.insert(label::oci::CREATED, &draft.created);
    let layer = Blob::new(media_type, bytes);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": media_type,
        "config": config.to_json(),
        "layers": [layer.descriptor.to_json()],
        "subject": bare(subject).to_json(),
        "annotations": annotations,
    });
    Ok((layer, Manifest::new(manifest.to_string().into_bytes(), OCI_MANIFEST)?))
}

/// Signs `subject`, known as `repository`, as older versions of cosign do: under the tag `sha256-HEX.sig`, beside what
/// signatures are there, unless one of this key's for the same is. Gives the tag.
pub async fn attach_classic_signature(
    registry: &Registry,
    path: &str,
    subject: &Digest,
    repository: &str,
    key: &SigningKey,
) -> Result<String> {
    let signed = SimpleSigning::sign(subject, repository, key)?;
    let tag = format!("sha256-{}.sig", subject.hex());
    let payload = Digest::of(&signed.payload);
    let before = registry.manifest(path, &tag).await?;
    let mut layers = before.as_ref().map(layers_of).unwrap_or_default();
    let own = [key.public()];
    let is_own = |layer: &Value| {
        let annotation = layer.get("annotations").and_then(|all| all.get(SIGNATURE)).and_then(Value::as_str);
        layer.get("digest").and_then(Value::as_str) == Some(payload.as_str())
            && SimpleSigning::of(signed.payload.clone(), annotation)
                .is_ok_and(|there| there.signed_by(&own).is_some())
    };
    if layers.iter().any(is_own) {
        return Ok(tag);
    }
    let mut layer = put(registry, path, SIMPLE_SIGNING, signed.payload.clone()).await?;
    layer.annotations.insert(SIGNATURE.to_owned(), signed.annotation());
    layers.push(layer.to_json());
    // An image's configuration, since cosign reads the tag as an image: what it lists of layers is not looked at.
    let diff_ids: Vec<&str> = layers
        .iter()
        .map(|layer| layer.get("digest").and_then(Value::as_str).unwrap_or(payload.as_str()))
        .collect();
    let config = json!({
        "architecture": "", "os": "", "created": "0001-01-01T00:00:00Z", "config": {},
        "history": vec![json!({"created": "0001-01-01T00:00:00Z"}); layers.len()],
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    });
    let config = put(registry, path, OCI_CONFIG, config.to_string().into_bytes()).await?;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.to_json(), "layers": layers,
    });
    let manifest = Manifest::new(manifest.to_string().into_bytes(), OCI_MANIFEST)?;
    let before = before.map(|manifest| manifest.digest);
    registry.move_tag(path, &tag, &manifest, before.as_ref()).await?;
    Ok(tag)
}

/// The layers of a manifest as they stand there.
fn layers_of(manifest: &Manifest) -> Vec<Value> {
    let document: Map<String, Value> = serde_json::from_slice(&manifest.bytes).unwrap_or_default();
    document.get("layers").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Bytes that are to be a blob.
struct Blob {
    descriptor: Descriptor,
    bytes: Bytes,
}

impl Blob {
    fn new(media_type: &str, bytes: Vec<u8>) -> Blob {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Blob { descriptor: Descriptor::new(media_type, Digest::of(&bytes), size), bytes: Bytes::from(bytes) }
    }

    async fn put(self, registry: &Registry, path: &str) -> Result<()> {
        registry.push_blob(path, &self.descriptor, BlobSource::Bytes(self.bytes)).await.map(drop)
    }
}

/// Uploads a blob.
async fn put(registry: &Registry, path: &str, media_type: &str, bytes: Vec<u8>) -> Result<Descriptor> {
    let blob = Blob::new(media_type, bytes);
    let descriptor = blob.descriptor.clone();
    blob.put(registry, path).await.map(|()| descriptor)
}

/// What a subject is told by.
fn bare(subject: &Descriptor) -> Descriptor {
    Descriptor::new(subject.media_type.clone(), subject.digest.clone(), subject.size)
}
