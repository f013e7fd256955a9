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

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};
    use super::*;
    use crate::error::Kind;

    const LINE: &str = "GET /v1.51/images/sha256:ab/get";

    async fn exported(act: Act) -> Result<Vec<u8>> {
        let read = async |engine: Engine| {
            let mut export = engine.export_image("sha256:ab").await?;
            let mut all = Vec::new();
            while let Some(piece) = export.chunk().await? {
                all.extend_from_slice(&piece);
            }
            Ok(all)
        };
        Fake::engine(vec![(LINE, act)]).serves(read).await
    }

    #[tokio::test]
    async fn an_archive_comes_in_pieces_and_to_its_end() {
        let pieces = vec![b"one".to_vec(), b"two".to_vec()];
        assert_eq!(exported(Act::Stream(pieces.clone())).await.unwrap(), b"onetwo");
        let broken = exported(Act::Broken(pieces)).await.unwrap_err();
        assert!(
            broken.kind() == Kind::Engine && broken.to_string().contains("export image sha256:ab"),
            "{broken}"
        );
        let refused =
            exported(Act::Answer(404, r#"{"message":"No such image: x"}"#.to_owned())).await.unwrap_err();
        assert!(refused.to_string().contains("No such image"), "{refused}");
    }
}
