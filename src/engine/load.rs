//! Images that are given to the engine as archives.

use std::time::Duration;

use http::Method;

use crate::error::Result;

use super::client::Engine;
use super::fault::Fault;
use super::push::StatusLines;
use super::upload::Upload;
use super::wire::within;

/// The whole of a load, which lasts as long as its archive takes to come: whoever sends that has limits of their own.
const LOAD: Duration = Duration::from_secs(6 * 60 * 60);

impl Engine {
    /// Loads the images of an archive in the form of `docker save`, with the names that it gives them. One that breaks off
    /// leaves nothing.
    pub(super) async fn load_images(&self, archive: Upload) -> Result<()> {
        let query = [("quiet", "1".to_owned())];
        let loaded = within(LOAD, async {
            let mut post = self.wire.request(Method::POST, "/images/load", &query, archive)?;
            let kind = http::HeaderValue::from_static("application/x-tar");
            post.headers_mut().insert(http::header::CONTENT_TYPE, kind);
            let mut reply = self.wire.send(post).await?;
            let mut lines = StatusLines::default();
            while let Some(chunk) = reply.chunk().await? {
                lines.push(&chunk);
            }
            match lines.error() {
                Some(message) => Err(Fault::Refused { status: 500, message: message.to_owned() }),
                None if lines.is_open() => Err(Fault::Lost("its answer ended in the middle".to_owned())),
                None => Ok(()),
            }
        });
        loaded.await.map_err(|fault| self.told(fault, "load the image that was built"))
    }
}
