//! The engine's own record of what happened, which proves that a container was started.

use std::collections::BTreeMap;

use http::Method;
use serde_json::json;

use crate::error::Result;

use super::client::{CALL, Engine};
use super::fault::Fault;
use super::inspect::answer;
use super::json_frames::{Frame, JsonFrames};
use super::wire::{Plain, within};

/// Something that happened on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    /// `container`, `image`, `network`, `volume`.
    pub kind: String,
    /// `start`, `die`, `push`; `health_status: healthy`.
    pub action: String,
    /// The id of the thing.
    pub id: String,
    /// Labels of a container, and `image`, `name`, `exitCode`.
    pub attributes: BTreeMap<String, String>,
    /// Unix nanoseconds by the engine's clock.
    pub time_nanos: i64,
}

answer! { struct Raw {
    kind: String = "Type",
    action: String = "Action",
    actor: Actor = "Actor",
    time: i64 = "timeNano",
} }
answer! { struct Actor {
    id: String = "ID",
    attributes: BTreeMap<String, String> = "Attributes",
} }

impl Engine {
    /// What happened from `since` to `until` (unix seconds by the engine's clock), in order; `until` in the past, or
    /// the call waits for it. `kinds` and `actions` narrow it down where they are not empty. The engine keeps the last
    /// 256 events only.
    pub async fn events_between(
        &self,
        since: i64,
        until: i64,
        kinds: &[&str],
        actions: &[&str],
    ) -> Result<Vec<EngineEvent>> {
        let mut filters = serde_json::Map::new();
        for (key, values) in [("type", kinds), ("event", actions)] {
            if !values.is_empty() {
                filters.insert(key.to_owned(), json!(values));
            }
        }
        let query = [
            ("since", since.to_string()),
            ("until", until.to_string()),
            ("filters", serde_json::Value::Object(filters).to_string()),
        ];
        let read = async {
            let mut reply =
                self.wire.send(self.wire.request(Method::GET, "/events", &query, Plain::default())?).await?;
            let (mut frames, mut all) = (JsonFrames::default(), Vec::new());
            while let Some(chunk) = reply.chunk().await? {
                frames.push(&chunk, |frame| all.extend(event(frame)));
            }
            Ok::<_, Fault>(all)
        };
        within(CALL, read).await.map_err(|fault| self.told(fault, "read the engine's events"))
    }
}

fn event(frame: Frame) -> Option<EngineEvent> {
    let Frame::Whole(text) = frame else { return None };
    let raw: Raw = serde_json::from_slice(&text).ok()?;
    Some(EngineEvent {
        kind: raw.kind,
        action: raw.action,
        id: raw.actor.id,
        attributes: raw.actor.attributes,
        time_nanos: raw.time,
    })
}
