//! The order of tags: versions first, then moving tags, `latest` last.
//!
//! Tags of one kind are put at once. Nothing of the next kind is touched before all of the one before are read back.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::channel::{PublishedTag, Way};
use super::place::{self, Placed};
use crate::error::Result;
use crate::plan::{PlannedTag, Promise};
use crate::registry::Manifest;

/// How long a version tag that was put is left before the last look at it, at least and at most. Another run may have
/// looked before this one's put and put its own after it; that takes it about as long as it took us.
const SETTLE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(3));

/// Puts the tags, which are in the order of their promises, on a manifest that is in the repository. Into `tags` comes
/// each that was, whatever becomes of the rest.
pub(super) async fn in_phases(
    manifest: &Manifest,
    planned: &[&PlannedTag],
    way: Way<'_>,
    tags: &mut Vec<PublishedTag>,
) -> Result<()> {
    for phase in planned.chunk_by(|a, b| a.promise == b.promise) {
        let all = join_all(phase.iter().map(|planned| place::place(manifest, planned, way))).await;
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
        settle(manifest, &placed, way).await?;
    }
    Ok(())
}

/// Waits until another run that put one of the versions at the same moment is done with it, and looks whose stayed:
/// nothing moves towards an image that is not the version's.
async fn settle(manifest: &Manifest, placed: &[(&PlannedTag, Placed)], way: Way<'_>) -> Result<()> {
    let versions: Vec<_> = placed.iter().filter(|(planned, _)| planned.promise == Promise::Version).collect();
    let put = versions.iter().filter_map(|(_, placed)| placed.put.as_ref());
    // Nothing was put, so nobody can have put something over it at the same moment.
    let Some(last) = put.clone().map(|put| put.at).max() else { return Ok(()) };
    let took = put.map(|put| put.took).max().unwrap_or_default();
    let settled: Instant = last + took.saturating_mul(2).clamp(SETTLE.0, SETTLE.1);
    tokio::time::sleep_until(settled.into()).await;
    for (planned, _) in versions {
        place::still_there(manifest, planned, way).await?;
    }
    Ok(())
}
