//! Manifests as received: bytes first, meaning second.

use reqwest::Method;
use serde_json::Value;

use super::endpoint::{check_path, check_reference};
use super::session::{Ask, Session};
use crate::error::Result;
use crate::image::Digest;

/// The longest manifest or image configuration, in bytes: the limit of the distribution specification.
const MAX_MANIFEST: usize = 4 << 20;
/// The header in which registries tell the digest of what they send.
const DIGEST_HEADER: &str = "docker-content-digest";

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                      application/vnd.docker.distribution.manifest.list.v2+json, \
                      application/vnd.docker.distribution.manifest.v2+json";

/// A manifest or an index, exactly as the registry sent it.
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
}

fn ask<'a>(session: &Session, method: Method, path: &'a str, reference: &str) -> Result<Ask<'a>> {
    check_path(path)?;
    check_reference(reference)?;
    Ok(Ask {
        method,
        url: session.endpoint.url(&format!("/v2/{path}/manifests/{reference}"))?,
        path,
        actions: "pull",
        accept: ACCEPT,
        limit: MAX_MANIFEST,
        attempt: format!("read the manifest {reference} of"),
    })
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
    let fail = |why: String| session.subject(&ask).fail(why);
    let digest = Digest::of(&answer.body);
    let claimed = [Some(reference), answer.header(DIGEST_HEADER)];
    for claim in claimed.into_iter().flatten().filter_map(|text| text.parse::<Digest>().ok()) {
        if claim != digest {
            return Err(fail(format!("the bytes received have the digest {digest}, not {claim}")));
        }
    }
    let document: Value =
        serde_json::from_slice(&answer.body).map_err(|_| fail("it is not JSON".to_owned()))?;
    let media_type = match document.get("mediaType").and_then(Value::as_str) {
        Some(own) => own.to_owned(),
        None => {
            let header = answer.header("content-type").unwrap_or_default();
            header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
        }
    };
    Ok(Some(Manifest { bytes: answer.body, digest, media_type }))
}

pub(super) async fn config(session: &Session, path: &str, manifest: &Manifest) -> Result<Value> {
    check_path(path)?;
    let mut ask = Ask {
        method: Method::GET,
        url: session.endpoint.url("/v2/")?,
        path,
        actions: "pull",
        accept: "*/*",
        limit: MAX_MANIFEST,
        attempt: format!("read the image configuration of the manifest {} in", manifest.digest),
    };
    let Some(digest) = manifest.config_digest() else {
        return Err(session.subject(&ask).fail("its manifest names none: it is not a single image"));
    };
    ask.url = session.endpoint.url(&format!("/v2/{path}/blobs/{digest}"))?;
    let answer = session.expect(&ask).await?;
    let fail = |why: String| session.subject(&ask).fail(why);
    let received = Digest::of(&answer.body);
    if received != digest {
        return Err(fail(format!("the bytes received have the digest {received}, not {digest}")));
    }
    serde_json::from_slice(&answer.body).map_err(|_| fail("it is not JSON".to_owned()))
}
