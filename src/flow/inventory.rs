//! What an image of the engine's holds, read once a run for whoever asks.

use std::sync::Arc;

use super::judging::Judging;
use super::session::Session;
use crate::config::Settings;
use crate::engine::Engine;
use crate::error::Result;
use crate::inventory::{Inventory, of_export};
use crate::rules::Fact;

/// Reads the layers of the engine's image `id`, and has the rules judge them, which call it `reference`; or says there why
/// they are not read.
pub(super) async fn judge_layers(
    session: &Session,
    settings: &Settings,
    engine: &Engine,
    id: &str,
    reference: &str,
    judging: &mut Judging,
) -> Result<Option<Arc<Inventory>>> {
    if !settings.checks.read_layers.value {
        judging.layers(reference, Fact::Missing("`checks.read-layers` is false".to_owned()));
        return Ok(None);
    }
    if !judging.asks_for_layers() {
        judging.layers(reference, Fact::Missing("every rule on files of the image is off".to_owned()));
        return Ok(None);
    }
    let inventory = read(session, engine, id).await?;
    judging.layers(reference, Fact::Known(inventory.files.clone()));
    Ok(Some(inventory))
}

/// Reads the layers of the engine's image `id`, and says what of them was left out.
pub(super) async fn read(session: &Session, engine: &Engine, id: &str) -> Result<Arc<Inventory>> {
    let inventory = of_export(engine, id).await.map_err(|error| {
        error.hint(
            "`checks.read-layers = false` leaves out what needs the layers, the rules on files of the image",
        )
    })?;
    if let Some(first) = inventory.notes.first() {
        let more = match inventory.notes.len() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        session.events.note(format!("the layers of the image were not read in full: {first}{more}"));
    }
    Ok(Arc::new(inventory))
}
