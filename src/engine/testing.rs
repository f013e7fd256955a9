//! A fake engine on a Unix socket: HTTP/1.1 by hand, so that it can answer in ways no server would.
//!
//! It fails the test that used it if it was asked for something it had no answer for, or was not asked for what it had.

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use super::Engine;
use super::client::{EngineId, EngineInfo};
use super::endpoint::Endpoint;

/// An engine's description, for tests that need none.
pub(super) fn info() -> EngineInfo {
    EngineInfo {
        id: EngineId::new(&["test"]),
        name: "test".to_owned(),
        version: "1".to_owned(),
        api_version: "1.41".to_owned(),
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        containerd_store: false,
        podman: false,
        rootless: false,
        buildkit: false,
        driver: "overlay2".to_owned(),
        root: PathBuf::from("/var/lib/docker"),
        memory_bytes: 8 << 30,
        remote: false,
        clock: Some(1_000_000),
        insecure: Vec::new(),
    }
}

impl EngineInfo {
    /// [`info`], for the tests of other rooms.
    pub(crate) fn sample() -> EngineInfo {
        info()
    }
}

/// What happens to a connection once its request's head was read.
pub(super) enum Act {
    /// A whole answer with this status and body.
    Answer(u16, String),
    /// A chunked 200 of these pieces, ended properly.
    Stream(Vec<Vec<u8>>),
    /// As `Stream`, but the connection closes in the middle.
    Broken(Vec<Vec<u8>>),
    /// As `Stream`, but silent afterwards, with the connection open.
    Silent(Vec<Vec<u8>>),
    /// A chunked 200 of this piece again and again, as long as somebody reads.
    Flood(Vec<u8>),
    /// These bytes and the end of the connection.
    Raw(Vec<u8>),
    /// As `Answer`, sent before a byte of the request's body was read, which is never read.
    Early(u16, String),
}

/// A request's method and path with its query, and what to do. A path ends in `*` to match a beginning.
type Script = Vec<(&'static str, Act)>;

/// The engine.
pub(super) struct Fake {
    _dir: tempfile::TempDir,
    path: PathBuf,
    script: Arc<Mutex<Script>>,
    seen: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Fake {
    /// An engine that answers each line of `script` once, in any order.
    pub(super) fn new(script: Script) -> Fake {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let script = Arc::new(Mutex::new(script));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (todo, log) = (Arc::clone(&script), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&todo), Arc::clone(&log)));
            }
        });
        Fake { _dir: dir, path, script, seen, task }
    }

    /// As [`new`](Fake::new), with the answers that [`Engine::connect`] needs.
    pub(super) fn engine(mut script: Script) -> Fake {
        script.extend([
            ("GET /_ping", Act::Answer(200, "OK".to_owned())),
            (
                "GET /version",
                Act::Answer(200, r#"{"Version":"99","ApiVersion":"1.99","MinAPIVersion":"1.24"}"#.to_owned()),
            ),
            (
                "GET /v1.51/info",
                Act::Answer(200, r#"{"ID":"x","SystemTime":"2026-01-01T00:00:00Z"}"#.to_owned()),
            ),
        ]);
        Fake::new(script)
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::unix(&self.path, "a test")
    }

    /// Connects, runs `test`, and checks that every line of the script was used.
    pub(super) async fn serves<T, F: Future<Output = T>>(self, test: impl FnOnce(Engine) -> F) -> T {
        let engine = Engine::connect(&self.endpoint()).await.unwrap();
        let outcome = test(engine).await;
        self.check();
        outcome
    }

    /// Fails where something of the script is left.
    pub(super) fn check(self) {
        let left: Vec<&str> = self.script.lock().unwrap().iter().map(|(line, _)| *line).collect();
        assert!(left.is_empty(), "never asked for: {left:?}; asked for {:?}", self.seen.lock().unwrap());
        let unknown: Vec<String> =
            self.seen.lock().unwrap().iter().filter(|line| line.starts_with("unscripted")).cloned().collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        self.task.abort();
    }
}

async fn serve(mut stream: UnixStream, script: Arc<Mutex<Script>>, seen: Arc<Mutex<Vec<String>>>) {
    let (head, mut body) = read_head(&mut stream).await;
    let line = head.lines().next().unwrap_or("").trim_end_matches(" HTTP/1.1").to_owned();
    let act = {
        let mut script = script.lock().unwrap();
        let fits = |want: &str| want.strip_suffix('*').map_or(line == want, |start| line.starts_with(start));
        script.iter().position(|(want, _)| fits(want)).map(|at| script.remove(at).1)
    };
    seen.lock().unwrap().push(if act.is_some() { line.clone() } else { format!("unscripted: {line}") });
    let act = act.unwrap_or(Act::Answer(500, r#"{"message":"unscripted"}"#.to_owned()));
    if !matches!(act, Act::Early(..)) {
        read_body(&mut stream, &head, &mut body).await;
    }
    perform(stream, act).await;
}

async fn read_head(stream: &mut UnixStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return (String::from_utf8_lossy(&bytes).into_owned(), body);
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return (String::new(), Vec::new());
        }
    }
}

async fn read_body(stream: &mut UnixStream, head: &str, body: &mut Vec<u8>) {
    let head = head.to_ascii_lowercase();
    let length =
        head.split_once("content-length: ").and_then(|(_, rest)| rest.split_once("\r\n")?.0.parse().ok());
    let chunked = head.contains("transfer-encoding: chunked");
    let done =
        |body: &[u8]| if chunked { body.ends_with(b"0\r\n\r\n") } else { body.len() >= length.unwrap_or(0) };
    while !done(body) {
        if stream.read_buf(body).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

async fn perform(mut stream: UnixStream, act: Act) {
    let whole = |status: u16, body: &str| {
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let (pieces, after) = match act {
        Act::Answer(status, body) => {
            let _ = stream.write_all(whole(status, &body).as_bytes()).await;
            return;
        }
        Act::Early(status, body) => {
            let _ = stream.write_all(whole(status, &body).as_bytes()).await;
            // As Go's server does: the answer, then the end, with the body unread.
            return;
        }
        Act::Raw(bytes) => {
            let _ = stream.write_all(&bytes).await;
            return;
        }
        Act::Flood(piece) => {
            let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
            while stream.write_all(&chunk).await.is_ok() {}
            return;
        }
        Act::Stream(pieces) => (pieces, 0),
        Act::Broken(pieces) => (pieces, 1),
        Act::Silent(pieces) => (pieces, 2),
    };
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for piece in pieces {
        let _ = stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await;
        let _ = stream.write_all(&piece).await;
        let _ = stream.write_all(b"\r\n").await;
    }
    match after {
        0 => drop(stream.write_all(b"0\r\n\r\n").await),
        1 => {}
        // Until the client goes.
        _ => drop(stream.read_to_end(&mut Vec::new()).await),
    }
}
