//! A registry that does as it is told: every answer comes from the test, every request is kept.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names lower-cased.
    pub(crate) headers: BTreeMap<String, String>,
    /// As text; what is none is replaced.
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
    /// Only a part of the body was read: see [`Early`].
    pub(crate) cut: bool,
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
    /// Answer when as many requests have come as the barrier is for: they have to be under way at once.
    Together(Arc<Barrier>, Box<Reply>),
    /// Promise `length` bytes, send `body`, and hang up.
    Promised {
        length: usize,
        body: Vec<u8>,
    },
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

/// What to do when only the head of a request has come.
pub(crate) enum Early {
    /// Take so many bytes of the body, and reset the connection.
    TakeAndReset(usize),
    /// Take so many bytes of the body, and none after them, until the peer leaves.
    TakeAndStall(usize),
}

type Script = dyn Fn(&Request) -> Reply + Send + Sync;
type Glance = dyn Fn(&Request) -> Option<Early> + Send + Sync;

/// The server; it ends with the test's runtime.
pub(crate) struct FakeRegistry {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// A registry on loopback for as long as the test's process lives, by its host: the binary is waited for without a runtime.
pub(crate) fn standing(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> String {
    let (sender, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async {
            let fake = FakeRegistry::on("127.0.0.1", script).await;
            sender.send(fake.host()).expect("the test waits");
            std::future::pending::<()>().await;
        });
    });
    address.recv().expect("an address")
}

impl FakeRegistry {
    /// Listens on a free port of `ip`.
    pub(crate) async fn on(
        ip: &str,
        script: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> FakeRegistry {
        FakeRegistry::glancing(ip, |_| None, script).await
    }

    /// The same; `glance` sees each request before its body. What was taken of a body that it cuts is given to the
    /// script all the same, whose reply then goes nowhere.
    pub(crate) async fn glancing(
        ip: &str,
        glance: impl Fn(&Request) -> Option<Early> + Send + Sync + 'static,
        script: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> FakeRegistry {
        let listener = TcpListener::bind((ip, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, script): (_, Arc<Script>) = (Arc::clone(&requests), Arc::new(script));
        let glance: Arc<Glance> = Arc::new(glance);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept), Arc::clone(&glance), Arc::clone(&script)));
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

async fn serve(
    mut stream: TcpStream,
    kept: Arc<Mutex<Vec<Request>>>,
    glance: Arc<Glance>,
    script: Arc<Script>,
) {
    let Some((mut request, length)) = read_head(&mut stream).await else { return };
    request.before =
        kept.lock().expect("lock").iter().filter(|r| r.is(&request.method, &request.target)).count();
    let early = glance(&request);
    let take = match early {
        Some(Early::TakeAndReset(most) | Early::TakeAndStall(most)) => most.min(length),
        None => length,
    };
    // A peer may leave in the middle.
    let mut body = (&mut stream).take(take.try_into().expect("a length"));
    let _ = body.read_to_end(&mut request.bytes).await;
    request.body = String::from_utf8_lossy(&request.bytes).into_owned();
    request.cut = early.is_some() || request.bytes.len() < length;
    kept.lock().expect("lock").push(request.clone());
    let mut reply = script(&request);
    while let Reply::Together(barrier, then) = reply {
        barrier.wait().await;
        reply = *then;
    }
    match early {
        // Bytes that nobody reads make it a reset.
        Some(Early::TakeAndReset(_)) => return,
        Some(Early::TakeAndStall(_)) => {
            // Reads nothing more, and ends with the peer, which is looked for by what cannot be written.
            while stream.ready(Interest::ERROR).await.is_ok_and(|ready| !ready.is_error()) {}
            return;
        }
        None => {}
    }
    let mut out = Vec::new();
    match reply {
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
        Reply::Promised { length, body } => {
            let _ = stream
                .write_all(format!("HTTP/1.1 200 x\r\ncontent-length: {length}\r\n\r\n").as_bytes())
                .await;
            let _ = stream.write_all(&body).await;
            let _ = stream.shutdown().await;
        }
        Reply::Reset | Reply::Together(..) => {}
        Reply::Silence => drop(stream.read_u8().await),
        Reply::HalfBody => {
            let _ = stream.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 1000\r\n\r\n{").await;
            drop(stream.read_u8().await);
        }
    }
}

/// Everything but the body, and how long that is.
async fn read_head(stream: &mut TcpStream) -> Option<(Request, usize)> {
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
    let (body, bytes) = (String::new(), Vec::new());
    Some((Request { method, target, headers, body, bytes, cut: false, before: 0 }, length))
}
