//! Pushing through the engine, and what registries' refusals mean.

use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Notify;

use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events};
use crate::image::Digest;

use super::build_request::AuthEntry;
use super::client::Engine;
use super::fault::{cap, seconds, with_space_hint};
use super::images::image_path;
use super::json_frames::{Frame, JsonFrames};
use super::wire::within;

/// What the engine said of a push that it calls done. It is a claim: the registry is asked what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushOutcome {
    /// The manifest's digest according to the engine, where it said one.
    pub claimed: Option<Digest>,
}

/// How long a push may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushLimits {
    /// The longest silence between two messages.
    pub idle: Duration,
    /// The whole.
    pub total: Duration,
}

/// What the engine's status says while it waits to send a layer again. It does not say what stopped the layer, and it
/// does so even after a 403, for 50 s.
const RETRYING: &str = "Retrying in ";

impl Engine {
    /// Pushes `repository:tag` as the engine has it. `retrying` is told each time the engine says that it will try a
    /// layer again. Dropping the future ends the push on the engine.
    pub async fn push_image(
        &self,
        repository: &str,
        tag: &str,
        auth: Option<&AuthEntry>,
        limits: PushLimits,
        retrying: &Notify,
        events: &Events,
    ) -> Result<PushOutcome> {
        let what = format!("push {repository}:{tag}");
        let pushing = self.push_stream(repository, tag, auth, (limits.idle, &what), retrying, events);
        tokio::time::timeout(limits.total, pushing).await.unwrap_or_else(|_| {
            let total = seconds(limits.total);
            Err(Error::new(Kind::Registry, format!("cannot {what}: it took longer than {total}")))
        })
    }

    async fn push_stream(
        &self,
        repository: &str,
        tag: &str,
        auth: Option<&AuthEntry>,
        (idle, what): (Duration, &str),
        retrying: &Notify,
        events: &Events,
    ) -> Result<PushOutcome> {
        let query = [("tag", tag.to_owned())];
        // The engine wants the header even for an anonymous push.
        let headers = [("x-registry-auth", AuthEntry::header(auth))];
        let path = format!("{}/push", image_path(repository));
        let asked = within(idle, self.wire.post(&path, &query, &serde_json::Value::Null, &headers)).await;
        let mut reply = asked.map_err(|fault| match fault.status() {
            // What the registry said before the engine had anything to tell.
            Some(500..) => registry_error(what, fault.message()),
            _ => self.told(fault, what),
        })?;
        let mut lines = StatusLines::default();
        let silent = || {
            Error::new(Kind::Registry, format!("cannot {what}: nothing moved for {}", seconds(idle)))
                .hint("the registry, or something before it, hangs: an engine does not let go of such an upload by itself")
        };
        loop {
            let chunk = match tokio::time::timeout(idle, reply.chunk()).await {
                Err(_) => return Err(silent()),
                Ok(chunk) => chunk.map_err(|fault| self.told(fault, what))?,
            };
            let Some(chunk) = chunk else { break };
            for line in lines.push(&chunk) {
                if line.contains(RETRYING) {
                    retrying.notify_one();
                }
                events.log(Event::PushStatus { line }).await;
            }
            if let Some(message) = lines.error() {
                return Err(registry_error(what, message));
            }
        }
        if lines.is_open() {
            return Err(Error::new(
                Kind::Engine,
                format!("cannot {what}: the engine's answer ended in the middle"),
            ));
        }
        Ok(PushOutcome { claimed: lines.claimed() })
    }
}

/// The status messages of pulls and pushes, without their progress bars.
#[derive(Debug, Default)]
pub(super) struct StatusLines {
    frames: JsonFrames,
    error: Option<String>,
    claimed: Option<Digest>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    status: Option<String>,
    id: Option<String>,
    #[serde(rename = "progressDetail")]
    progress: Option<Progress>,
    error: Option<String>,
    aux: Option<serde_json::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Progress {
    current: Option<i64>,
}

impl StatusLines {
    /// Takes the next bytes and gives the lines worth showing.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut texts = Vec::new();
        self.frames.push(bytes, |frame| {
            if let Frame::Whole(text) = frame {
                texts.push(text);
            }
        });
        texts.iter().filter_map(|text| self.line(serde_json::from_slice(text).ok()?)).collect()
    }

    fn line(&mut self, said: Status) -> Option<String> {
        if let Some(error) = said.error {
            self.error.get_or_insert(error);
            return None;
        }
        if let Some(digest) = said.aux.as_ref().and_then(|aux| aux.get("Digest")?.as_str()) {
            self.claimed = digest.parse().ok();
        }
        let status = said.status.filter(|s| !s.is_empty())?;
        let waiting =
            matches!(status.as_str(), "Preparing" | "Waiting" | "Pushing" | "Downloading" | "Extracting");
        let moving = said.progress.is_some_and(|progress| progress.current.is_some());
        (!waiting && !moving).then(|| match said.id.filter(|id| !id.is_empty()) {
            Some(id) => cap(&format!("{id}: {status}")),
            None => cap(&status),
        })
    }

    pub(super) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    fn claimed(&self) -> Option<Digest> {
        self.claimed.clone()
    }

    /// Whether the engine's answer ended in the middle of a message.
    pub(super) fn is_open(&self) -> bool {
        self.frames.is_open()
    }
}

/// The error behind a message that the engine passes on from a registry; engines give no code with it.
pub(super) fn registry_error(what: &str, message: &str) -> Error {
    let message = message.trim();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let error = |kind| with_space_hint(Error::new(kind, format!("cannot {what}: {}", cap(message))), message);
    if says(&["does not exist locally", "tag does not exist", "No such image", "no space left on device"]) {
        return error(Kind::Engine);
    }
    let error = error(Kind::Registry);
    if says(&[
        "unauthorized",
        "authentication required",
        "no basic auth",
        "access denied",
        "denied",
        "forbidden",
        "insufficient_scope",
        "403",
        "401",
    ]) {
        error.hint("log in with an account that may (`docker login HOST`); in CI give the job write access to packages")
    } else if says(&["server gave HTTP response to HTTPS client"]) {
        error.hint("the engine speaks HTTPS to every registry that is not on loopback; give the registry TLS, or list it under insecure-registries of the engine")
    } else if says(&["x509"]) {
        error.hint("put the registry's CA into /etc/docker/certs.d/HOST/ca.crt on the engine's machine")
    } else if says(&["manifest unknown", "not found", "name unknown"]) {
        error.hint("check the name and the tag")
    } else if says(&["toomanyrequests", "429"]) {
        error.hint("the registry limits our rate: log in, or try again later")
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_left_out_and_the_digest_is_a_claim() {
        let mut lines = StatusLines::default();
        let said = br#"{"status":"The push refers to repository [x]"}
            {"status":"Preparing","progressDetail":{},"id":"a"}
            {"status":"Pushing","progressDetail":{"current":5,"total":9},"id":"a"}
            {"status":"Pushed","progressDetail":{},"id":"a"}
            {"progressDetail":{},"aux":{"Tag":"1","Digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","Size":5}}"#;
        assert_eq!(lines.push(said), ["The push refers to repository [x]", "a: Pushed"]);
        assert_eq!(lines.claimed(), Some(Digest::of(b"")));
        assert_eq!(lines.error(), None);
        lines.push(br#"{"errorDetail":{"message":"denied"},"error":"denied: no"}"#);
        assert_eq!(lines.error(), Some("denied: no"));
    }

    #[test]
    fn refusals_of_registries() {
        for (message, kind, hint) in [
            ("unauthorized: authentication required", Kind::Registry, "docker login"),
            ("denied: requested access to the resource is denied", Kind::Registry, "docker login"),
            ("dial tcp 127.0.0.1:1: connect: connection refused", Kind::Registry, ""),
            ("http: server gave HTTP response to HTTPS client", Kind::Registry, "insecure-registries"),
            ("An image does not exist locally with the tag: x", Kind::Engine, ""),
            ("write /x: no space left on device", Kind::Engine, "imgbuild clean"),
        ] {
            let error = registry_error("push x", message);
            assert_eq!(error.kind(), kind, "{message}");
            assert!(
                hint.is_empty() || error.hints().iter().any(|h| h.contains(hint)),
                "{message}: {:?}",
                error.hints()
            );
        }
    }
}
