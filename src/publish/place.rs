//! One further tag: the manifest that is in the registry already, put under another name.

use std::time::{Duration, Instant};

use super::channel::{PublishedTag, Way};
use crate::engine::Record;
use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::image::Digest;
use crate::plan::PlannedTag;
use crate::registry::Manifest;

/// A tag that holds the manifest.
pub(super) struct Placed {
    pub(super) tag: PublishedTag,
    /// `None` where it held the manifest before.
    pub(super) put: Option<PutTime>,
}

/// When a tag was put.
pub(super) struct PutTime {
    /// When the registry had answered.
    pub(super) at: Instant,
    /// How long it took from the look at what is there to the answer.
    pub(super) took: Duration,
}

/// Puts `manifest` under a tag, unless it is there; looks before, and reads back after.
pub(super) async fn place(manifest: &Manifest, planned: &PlannedTag, way: Way<'_>) -> Result<Placed> {
    let reference = way.reference(planned);
    let (path, tag) = (way.repository.path(), planned.tag.as_str());
    let looked = Instant::now();
    let before = way.registry.manifest(path, tag).await?.map(|found| found.digest);
    let published = |before, put| Placed { tag: way.published(&reference, &manifest.digest, before), put };
    if before.as_ref() == Some(&manifest.digest) {
        return Ok(published(before, None));
    }
    if let Some(found) = &before {
        // Somebody was faster since the plan was made.
        if planned.promise.is_fixed() {
            return Err(other_content(&reference, found, &manifest.digest));
        }
        // It may be newer than ours by now: the plan judged what was there before the build.
        if before != planned.now {
            return Err(moved_meanwhile(planned, found, &reference));
        }
    }
    way.note(Record::TagMoving {
        reference: reference.clone(),
        before: before.as_ref().map(Digest::to_string),
        digest: Some(manifest.digest.to_string()),
    })?;
    way.events.emit(Event::TagPushing {
        reference: reference.clone(),
        before: before.as_ref().map(Digest::to_string),
    });
    let put = way.registry.move_tag(path, tag, manifest, before.as_ref()).await?;
    if put.settled {
        way.events.note(format!("the registry's answer for {reference} was lost, and it has the tag"));
    }
    let put = PutTime { at: Instant::now(), took: looked.elapsed() };
    still_there(manifest, planned, way).await?;
    way.note(Record::TagMoved { reference: reference.clone(), digest: manifest.digest.to_string() })?;
    Ok(published(before, Some(put)))
}

/// Reads the tag by GET and compares the digest of the bytes.
pub(super) async fn still_there(manifest: &Manifest, planned: &PlannedTag, way: Way<'_>) -> Result<()> {
    let reference = way.reference(planned);
    match way.registry.manifest(way.repository.path(), planned.tag.as_str()).await? {
        Some(found) if found.digest == manifest.digest => Ok(()),
        Some(found) => Err(other_content(&reference, &found.digest, &manifest.digest)),
        None => {
            Err(Error::new(Kind::Registry, format!("{reference} was put, and the registry does not have it"))
                .hint("somebody deleted it at that moment, or the registry loses what it takes: run again"))
        }
    }
}

fn other_content(reference: &str, found: &Digest, ours: &Digest) -> Error {
    Error::new(
        Kind::Refused,
        format!("{reference} holds other content than what was tested: {found}, not {ours}"),
    )
    .hint(
        "another run published this tag at the same time, and its image stays: this run's is not that tag's",
    )
}

fn moved_meanwhile(planned: &PlannedTag, found: &Digest, reference: &str) -> Error {
    let was = planned.now.as_ref().map_or_else(|| "nothing".to_owned(), Digest::to_string);
    Error::new(
        Kind::Refused,
        format!(
            "{reference} was moved by somebody else since this run looked: it was {was}, and is {found} now"
        ),
    )
    .hint("run again: what is there now may be newer than this image, and a new plan takes it into account")
}
