//! Pulling through the engine.

use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events};
use crate::image::{Digest, Repository};

use super::build_request::AuthEntry;
use super::client::{CALL, Engine};
use super::push::{StatusLines, registry_error};
use super::wire::within;

/// An image that the engine pulled by the digest of its manifest. Made by [`Engine::pull_digest`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledImage {
    id: Digest,
    manifest: Digest,
}

impl PulledImage {
    /// The engine's id of the image.
    pub fn id(&self) -> &Digest {
        &self.id
    }

    /// The digest that it was pulled by; the engine checked what it received against it.
    pub fn manifest(&self) -> &Digest {
        &self.manifest
    }
}

impl Engine {
    /// Pulls the image of `repository` whose manifest has this `digest`, unless the engine has it.
    pub async fn pull_digest(
        &self,
        repository: &Repository,
        digest: &Digest,
        auth: Option<&AuthEntry>,
        idle: Duration,
        events: &Events,
    ) -> Result<PulledImage> {
        let name = format!("{}@{digest}", repository.familiar());
        let image = match self.inspect_image(&name).await? {
            Some(image) => image,
            None => {
                self.pull_image(&repository.familiar(), digest.as_str(), auth, idle, events).await?;
                self.require_image(&name).await?
            }
        };
        let id = image.id.parse().map_err(|cause| {
            Error::new(Kind::Engine, format!("the engine names an image by {:?}", image.id)).because(cause)
        })?;
        Ok(PulledImage { id, manifest: digest.clone() })
    }

    /// Pulls `repository` at a tag or `sha256:…` digest; what the engine says becomes events. `idle` bounds the
    /// silence between two messages.
    pub async fn pull_image(
        &self,
        repository: &str,
        tag_or_digest: &str,
        auth: Option<&AuthEntry>,
        idle: Duration,
        events: &Events,
    ) -> Result<()> {
        let query = [("fromImage", repository.to_owned()), ("tag", tag_or_digest.to_owned())];
        let between = if tag_or_digest.contains(':') { '@' } else { ':' };
        let what = format!("pull {repository}{between}{tag_or_digest}");
        let headers = [("x-registry-auth", AuthEntry::header(auth))];
        let mut lines = StatusLines::default();
        let outcome = within(
            idle.saturating_add(CALL),
            self.wire.post("/images/create", &query, &serde_json::Value::Null, &headers),
        )
        .await;
        let mut reply = match outcome {
            Ok(reply) => reply,
            // The engine tells a registry's refusal as its own error.
            Err(fault) if fault.status().is_some() => return Err(registry_error(&what, fault.message())),
            Err(fault) => return Err(self.told(fault, what)),
        };
        while let Some(chunk) = within(idle, reply.chunk()).await.map_err(|fault| self.told(fault, &what))? {
            for line in lines.push(&chunk) {
                events.log(Event::Note { text: line }).await;
            }
            if let Some(message) = lines.error() {
                return Err(registry_error(&what, message));
            }
        }
        Ok(())
    }
}
