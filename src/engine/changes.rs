//! What differs between a container's file system and its image.

use http::Method;

use crate::error::Result;

use super::client::{CALL, Engine};
use super::containers::short;
use super::fault::Fault;
use super::inspect::answer;
use super::json_frames::{Frame, JsonFrames};
use super::wire::{Plain, escape, within};

/// Entries that are kept: a container that writes without end has millions.
const MAX: usize = 20_000;

/// How a path differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Content, or rights, or for a folder something below it.
    Modified,
    /// The image does not have it.
    Added,
    /// The image has it.
    Deleted,
}

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// How.
    pub kind: ChangeKind,
    /// Absolute; volumes, tmpfs and other mounts are not looked into.
    pub path: String,
}

/// All paths that differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// In the engine's order, at most 20,000.
    pub list: Vec<Change>,
    /// There are more.
    pub cut: bool,
}

answer! { struct Row {
    path: String = "Path",
    kind: u8 = "Kind",
} }

impl Engine {
    /// What was written into the container so far, mounts left out.
    pub async fn changes(&self, id: &str) -> Result<Changes> {
        let read = async {
            let path = format!("/containers/{}/changes", escape(id));
            let mut reply =
                self.wire.send(self.wire.request(Method::GET, &path, &[], Plain::default())?).await?;
            // A list is read object by object; `null` has none.
            let (mut frames, mut changes) = (JsonFrames::default(), Changes::default());
            while let Some(chunk) = reply.chunk().await?
                && !changes.cut
            {
                frames.push(&chunk, |frame| changes.add(frame));
            }
            if frames.is_open() && !changes.cut {
                return Err(Fault::Garbled("a list that ends in the middle".to_owned()));
            }
            Ok(changes)
        };
        within(CALL, read)
            .await
            .map_err(|fault| self.told(fault, format!("list what container {} wrote", short(id))))
    }
}

impl Changes {
    fn add(&mut self, frame: Frame) {
        let row: Option<Row> = match frame {
            Frame::Whole(text) => serde_json::from_slice(&text).ok(),
            Frame::Cut { .. } => None,
        };
        let kind = row.as_ref().and_then(|row| match row.kind {
            0 => Some(ChangeKind::Modified),
            1 => Some(ChangeKind::Added),
            2 => Some(ChangeKind::Deleted),
            _ => None,
        });
        match (row, kind) {
            (Some(row), Some(kind)) if self.list.len() < MAX => {
                self.list.push(Change { kind, path: row.path });
            }
            _ => self.cut = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};
    use super::*;

    async fn changes(act: Act) -> Result<Changes> {
        let script = vec![("GET /v1.51/containers/c/changes", act)];
        Fake::engine(script).serves(async |engine| engine.changes("c").await).await
    }

    #[tokio::test]
    async fn kinds_and_null() {
        let list = r#"[{"Path":"/a","Kind":0},{"Path":"/a/b","Kind":1},{"Path":"/c","Kind":2}]"#;
        let all = changes(Act::Answer(200, list.into())).await.unwrap();
        let seen: Vec<_> = all.list.iter().map(|change| (change.kind, change.path.as_str())).collect();
        use ChangeKind::{Added, Deleted, Modified};
        assert_eq!(seen, [(Modified, "/a"), (Added, "/a/b"), (Deleted, "/c")]);
        assert!(!all.cut);
        assert_eq!(changes(Act::Answer(200, "null".into())).await.unwrap(), Changes::default());
        assert!(changes(Act::Answer(200, r#"[{"Path":"/a""#.into())).await.is_err());
        assert!(changes(Act::Answer(404, r#"{"message":"No such container: c"}"#.into())).await.is_err());
    }

    #[tokio::test]
    async fn a_list_without_end_is_cut() {
        let all = changes(Act::Flood(br#"{"Path":"/x","Kind":1},"#.repeat(100))).await.unwrap();
        assert_eq!((all.list.len(), all.cut), (MAX, true));
    }
}
