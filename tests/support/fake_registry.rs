//! A registry that does as it is told: every answer comes from the test, every request is kept.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names lower-cased.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// How many requests of the same method and target came before.
    pub(crate) before: usize,
}

impl Request {
    pub(crate) fn is(&self, method: &str, target: &str) -> bool {
        self.method == method && self.target == target
    }

    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization").map(String::as_str)
    }
}

/// What to answer.
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Close without a word.
    Reset,
    /// Read the request and say nothing until the peer leaves.
    Silence,
    /// Promise more of a body than what follows, and hold the line.
    HalfBody,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Reply {
        Reply::Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Reply {
        Reply::Answer { status: 200, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        if let Reply::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

type Script = dyn Fn(&Request) -> Reply + Send + Sync;

/// The server; it ends with the test's runtime.
pub(crate) struct FakeRegistry {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl FakeRegistry {
    /// Listens on a free port of `ip`.
    pub(crate) async fn on(
        ip: &str,
        script: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> FakeRegistry {
        let listener = TcpListener::bind((ip, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, script): (_, Arc<Script>) = (Arc::clone(&requests), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept), Arc::clone(&script)));
            }
        });
        FakeRegistry { address, requests }
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("lock").clone()
    }
}

async fn serve(mut stream: TcpStream, kept: Arc<Mutex<Vec<Request>>>, script: Arc<Script>) {
    let Some(mut request) = read(&mut stream).await else { return };
    {
        let mut kept = kept.lock().expect("lock");
        request.before = kept.iter().filter(|r| r.is(&request.method, &request.target)).count();
        kept.push(request.clone());
    }
    let mut out = Vec::new();
    match script(&request) {
        Reply::Answer { status, headers, body } => {
            out.extend(
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len())
                    .bytes(),
            );
            for (name, value) in headers {
                out.extend(format!("{name}: {value}\r\n").bytes());
            }
            out.extend(b"\r\n");
            if request.method != "HEAD" {
                out.extend(body);
            }
            let _ = stream.write_all(&out).await;
            let _ = stream.shutdown().await;
        }
        Reply::Reset => {}
        Reply::Silence => drop(stream.read_u8().await),
        Reply::HalfBody => {
            let _ = stream.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 1000\r\n\r\n{").await;
            drop(stream.read_u8().await);
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end;
        }
        bytes.push(stream.read_u8().await.ok()?);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |l| l.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { method, target, headers, body: String::from_utf8_lossy(&body).into_owned(), before: 0 })
}
