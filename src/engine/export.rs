//! An image as an archive, as the engine exports it.

use std::time::Duration;

use bytes::Bytes;
use http::Method;

use super::client::Engine;
use super::containers::short;
use super::images::image_path;
use super::wire::{Plain, Reply, within};
use crate::error::Result;

/// Before the first byte, and between two: engines pack up a layer before they send it.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// An export that is under way. Dropping it ends it.
pub struct Export<'a> {
    engine: &'a Engine,
    reply: Reply,
    what: String,
}

impl Engine {
    /// Begins to export the image `id`, with all of its layers.
    pub async fn export_image(&self, id: &str) -> Result<Export<'_>> {
        let what = format!("export image {}", short(id));
        let begun = within(IDLE, async {
            let path = format!("{}/get", image_path(id));
            self.wire.send(self.wire.request(Method::GET, &path, &[], Plain::default())?).await
        });
        let reply = begun.await.map_err(|fault| self.told(fault, &what))?;
        Ok(Export { engine: self, reply, what })
    }
}

impl Export<'_> {
    /// The next bytes of the archive; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let Export { engine, reply, what } = self;
        within(IDLE, reply.chunk()).await.map_err(|fault| engine.told(fault, what))
    }
}
