//! The engine's own record of what happened, which proves that a container was started.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use http::Method;
use serde_json::json;

use crate::error::Result;

use super::client::{CALL, Engine};
use super::fault::Fault;
use super::inspect::answer;
use super::json_frames::{Frame, JsonFrames};
use super::wire::{Plain, Reply, within};

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

/// Events as they happen. Dropping it ends the connection.
pub struct Watch {
    engine: Engine,
    reply: Reply,
    frames: JsonFrames,
    /// Decoded and not yet given out.
    waiting: VecDeque<EngineEvent>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl Watch {
    /// The next event; `None` once the engine ends the stream. It waits without a limit of its own, and nothing is lost
    /// where the future is dropped.
    pub async fn next(&mut self) -> Result<Option<EngineEvent>> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(Some(event));
            }
            let chunk = self
                .reply
                .chunk()
                .await
                .map_err(|fault| self.engine.told(fault, "follow the engine's events"))?;
            let Some(chunk) = chunk else { return Ok(None) };
            self.frames.push(&chunk, |frame| self.waiting.extend(event(frame)));
        }
    }
}

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
        let query = [
            ("since", since.to_string()),
            ("until", until.to_string()),
            ("filters", filters(&[("type", &owned(kinds)), ("event", &owned(actions))])),
        ];
        let read = async {
            let mut reply = self.open_events(&query).await?;
            let (mut frames, mut all) = (JsonFrames::default(), Vec::new());
            while let Some(chunk) = reply.chunk().await? {
                frames.push(&chunk, |frame| all.extend(event(frame)));
            }
            Ok::<_, Fault>(all)
        };
        within(CALL, read).await.map_err(|fault| self.told(fault, "read the engine's events"))
    }

    /// Follows what happens from `since` on (unix seconds by the engine's clock), with what happened between then and
    /// now first. `kinds` narrows it down where it is not empty, and so do `labels` (`key` or `key=value`), which must
    /// all be there.
    pub async fn watch(&self, since: i64, kinds: &[&str], labels: &[String]) -> Result<Watch> {
        let filters = filters(&[("type", &owned(kinds)), ("label", labels)]);
        let query = [("since", since.to_string()), ("filters", filters)];
        let reply = within(CALL, self.open_events(&query))
            .await
            .map_err(|fault| self.told(fault, "follow the engine's events"))?;
        Ok(Watch { engine: self.clone(), reply, frames: JsonFrames::default(), waiting: VecDeque::new() })
    }

    async fn open_events(&self, query: &[(&str, String)]) -> Result<Reply, Fault> {
        self.wire.send(self.wire.request(Method::GET, "/events", query, Plain::default())?).await
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The `filters` parameter, without those that are empty.
fn filters(all: &[(&str, &[String])]) -> String {
    let used = all.iter().filter(|(_, values)| !values.is_empty());
    serde_json::Value::Object(used.map(|(key, values)| ((*key).to_owned(), json!(values))).collect())
        .to_string()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::{Act, Fake};

    #[tokio::test]
    async fn a_watch_loses_nothing_where_waiting_is_given_up() {
        let text = r#"{"Type":"container","Action":"start","Actor":{"ID":"a","Attributes":null},"timeNano":5}
            {"Type":"container","Action":"health_status: healthy","Actor":{"ID":"a"}}{"Type":"container","Action":"die","#;
        let end = r#""Actor":{"ID":"a","Attributes":{"exitCode":"3"}}}"#;
        let pieces = vec![text.as_bytes().to_vec(), end.as_bytes().to_vec()];
        let script = vec![(
            "GET /v1.51/events?since=7&filters=%7B%22label%22%3A%5B%22k%3Dv%22%5D%2C%22type%22%3A%5B%22container%22%5D%7D",
            Act::Silent(pieces),
        )];
        Fake::engine(script)
            .serves(async |engine| {
                let mut watch = engine.watch(7, &["container"], &["k=v".into()]).await.unwrap();
                let mut seen = Vec::new();
                while seen.len() < 3 {
                    let next = tokio::time::timeout(Duration::from_nanos(1), watch.next()).await;
                    seen.extend(next.ok().map(|event| event.unwrap().unwrap()));
                }
                let actions: Vec<&str> = seen.iter().map(|event| event.action.as_str()).collect();
                assert_eq!(actions, ["start", "health_status: healthy", "die"]);
                assert_eq!((seen[0].time_nanos, seen[2].attributes["exitCode"].as_str()), (5, "3"));
            })
            .await;
    }

    #[tokio::test]
    async fn a_watch_ends_with_the_stream_and_fails_with_the_connection() {
        let script = vec![
            ("GET /v1.51/events?since=1&filters=%7B%7D", Act::Stream(vec![b"{}".to_vec()])),
            ("GET /v1.51/events?since=2&filters=%7B%7D", Act::Broken(vec![b"{".to_vec()])),
        ];
        Fake::engine(script)
            .serves(async |engine| {
                let mut watch = engine.watch(1, &[], &[]).await.unwrap();
                assert!(watch.next().await.unwrap().is_some() && watch.next().await.unwrap().is_none());
                assert!(engine.watch(2, &[], &[]).await.unwrap().next().await.is_err());
            })
            .await;
    }
}
