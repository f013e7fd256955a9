//! The tags of what is promoted, on the manifest that was copied.

use super::channel::{PublishedTag, Way};
use super::phases::in_phases;
use super::place;
use crate::error::{Error, Kind, Result};
use crate::plan::PlannedTag;
use crate::promotion::Promotion;
use crate::registry::Manifest;

/// Sets the tags of a promotion on `manifest`, which is at its target by digest: the version, then what moves, `latest`
/// last.
///
/// Whatever the error, every tag that moved was told as an event. Errors are of kind `Registry`, or `Refused` where a tag
/// holds other content.
pub async fn promote(promotion: &Promotion, manifest: &Manifest, way: Way<'_>) -> Result<Vec<PublishedTag>> {
    if manifest.digest != *promotion.digest() || way.repository != promotion.target() {
        return Err(Error::new(Kind::Internal, "a promotion was decided for something else"));
    }
    let mut tags = Vec::new();
    match set(promotion, manifest, way, &mut tags).await {
        Ok(()) => Ok(tags),
        Err(error) => Err(named(error, &tags)),
    }
}

async fn set(
    promotion: &Promotion,
    manifest: &Manifest,
    way: Way<'_>,
    tags: &mut Vec<PublishedTag>,
) -> Result<()> {
    let planned: Vec<&PlannedTag> = promotion.tags().iter().collect();
    in_phases(manifest, &planned, way, tags).await?;
    // What is for ever is looked at once more at the very end.
    for planned in planned.into_iter().filter(|planned| planned.promise.is_fixed()) {
        place::still_there(manifest, planned, way).await?;
    }
    Ok(())
}

/// Names the tags that were set before the failure.
fn named(error: Error, tags: &[PublishedTag]) -> Error {
    let error = match tags {
        [] => error.hint("no tag was moved before this one"),
        tags => {
            let moved: Vec<&str> = tags.iter().map(|tag| tag.reference.as_str()).collect();
            error.hint(format!("set before the failure: {}", moved.join(", ")))
        }
    };
    if error.kind() == Kind::Registry { error.hint("promoting it again completes the rest") } else { error }
}
