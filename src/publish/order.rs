//! Publishing what was built and tested: the unique tag first, through the engine, then every other on the same manifest.

use super::channel::{Channel, Published, PublishedTag};
use super::phases::in_phases;
use super::readback::Expected;
use super::{place, upload};
use crate::engine::Image;
use crate::error::{Error, Kind, Result};
use crate::image::{Digest, label};
use crate::plan::{Plan, Promise};
use crate::registry::Manifest;
use crate::smoke::VerifiedImage;

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
    let way = channel.way(&plan.repository);
    in_phases(&manifest, &rest, way, tags).await?;
    // What is for ever is looked at once more at the very end.
    for planned in plan.tags.iter().filter(|planned| planned.promise.is_fixed()) {
        place::still_there(&manifest, planned, way).await?;
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
