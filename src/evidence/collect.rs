//! Reading whatever anybody attached to a manifest. Nothing of it is believed here, and all of it is bounded.

use std::collections::BTreeMap;
use std::fmt;

use futures_util::{StreamExt as _, stream};
use serde::Deserialize;

use super::attach::{BUNDLE_PREDICATE_TYPE, IN_TOTO, PREDICATE_TYPE};
use super::simple_signing::{SIGNATURE, SIMPLE_SIGNING};
use super::{Envelope, Predicate, SimpleSigning, bundle};
use crate::error::{Error, Kind, Result};
use crate::image::Digest;
use crate::registry::{Descriptor, Manifest, Mismatch, Registry};

/// How many artifacts are read of one manifest. More is what nobody attaches but to keep us busy.
const MAX_ARTIFACTS: usize = 500;
/// How many statements one artifact may hold.
const MAX_LAYERS: usize = 64;
/// How large one may be, in bytes: an SBOM of a large image has some.
const MAX_ONE: u64 = 32 << 20;
/// How large all of them may be together, in bytes: they are held in memory.
const MAX_ALL: u64 = 128 << 20;
/// The longest type of a predicate that is told, in bytes.
const MAX_TYPE: usize = 300;
/// How many manifests are asked for at once.
const AT_ONCE: usize = 8;

const DSSE: &str = "application/vnd.dsse.envelope.v1+json";
/// What fallback lists have for the type of an artifact where cosign wrote them: that of its configuration.
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The tags of cosign's older form.
const CLASSIC: [&str; 2] = ["sig", "att"];

/// All that is attached to one manifest, as far as it may be evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// The manifest's digest.
    pub subject: Digest,
    /// What is attached, in the order of the registry's list.
    pub attached: Vec<Attached>,
}

/// Something that is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Where it was found.
    pub place: Place,
    /// What it is said to be beside it, for messages alone.
    pub claims: Option<Predicate>,
    /// What it is.
    pub content: Content,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a manifest that refers to the subject.
    Referrer(Digest),
    /// Under a tag of cosign's.
    Tag(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Referrer(digest) => write!(f, "sha256:{}…", digest.short()),
            Place::Tag(tag) => f.write_str(tag),
        }
    }
}

/// What is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An envelope, whose signatures nobody has looked at.
    Envelope(Envelope),
    /// A statement that nobody signed: its JSON.
    Unsigned(Vec<u8>),
    /// A signature of cosign's older form.
    SimpleSigning(SimpleSigning),
    /// Why it could not be read.
    Unreadable(String),
}

impl Content {
    /// What the bytes of a layer are, by its media type; `signature` is that of cosign's older form, which stands beside it.
    pub fn read(media_type: &str, bytes: Vec<u8>, signature: Option<&str>) -> Content {
        let read = match media_type {
            IN_TOTO => return Content::Unsigned(bytes),
            SIMPLE_SIGNING => SimpleSigning::of(bytes, signature).map(Content::SimpleSigning),
            DSSE => {
                let value = serde_json::from_slice(&bytes).map_err(|_| "it is not JSON".to_owned());
                value.and_then(|value| Envelope::from_json(&value)).map(Content::Envelope)
            }
            _ => bundle::parse(&bytes).map(Content::Envelope),
        };
        read.unwrap_or_else(Content::Unreadable)
    }
}

/// A layer of a manifest: where one signature is two layers of the same bytes, annotations tell them apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    #[serde(default)]
    media_type: String,
    digest: Digest,
    size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    layers: Vec<Layer>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// Reads what is attached to the manifest `subject` of the repository at `path`: what refers to it, and the tags of
/// cosign's older form.
///
/// Something that is malformed, too large or about something else is told as [`Content::Unreadable`], so that nobody who
/// may attach can hide the rest. Fails with [`Kind::Refused`] where there is more than can be read, and with
/// [`Kind::Registry`].
pub async fn collect(registry: &Registry, path: &str, subject: &Digest) -> Result<Collected> {
    let mut reader = Reader { registry, path, subject, left: MAX_ALL, attached: Vec::new() };
    let may_be = |listed: &Descriptor| {
        let kind = listed.artifact_type.as_deref().unwrap_or(EMPTY);
        kind == EMPTY || kind == IN_TOTO || kind == DSSE || bundle::is_bundle(kind)
    };
    let mut listed = registry.referrers(path, subject).await?;
    listed.retain(may_be);
    if listed.len() > MAX_ARTIFACTS {
        return Err(reader.too_much(&format!("more than {MAX_ARTIFACTS} statements are attached")));
    }
    let manifests = listed.iter().map(|one| registry.manifest(path, one.digest.as_str()));
    // Each goes as soon as it was read: one may have some MB, and mean nothing.
    let mut manifests = stream::iter(manifests).buffered(AT_ONCE);
    for one in &listed {
        match manifests.next().await {
            Some(Ok(manifest)) => reader.referrer(&one.digest, manifest).await?,
            Some(Err(error)) if Mismatch::of(&error).is_some() => {
                let why = format!("its bytes are not those of {}", one.digest);
                reader.unreadable(&Place::Referrer(one.digest.clone()), None, why);
            }
            Some(Err(error)) => return Err(error),
            None => break,
        }
    }
    for ending in CLASSIC {
        let tag = format!("sha256-{}.{ending}", subject.hex());
        if let Some(manifest) = registry.manifest(path, &tag).await? {
            reader.layers(&Place::Tag(tag), &manifest).await?;
        }
    }
    Ok(Collected { subject: subject.clone(), attached: reader.attached })
}

struct Reader<'a> {
    registry: &'a Registry,
    path: &'a str,
    subject: &'a Digest,
    /// How many bytes may still be read.
    left: u64,
    attached: Vec<Attached>,
}

impl Reader<'_> {
    async fn referrer(&mut self, digest: &Digest, manifest: Option<Manifest>) -> Result<()> {
        let place = Place::Referrer(digest.clone());
        let Some(manifest) = manifest else {
            self.unreadable(&place, None, "it is listed, and is not there");
            return Ok(());
        };
        // Its words are kept, for messages.
        self.charge(u64::try_from(manifest.bytes.len()).unwrap_or(u64::MAX))?;
        match manifest.subject() {
            Ok(Some(subject)) if subject.digest == *self.subject => self.layers(&place, &manifest).await,
            Ok(Some(subject)) => {
                let why = format!("it is listed here, and refers to {}", subject.digest);
                self.unreadable(&place, claims(&manifest), why);
                Ok(())
            }
            Ok(None) => {
                self.unreadable(&place, claims(&manifest), "it is listed here, and refers to nothing");
                Ok(())
            }
            Err(error) => {
                self.unreadable(&place, None, error.message());
                Ok(())
            }
        }
    }

    /// Reads those layers that hold a statement or a signature.
    async fn layers(&mut self, place: &Place, manifest: &Manifest) -> Result<()> {
        let artifact: Artifact = match serde_json::from_slice(&manifest.bytes) {
            Ok(artifact) => artifact,
            Err(cause) => {
                self.unreadable(place, None, format!("its manifest is malformed ({cause})"));
                return Ok(());
            }
        };
        let is_ours = |layer: &&Layer| {
            let kind = layer.media_type.as_str();
            [IN_TOTO, DSSE, SIMPLE_SIGNING].contains(&kind) || bundle::is_bundle(kind)
        };
        let layers: Vec<&Layer> = artifact.layers.iter().filter(is_ours).collect();
        if layers.len() > MAX_LAYERS {
            self.unreadable(place, claims(manifest), format!("it holds more than {MAX_LAYERS} statements"));
            return Ok(());
        }
        for layer in layers {
            let claims = claim(&layer.annotations).or_else(|| claim(&artifact.annotations));
            let claims =
                claims.or_else(|| (layer.media_type == SIMPLE_SIGNING).then_some(Predicate::Signature));
            let content = self.content(layer).await?;
            self.attached.push(Attached { place: place.clone(), claims, content });
        }
        Ok(())
    }

    async fn content(&mut self, layer: &Layer) -> Result<Content> {
        if layer.size > MAX_ONE {
            let why = format!("it has {} bytes, and at most {MAX_ONE} are read", layer.size);
            return Ok(Content::Unreadable(why));
        }
        self.charge(layer.size)?;
        let bytes = match self.bytes(layer).await? {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Content::Unreadable(why)),
        };
        Ok(Content::read(&layer.media_type, bytes, layer.annotations.get(SIGNATURE).map(String::as_str)))
    }

    /// The bytes of a layer, or why they are not what its manifest says. An error is one of the way there.
    async fn bytes(&self, layer: &Layer) -> Result<Result<Vec<u8>, String>> {
        let blob = Descriptor::new(layer.media_type.clone(), layer.digest.clone(), layer.size);
        let mut stream = match self.registry.blob_stream(self.path, &blob, 0).await {
            Ok(stream) => stream,
            Err(error) => {
                return match self.registry.has_blob(self.path, &layer.digest).await {
                    Ok(false) => Ok(Err(format!("its bytes, {}, are not there", layer.digest))),
                    _ => Err(error),
                };
            }
        };
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece),
                // Others, or more or fewer than whoever attached it says.
                Err(error) if Mismatch::of(&error).is_some() => {
                    return Ok(Err(format!("its bytes are not those of {}", layer.digest)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(bytes))
    }

    /// Counts bytes that are held in memory.
    fn charge(&mut self, bytes: u64) -> Result<()> {
        let left = self.left.checked_sub(bytes);
        self.left =
            left.ok_or_else(|| self.too_much(&format!("what is attached is larger than {MAX_ALL} bytes")))?;
        Ok(())
    }

    fn unreadable(&mut self, place: &Place, claims: Option<Predicate>, why: impl Into<String>) {
        let content = Content::Unreadable(why.into());
        self.attached.push(Attached { place: place.clone(), claims, content });
    }

    fn too_much(&self, why: &str) -> Error {
        let name = format!("{}/{}@{}", self.registry.host(), self.path, self.subject);
        Error::new(Kind::Refused, format!("the evidence of {name} was not read: {why}"))
            .hint("somebody who may push there attached it: delete what is not yours, and run again")
    }
}

/// What a manifest says of what it holds.
fn claims(manifest: &Manifest) -> Option<Predicate> {
    let artifact: Artifact = serde_json::from_slice(&manifest.bytes).ok()?;
    claim(&artifact.annotations)
}

fn claim(annotations: &BTreeMap<String, String>) -> Option<Predicate> {
    // The one of cosign's older form.
    let keys = [BUNDLE_PREDICATE_TYPE, PREDICATE_TYPE, "predicateType"];
    let uri = keys.iter().find_map(|key| annotations.get(*key))?;
    // It may be anything, and stands beside each of many layers.
    (uri.len() <= MAX_TYPE).then(|| Predicate::of(uri))
}
