//! The order of publishing: the unique tag first, then versions, then moving tags, `latest` last.
//!
//! Tags of one kind are put at once. Nothing of the next kind is touched before all of the one before are read back.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::channel::{Channel, Published, PublishedTag};
use super::place::{self, Placed};
use super::readback::Expected;
use super::upload;
use crate::engine::Image;
use crate::error::{Error, Kind, Result};
use crate::image::{Digest, label};
use crate::plan::{Plan, PlannedTag, Promise};
use crate::registry::Manifest;
use crate::smoke::VerifiedImage;

/// How long a version tag that was put is left before the last look at it, at least and at most. Another run may have
/// looked before this one's put and put its own after it; that takes it about as long as it took us.
const SETTLE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));

/// Publishes the plan's tags on the image that was tested.
///
/// `attach` is called with the image's manifest once it is in the registry, before any version or moving tag is set; where
/// it fails, none is.
///
/// Whatever the error, every tag that moved was told as an event and noted in the journal before it did. Errors are
/// of kind `Registry`, or `Refused` where a tag holds other content.
pub async fn publish(
    image: &VerifiedImage,
    plan: &Plan,
    channel: &Channel<'_>,
    attach: impl AsyncFnOnce(&Manifest) -> Result<()>,
) -> Result<Published> {
    let engine = channel.keeper.engine();
    let tested = engine.require_image(image.id().as_str()).await?;
    development(&tested, plan)?;
    let mut expected = Expected::of(tested);
    let mut tags = Vec::new();
    let published = phases(image, plan, channel, attach, &mut expected, &mut tags).await;
    let manifest = published.map_err(|error| named(error, plan, &tags))?;
    match expected.config {
        Some(config_digest) => Ok(Published { digest: manifest.digest, config_digest, tags }),
        None => Err(Error::new(Kind::Internal, "the plan names no tag")),
    }
}

/// A development image is none of a registry that takes releases, whatever its tag says.
fn development(tested: &Image, plan: &Plan) -> Result<()> {
    if plan.development || tested.labels.get(label::DEV).is_none_or(|dev| dev != "true") {
        return Ok(());
    }
    let message = format!(
        "the image {} is a development image (label {}), which {} does not take",
        tested.id,
        label::DEV,
        plan.repository
    );
    Err(Error::new(Kind::Refused, message).hint("`imgbuild ci` in a CI makes images that may be published"))
}

async fn phases(
    image: &VerifiedImage,
    plan: &Plan,
    channel: &Channel<'_>,
    attach: impl AsyncFnOnce(&Manifest) -> Result<()>,
    expected: &mut Expected,
    tags: &mut Vec<PublishedTag>,
) -> Result<Manifest> {
    let (unique, rest): (Vec<_>, Vec<_>) =
        plan.tags.iter().partition(|planned| planned.promise == Promise::Unique && plan.adopts.is_none());
    let manifest = match (&plan.adopts, unique.first()) {
        (Some(adopted), _) => adopt(plan, &adopted.digest, channel, expected).await?,
        (None, Some(planned)) => {
            let (tag, manifest) = upload::upload(image, plan, planned, channel, expected).await?;
            tags.push(tag);
            manifest
        }
        (None, None) => return Err(Error::new(Kind::Internal, "the plan has no unique tag")),
    };
    attach(&manifest).await?;
    for phase in rest.chunk_by(|a, b| a.promise == b.promise) {
        let all = join_all(phase.iter().map(|planned| place::place(&manifest, plan, planned, channel))).await;
        let mut placed: Vec<(&PlannedTag, Placed)> = Vec::new();
        // One that failed does not make the others any less published.
        let mut failure = None;
        for (planned, outcome) in phase.iter().zip(all) {
            match outcome {
                Ok(one) => {
                    tags.push(one.tag.clone());
                    placed.push((planned, one));
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        settle(&manifest, plan, &placed, channel).await?;
    }
    // What is for ever is looked at once more at the very end.
    for planned in plan.tags.iter().filter(|planned| planned.promise.is_fixed()) {
        place::still_there(&manifest, plan, planned, channel).await?;
    }
    Ok(manifest)
}

/// The manifest of an image that is in the registry already, which must be of what was tested.
async fn adopt(
    plan: &Plan,
    digest: &Digest,
    channel: &Channel<'_>,
    expected: &mut Expected,
) -> Result<Manifest> {
    let reference = format!("{}@{digest}", plan.repository);
    let Some(manifest) = channel.registry.manifest(plan.repository.path(), digest.as_str()).await? else {
        let message = format!("{reference} was there when the plan was made, and is gone now");
        return Err(Error::new(Kind::Registry, message)
            .hint("somebody deleted it, or cleaned up the registry: run again, and it is built anew"));
    };
    expected.judge(channel.keeper.engine(), &manifest, &reference).await?;
    Ok(manifest)
}

/// Waits until another run that put one of the versions at the same moment is done with it, and looks whose stayed:
/// nothing moves towards an image that is not the version's.
async fn settle(
    manifest: &Manifest,
    plan: &Plan,
    placed: &[(&PlannedTag, Placed)],
    channel: &Channel<'_>,
) -> Result<()> {
    let versions: Vec<_> = placed.iter().filter(|(planned, _)| planned.promise == Promise::Version).collect();
    let put = versions.iter().filter_map(|(_, placed)| placed.put.as_ref());
    // Nothing was put, so nobody can have put something over it at the same moment.
    let Some(last) = put.clone().map(|put| put.at).max() else { return Ok(()) };
    let took = put.map(|put| put.took).max().unwrap_or_default();
    let settled: Instant = last + took.saturating_mul(2).clamp(SETTLE.0, SETTLE.1);
    tokio::time::sleep_until(settled.into()).await;
    for (planned, _) in versions {
        place::still_there(manifest, plan, planned, channel).await?;
    }
    Ok(())
}

/// Names the tags that were published before the failure, and what a new run would do about the rest.
fn named(error: Error, plan: &Plan, tags: &[PublishedTag]) -> Error {
    if tags.is_empty() {
        return error.hint("no tag was moved before this one");
    }
    let moved: Vec<&str> = tags.iter().map(|tag| tag.reference.as_str()).collect();
    let error = error.hint(format!("published before the failure: {}", moved.join(", ")));
    if error.kind() != Kind::Registry {
        return error;
    }
    if plan.tags.iter().any(|planned| planned.promise == Promise::Version) {
        error.hint("running again adopts this image and completes the rest")
    } else {
        error.hint("running again completes the rest, on an image of its own")
    }
}
