//! The messages of `POST /build`, decoded leniently: a JSON object each, of which one key says what it is.

use serde::Deserialize;

use super::json_frames::{Frame, JsonFrames};

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    /// Text of the builder's or of a RUN's, cut anywhere, with its line ends.
    Text(String),
    /// The id of a finished stage; the last one is the result.
    Result(String),
    /// Status of a pull: a line without line end.
    Status(String),
    /// The build failed.
    Failed {
        /// The exit code of a RUN, 0 where the engine gives none.
        code: i64,
        /// The engine's words.
        text: String,
    },
    /// A message too large to be read.
    Oversized(u64),
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Raw {
    stream: Option<String>,
    aux: Option<serde_json::Value>,
    status: Option<String>,
    id: Option<String>,
    #[serde(rename = "progressDetail")]
    progress: Option<serde_json::Value>,
    error: Option<String>,
    #[serde(rename = "errorDetail")]
    detail: Option<Detail>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Detail {
    code: Option<i64>,
    message: Option<String>,
}

/// Decodes the stream, cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Messages {
    frames: JsonFrames,
}

impl Messages {
    /// Takes the next bytes and gives every message that ends in them.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Message> {
        let mut all = Vec::new();
        self.frames.push(bytes, |frame| all.extend(message(frame)));
        all
    }
}

fn message(frame: Frame) -> Option<Message> {
    let text = match frame {
        Frame::Whole(text) => text,
        // An error that quotes megabytes of a command is still the error.
        Frame::Cut { head, .. }
            if head.starts_with(b"{\"errorDetail\"") || head.starts_with(b"{\"error\"") =>
        {
            return Some(Message::Failed { code: 0, text: String::from_utf8_lossy(&head).into_owned() });
        }
        Frame::Cut { length, .. } => return Some(Message::Oversized(length)),
    };
    let raw: Raw = match serde_json::from_slice(&text) {
        Ok(raw) => raw,
        // Something new, which is no reason to end a build; without a result it fails in the end anyhow.
        Err(_) => return Some(Message::Status(String::from_utf8_lossy(&text).into_owned())),
    };
    let detail = raw.detail.unwrap_or_default();
    if raw.error.is_some() || detail.message.is_some() {
        let text = detail.message.filter(|m| !m.is_empty()).or(raw.error).unwrap_or_default();
        return Some(Message::Failed { code: detail.code.unwrap_or(0), text });
    }
    if let Some(id) = raw.aux.as_ref().and_then(|aux| aux.get("ID")?.as_str()) {
        return Some(Message::Result(id.to_owned()));
    }
    if let Some(text) = raw.stream {
        return Some(Message::Text(text));
    }
    let status = raw.status.filter(|s| !s.is_empty())?;
    let moving = raw.progress.is_some_and(|p| p.get("current").is_some());
    let waiting = matches!(status.as_str(), "Downloading" | "Extracting" | "Waiting" | "Verifying Checksum");
    (!moving && !waiting).then(|| match raw.id {
        Some(id) if !id.is_empty() => Message::Status(format!("{id}: {status}")),
        _ => Message::Status(status),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<Message> {
        Messages::default().push(text.as_bytes())
    }

    #[test]
    fn each_kind() {
        assert_eq!(read(r#"{"stream":"a\nb"}"#), [Message::Text("a\nb".into())]);
        assert_eq!(read(r#"{"aux":{"ID":"sha256:ab"}}"#), [Message::Result("sha256:ab".into())]);
        assert_eq!(read(r#"{"aux":"base64 of buildkit"}"#), []);
        assert_eq!(
            read(r#"{"errorDetail":{"code":3,"message":"m"},"error":"m"}{"error":"old"}"#),
            [Message::Failed { code: 3, text: "m".into() }, Message::Failed { code: 0, text: "old".into() }]
        );
        assert_eq!(
            read(r#"{"status":"Pull complete","progressDetail":{},"id":"l"}"#),
            [Message::Status("l: Pull complete".into())]
        );
        assert_eq!(read(r#"{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"l"}"#), []);
        assert_eq!(read(r#"{"stream":5}"#), [Message::Status(r#"{"stream":5}"#.into())]);
    }

    #[test]
    fn a_huge_message_is_skipped_and_a_huge_error_is_an_error() {
        let huge = "x".repeat(3 << 20);
        let text =
            format!(r#"{{"stream":"{huge}"}}{{"stream":"y"}}{{"errorDetail":{{"message":"{huge}"}}}}"#);
        let got = read(&text);
        assert!(matches!(got[0], Message::Oversized(n) if n > 3 << 20), "{:?}", got[0]);
        assert_eq!(got[1], Message::Text("y".into()));
        assert!(matches!(got[2], Message::Failed { .. }));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            Messages::default().push(&bytes);
        }
    }
}
