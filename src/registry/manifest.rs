//! Manifests as received: bytes first, meaning second.

use reqwest::Method;
use serde_json::Value;

use super::descriptor::annotations;
use super::endpoint::{check_path, check_reference};
use super::session::{Ask, Session};
use super::transport::Answer;
use super::{Descriptor, Mismatch};
use crate::error::{Error, Kind, Result};
use crate::image::Digest;

/// The longest manifest or image configuration, in bytes: the limit of the distribution specification.
pub(super) const MAX_MANIFEST: usize = 4 << 20;
/// The header in which registries tell the digest of what they send.
pub(super) const DIGEST_HEADER: &str = "docker-content-digest";

pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                      application/vnd.docker.distribution.manifest.list.v2+json, \
                      application/vnd.docker.distribution.manifest.v2+json";

/// The type of a layer that is a statement.
const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The types of layers that need not be in a registry: their licence forbids to hand them on, and their `urls` say where
/// they are. <https://github.com/opencontainers/image-spec/blob/main/layer.md#non-distributable-layers>
const FOREIGN: [&str; 5] = [
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
];

/// A manifest or an index, exactly as the registry sent it.
///
/// Its meaning is read when it is asked for; where the document is malformed, the error says where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The bytes that were received, at most 4 MiB.
    pub bytes: Vec<u8>,
    /// The digest of [`bytes`](Manifest::bytes), computed here.
    pub digest: Digest,
    /// The document's own `mediaType`, or the `Content-Type` without parameters where it has none.
    pub media_type: String,
}

impl Manifest {
    /// The manifest of these bytes; `fallback` is its type where the document names none. Fails where it is larger than
    /// 4 MiB or not JSON.
    pub fn new(bytes: Vec<u8>, fallback: &str) -> Result<Manifest> {
        if bytes.len() > MAX_MANIFEST {
            let message = format!("a manifest of {} bytes is larger than {MAX_MANIFEST}", bytes.len());
            return Err(Error::new(Kind::Registry, message));
        }
        let digest = Digest::of(&bytes);
        let malformed = |why| Error::new(Kind::Registry, format!("the manifest {digest} {why}"));
        let document: Value = serde_json::from_slice(&bytes).map_err(|_| malformed("is not JSON"))?;
        let media_type = match document.get("mediaType").and_then(Value::as_str) {
            Some(own) => own.to_owned(),
            None => fallback.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
        };
        Ok(Manifest { bytes, digest, media_type })
    }

    /// The descriptor by which others name it, with the annotations and the artifact type that the referrers API tells.
    pub fn descriptor(&self) -> Result<Descriptor> {
        let size = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        let mut descriptor = Descriptor::new(self.media_type.clone(), self.digest.clone(), size);
        descriptor.artifact_type = self.artifact_type()?;
        if let Some(value) = self.document()?.get("annotations").filter(|value| !value.is_null()) {
            descriptor.annotations =
                annotations(value).ok_or_else(|| self.malformed("annotations is no map of texts"))?;
        }
        Ok(descriptor)
    }

    /// Digest of the image configuration: the identity of a platform's image. `None` for an index.
    pub fn config_digest(&self) -> Option<Digest> {
        if self.is_index() {
            return None;
        }
        let document: Value = serde_json::from_slice(&self.bytes).ok()?;
        document.pointer("/config/digest")?.as_str()?.parse().ok()
    }

    /// Whether it lists manifests instead of layers.
    pub fn is_index(&self) -> bool {
        [OCI_INDEX, DOCKER_LIST].contains(&self.media_type.as_str())
    }

    /// Whether `child`, which this index lists, is what BuildKit puts there beside an image: statements, for a platform that
    /// no engine has. What annotations say of it does not count, and its layers alone do not either: an engine runs what is
    /// listed for its platform, and some unpack layers of whatever type.
    pub fn has_beside(&self, child: &Manifest) -> bool {
        let layers = child.listed("layers").unwrap_or_default();
        let is_said = !layers.is_empty() && layers.iter().all(|(layer, _)| layer.media_type == IN_TOTO);
        let document = self.document().unwrap_or_default();
        let entries = document.get("manifests").and_then(Value::as_array).into_iter().flatten();
        let digest = Some(child.digest.as_str());
        let mut entries = entries.filter(|entry| entry.get("digest").and_then(Value::as_str) == digest);
        let is_nowhere = |entry: &Value| {
            let names = ["/platform/os", "/platform/architecture"].map(|at| entry.pointer(at));
            names.iter().all(|name| name.and_then(Value::as_str) == Some("unknown"))
        };
        is_said && entries.all(is_nowhere)
    }

    /// The manifests that an index lists, in its order; none where it is no index.
    pub fn children(&self) -> Result<Vec<Descriptor>> {
        if !self.is_index() {
            return Ok(Vec::new());
        }
        Ok(self.listed("manifests")?.into_iter().map(|(child, _)| child).collect())
    }

    /// The blobs that a registry holds for it: the configuration first, then the layers in their order. Layers that are
    /// fetched from elsewhere (those that may not be handed on, and have `urls`) are left out, and so is what occurs twice.
    /// None for an index.
    pub fn blobs(&self) -> Result<Vec<Descriptor>> {
        if self.is_index() {
            return Ok(Vec::new());
        }
        let mut blobs: Vec<Descriptor> = Vec::new();
        match self.document()?.get("config") {
            None | Some(Value::Null) => {}
            Some(config) => {
                blobs.push(Descriptor::read(config, "config").map_err(|why| self.malformed(&why))?);
            }
        }
        for (layer, elsewhere) in self.listed("layers")? {
            match blobs.iter().find(|blob| blob.digest == layer.digest) {
                Some(same) if same.size != layer.size => {
                    return Err(self.malformed(&format!("{} has two sizes", layer.digest)));
                }
                None if !elsewhere => blobs.push(layer),
                _ => {}
            }
        }
        Ok(blobs)
    }

    /// The layers of an image, the lowest first, as often as each occurs; none for an index. What only another host has, by the
    /// layer's `urls`, is an error.
    pub fn layers(&self) -> Result<Vec<Descriptor>> {
        if self.is_index() {
            return Ok(Vec::new());
        }
        let listed = self.listed("layers")?;
        match listed.iter().find(|(_, elsewhere)| *elsewhere) {
            Some((layer, _)) => {
                let what = format!("the layer {} is kept by another host, and is not read", layer.digest);
                Err(Error::new(Kind::Registry, what))
            }
            None => Ok(listed.into_iter().map(|(layer, _)| layer).collect()),
        }
    }

    /// The manifest that this one refers to, for an artifact that is attached to an image.
    pub fn subject(&self) -> Result<Option<Descriptor>> {
        match self.document()?.get("subject") {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Descriptor::read(value, "subject").map(Some).map_err(|why| self.malformed(&why)),
        }
    }

    /// What kind of artifact it is: its own `artifactType`, else the type of its configuration, as the specification
    /// says; `None` for an index without one.
    pub fn artifact_type(&self) -> Result<Option<String>> {
        let document = self.document()?;
        let text = |at: &str| match document.pointer(at) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => {
                Err(self.malformed(&format!("{} is no text", at.trim_start_matches('/').replace('/', "."))))
            }
        };
        match text("/artifactType")? {
            Some(own) => Ok(Some(own)),
            None => text("/config/mediaType"),
        }
    }

    fn document(&self) -> Result<Value> {
        serde_json::from_slice(&self.bytes).map_err(|_| self.malformed("it is not JSON"))
    }

    /// The descriptors of the list `name`, and whether each says that its bytes are elsewhere. Any other layer may have
    /// `urls`, too, as a further place to get it from: registries want it all the same.
    fn listed(&self, name: &str) -> Result<Vec<(Descriptor, bool)>> {
        let document = self.document()?;
        let list = match document.get(name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(self.malformed(&format!("{name} is no list"))),
        };
        let read = |(index, value): (usize, &Value)| {
            let descriptor = Descriptor::read(value, &format!("{name}[{index}]"))?;
            let has_urls = value.get("urls").and_then(Value::as_array).is_some_and(|urls| !urls.is_empty());
            let elsewhere = has_urls && FOREIGN.contains(&descriptor.media_type.as_str());
            Ok((descriptor, elsewhere))
        };
        list.iter().enumerate().map(read).collect::<Result<_, String>>().map_err(|why| self.malformed(&why))
    }

    fn malformed(&self, why: &str) -> Error {
        Error::new(Kind::Registry, format!("the manifest {} is malformed: {why}", self.digest))
    }
}

/// Asks for the manifest `reference` of the repository at `path`.
pub(super) fn ask<'a>(session: &Session, method: Method, path: &'a str, reference: &str) -> Result<Ask<'a>> {
    check_path(path)?;
    check_reference(reference)?;
    let url = session.endpoint.url(&format!("/v2/{path}/manifests/{reference}"))?;
    let attempt = format!("read the manifest {reference} of");
    Ok(Ask { accept: ACCEPT, limit: MAX_MANIFEST, ..Ask::new(method, url, path, attempt) })
}

pub(super) async fn head(session: &Session, path: &str, reference: &str) -> Result<Option<Digest>> {
    let ask = ask(session, Method::HEAD, path, reference)?;
    let answer = session.send(&ask).await?;
    if answer.status.as_u16() == 404 {
        return Ok(None);
    }
    if !answer.status.is_success() {
        return Err(session.refused(&ask, &answer));
    }
    match answer.header(DIGEST_HEADER).and_then(|text| text.parse().ok()) {
        Some(digest) => Ok(Some(digest)),
        // Not every registry tells it on HEAD.
        None => Ok(get(session, path, reference).await?.map(|manifest| manifest.digest)),
    }
}

pub(super) async fn get(session: &Session, path: &str, reference: &str) -> Result<Option<Manifest>> {
    let ask = ask(session, Method::GET, path, reference)?;
    let answer = session.send(&ask).await?;
    if answer.status.as_u16() == 404 {
        return Ok(None);
    }
    if !answer.status.is_success() {
        return Err(session.refused(&ask, &answer));
    }
    received(session, &ask, reference, answer).map(Some)
}

/// The manifest in an answer, checked against `reference` where that is a digest, and against the answer's own claim.
pub(super) fn received(
    session: &Session,
    ask: &Ask<'_>,
    reference: &str,
    answer: Answer,
) -> Result<Manifest> {
    let fail = |why: String| session.subject(ask).fail(why);
    let digest = Digest::of(&answer.body);
    let claimed = [Some(reference), answer.header(DIGEST_HEADER)];
    for claim in claimed.into_iter().flatten().filter_map(|text| text.parse::<Digest>().ok()) {
        if claim != digest {
            return Err(other_bytes(fail, &digest, &claim));
        }
    }
    let media_type = answer.header("content-type").unwrap_or_default().to_owned();
    Manifest::new(answer.body, &media_type).map_err(|_| fail("it is not JSON".to_owned()))
}

fn other_bytes(fail: impl Fn(String) -> Error, received: &Digest, wanted: &Digest) -> Error {
    let why = format!("the bytes received have the digest {received}, not {wanted}");
    fail(why.clone()).because(Mismatch::new(why))
}

pub(super) async fn config(session: &Session, path: &str, manifest: &Manifest) -> Result<Value> {
    check_path(path)?;
    let attempt = format!("read the image configuration of the manifest {} in", manifest.digest);
    let url = session.endpoint.url("/v2/")?;
    let mut ask = Ask { limit: MAX_MANIFEST, ..Ask::new(Method::GET, url, path, attempt) };
    let Some(digest) = manifest.config_digest() else {
        return Err(session.subject(&ask).fail("its manifest names none: it is not a single image"));
    };
    ask.url = session.endpoint.url(&format!("/v2/{path}/blobs/{digest}"))?;
    let answer = session.expect(&ask).await?;
    let fail = |why: String| session.subject(&ask).fail(why);
    let received = Digest::of(&answer.body);
    if received != digest {
        return Err(other_bytes(fail, &received, &digest));
    }
    serde_json::from_slice(&answer.body).map_err(|_| fail("it is not JSON".to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(document: &Value) -> Manifest {
        Manifest::new(document.to_string().into_bytes(), "application/vnd.oci.image.manifest.v1+json")
            .unwrap()
    }

    fn described(bytes: &[u8]) -> Value {
        json!({"mediaType": "t", "digest": Digest::of(bytes).as_str(), "size": bytes.len()})
    }

    #[test]
    fn a_manifest_names_its_blobs_once() {
        let [mut foreign, mut anywhere, mut nowhere] =
            [&b"windows"[..], b"anywhere", b"nowhere"].map(described);
        for layer in [&mut foreign, &mut nowhere] {
            layer["mediaType"] = json!("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip");
        }
        for layer in [&mut foreign, &mut anywhere] {
            layer["urls"] = json!(["https://mcr.example/blob"]);
        }
        let image = manifest(&json!({
            "config": described(b"{}"),
            "layers": [described(b"one"), foreign, described(b"two"), described(b"one"), described(b"{}"), anywhere, nowhere],
        }));
        let digests: Vec<_> = image.blobs().unwrap().into_iter().map(|blob| blob.digest).collect();
        assert_eq!(digests, [&b"{}"[..], b"one", b"two", b"anywhere", b"nowhere"].map(Digest::of));
        assert_eq!(image.children().unwrap(), []);
        assert_eq!(image.subject().unwrap(), None);
        assert_eq!(image.artifact_type().unwrap().as_deref(), Some("t"));
    }

    #[test]
    fn an_index_names_its_children_and_no_blobs() {
        let index =
            manifest(&json!({"mediaType": OCI_INDEX, "manifests": [described(b"a"), described(b"b")]}));
        assert!(index.is_index());
        assert_eq!(index.children().unwrap().len(), 2);
        assert_eq!(index.blobs().unwrap(), []);
        assert_eq!(index.artifact_type().unwrap(), None);
    }

    #[test]
    fn an_artifact_names_its_subject() {
        let artifact = manifest(&json!({
            "artifactType": "application/spdx+json",
            "config": described(b"{}"),
            "subject": described(b"image"),
            "annotations": {"a": "b"},
        }));
        assert_eq!(artifact.subject().unwrap().unwrap().digest, Digest::of(b"image"));
        let descriptor = artifact.descriptor().unwrap();
        assert_eq!(descriptor.artifact_type.as_deref(), Some("application/spdx+json"));
        assert_eq!(
            descriptor.annotations.into_iter().collect::<Vec<_>>(),
            [("a".to_owned(), "b".to_owned())]
        );
    }

    #[test]
    fn what_an_engine_could_run_is_an_image_whatever_it_is_called() {
        let layer = |kind: &str| json!({"mediaType": kind, "digest": Digest::of(b"x").as_str(), "size": 1});
        let statement = manifest(&json!({"config": described(b"{}"), "layers": [layer(IN_TOTO)]}));
        let image = manifest(&json!({"config": described(b"{}"), "layers": [layer(IN_TOTO), layer("tar")]}));
        let empty = manifest(&json!({"config": described(b"{}"), "layers": []}));
        let index = |platforms: &[(&Manifest, Value)]| {
            let entries: Vec<Value> = platforms
                .iter()
                .map(|(child, platform)| {
                    json!({"digest": child.digest.as_str(), "size": 1, "platform": platform,
                        "annotations": {"vnd.docker.reference.type": "attestation-manifest"}})
                })
                .collect();
            manifest(&json!({"mediaType": OCI_INDEX, "manifests": entries}))
        };
        let nowhere = || json!({"os": "unknown", "architecture": "unknown"});
        let here = json!({"os": "linux", "architecture": "amd64"});
        assert!(index(&[(&statement, nowhere())]).has_beside(&statement));
        assert!(!index(&[(&image, nowhere())]).has_beside(&image));
        assert!(!index(&[(&empty, nowhere())]).has_beside(&empty));
        for platform in [here.clone(), json!(null), json!({"os": "unknown"})] {
            assert!(!index(&[(&statement, platform)]).has_beside(&statement));
        }
        assert!(!index(&[(&statement, nowhere()), (&statement, here)]).has_beside(&statement));
    }

    #[test]
    fn hostile_documents_are_errors_that_say_where() {
        let blobs = |document| manifest(&document).blobs().map(drop);
        let mut twice = described(b"one");
        twice["size"] = json!(7);
        let negative = json!({"digest": Digest::of(b"").as_str(), "size": -1});
        for (result, why) in [
            (blobs(json!({"layers": [described(b"one"), twice]})), "has two sizes"),
            (blobs(json!({"layers": [described(b"one"), negative]})), "layers[1].size is no size"),
            (blobs(json!({"layers": {}})), "layers is no list"),
            (blobs(json!({"config": "sha256:0"})), "config is no descriptor"),
            (blobs(json!({"config": {"digest": "sha256:../../x", "size": 1}})), "config.digest"),
            (
                manifest(&json!({"mediaType": OCI_INDEX, "manifests": [1]})).children().map(drop),
                "manifests[0] is no descriptor",
            ),
            (manifest(&json!({"subject": []})).subject().map(drop), "subject is no descriptor"),
            (manifest(&json!({"artifactType": 1})).artifact_type().map(drop), "artifactType is no text"),
            (manifest(&json!({"annotations": []})).descriptor().map(drop), "annotations is no map"),
        ] {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), Kind::Registry);
            assert!(error.message().contains(why), "{error}");
            assert!(error.message().starts_with("the manifest sha256:"), "{error}");
        }
        assert!(Manifest::new(vec![b' '; MAX_MANIFEST + 1], "x").is_err());
        assert!(Manifest::new(b"<html>".to_vec(), "x").is_err());
        // What is no object names nothing.
        assert_eq!(manifest(&json!([1, 2])).blobs().unwrap(), []);
    }
}
