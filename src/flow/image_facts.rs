//! An image of the engine's, as rules judge it.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::error::Result;
use crate::rules::facts::{HistoryEntry, ImageFacts};
use crate::rules::{Expectations, Fact};

/// What rules judge of the image `id`, which findings call `reference`. `base_labels` are those of the image it was
/// made from, where somebody looked.
pub(super) async fn image_facts(
    engine: &Engine,
    id: &str,
    reference: &str,
    expectations: &Expectations,
    base_labels: Option<Fact<BTreeMap<String, String>>>,
) -> Result<ImageFacts> {
    let image = engine.require_image(id).await?;
    let steps = engine.image_history(id).await?;
    let entry = |step: crate::engine::ImageStep| HistoryEntry {
        created_by: step.created_by,
        empty_layer: step.size == 0,
    };
    Ok(ImageFacts {
        reference: reference.to_owned(),
        user: image.user,
        env: image.env,
        entrypoint: image.entrypoint,
        cmd: image.command,
        exposed_ports: image.exposed.into_iter().collect(),
        volumes: image.volumes.into_iter().collect(),
        working_dir: image.workdir,
        stop_signal: Some(image.stop_signal).filter(|signal| !signal.is_empty()),
        healthcheck: image.healthcheck.map(|healthcheck| healthcheck.test),
        labels: image.labels,
        base_labels,
        history: steps.into_iter().map(entry).collect(),
        size: image.size,
        layers: image.layers,
        expectations: expectations.clone(),
    })
}
