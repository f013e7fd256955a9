//! A registry that fails as it is told, and keeps what it was asked: a proxy before the real one.
//!
//! It speaks HTTP, so that a fault hits a chosen request and no other, and streams both ways.

mod server;

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::{Barrier, watch};

use super::lab::PATIENCE;

/// Which requests a fault hits: those of one of the methods, whose path holds the text, or with `$` ends with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct On(pub(crate) &'static [&'static str], pub(crate) &'static str);

impl On {
    fn fits(self, method: &str, path: &str) -> bool {
        let on_path = self.1.strip_suffix('$').map_or(path.contains(self.1), |end| path.ends_with(end));
        on_path && self.0.contains(&method)
    }
}

/// The bytes of a blob, and their commit. Not the beginning of an upload: a fault there is found before the build.
pub(crate) const BLOBS: On = On(&["PATCH", "PUT"], "/blobs/uploads/");
/// The end of an upload, where the registry compares the digest.
pub(crate) const COMMITS: On = On(&["PUT"], "/blobs/uploads/");
/// The beginning of an upload.
pub(crate) const BEGINNINGS: On = On(&["POST"], "/blobs/uploads/");
/// A manifest that is written.
pub(crate) const MANIFESTS: On = On(&["PUT"], "/manifests/");
/// Every request.
pub(crate) const ALL: On = On(&["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"], "/v2/");

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Nothing: an exception from the rules behind it.
    Nothing,
    /// This status, with the registry's own words; the request does not reach the registry.
    Status(u16),
    /// 429, with a `Retry-After` in seconds, or as the date that is so many seconds ahead.
    Busy { seconds: u32, as_date: bool },
    /// 400, `DIGEST_INVALID`.
    DigestInvalid,
    /// A part of the body is read, then the connection is reset.
    Reset,
    /// The registry does it, and its answer is lost.
    Lost,
    /// The request is taken, its body is not, and no answer comes.
    Stall,
    /// The answer comes so much later.
    Late(Duration),
    /// An upload that begins goes on at another host, and anything else is redirected there. That host answers with
    /// this status; `None`: it passes on, and asks for no login.
    Elsewhere(Option<u16>),
    /// The request waits at the gate.
    Hold(Gate),
    /// The request waits until as many have come as the barrier says; they are passed on together, and answered
    /// once the registry has answered all of them.
    Together(Arc<Barrier>),
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Often {
    Once,
    Ever,
}

impl fmt::Display for Often {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Often::Once { "once" } else { "for ever" })
    }
}

/// Where requests wait until they are let through.
#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<watch::Sender<Option<bool>>>);

impl Gate {
    fn new() -> Gate {
        Gate(Arc::new(watch::Sender::new(None)))
    }

    /// Lets through what waits and what comes.
    pub(crate) fn open(&self) {
        self.0.send_replace(Some(true));
    }

    /// Cuts what waits and what comes: it never reaches the registry.
    pub(crate) fn cut(&self) {
        self.0.send_replace(Some(false));
    }
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The address that it came to.
    pub(crate) host: String,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Whether it carried a credential.
    pub(crate) authorized: bool,
    /// What was answered; `None` as long as nothing was.
    pub(crate) status: Option<u16>,
}

/// The proxy; it ends, with all its connections, when the value goes.
pub(crate) struct FaultProxy {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// `127.0.0.2:PORT`, the other host of [`Fault::Elsewhere`].
    pub(crate) elsewhere: String,
    state: Arc<State>,
    end: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl FaultProxy {
    /// A proxy before the registry at `upstream` that fails nothing yet.
    pub(crate) fn start(upstream: &str) -> FaultProxy {
        let listen = |ip: &str| {
            let listener = std::net::TcpListener::bind((ip, 0)).expect("a free port");
            listener.set_nonblocking(true).expect("nonblocking");
            listener
        };
        let listeners = [listen("127.0.0.1"), listen("127.0.0.2")];
        let [own, elsewhere] = listeners.each_ref().map(|listener| listener.local_addr().expect("address"));
        let state = Arc::new(State::new(upstream, own, elsewhere));
        let (end, ended) = tokio::sync::oneshot::channel();
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || server::run(listeners, &shared, ended));
        FaultProxy {
            address: own.to_string(),
            elsewhere: elsewhere.to_string(),
            state,
            end: Some(end),
            thread: Some(thread),
        }
    }

    /// From now on, what `on` says fails; of several rules that fit, the first strikes.
    pub(crate) fn fails(&self, on: On, fault: Fault, often: Often) {
        let left = if often == Often::Once { 1 } else { usize::MAX };
        self.state.lock().rules.push_back(Rule { on, fault, left });
    }

    /// From now on, what `on` says waits at the gate.
    pub(crate) fn holds(&self, on: On) -> Gate {
        let gate = Gate::new();
        self.fails(on, Fault::Hold(gate.clone()), Often::Ever);
        gate
    }

    /// From now on, nothing fails that did not come yet.
    pub(crate) fn recovers(&self) {
        self.state.lock().rules.clear();
    }

    /// From now on, every request to [`address`](Self::address) needs this login.
    pub(crate) fn demands(&self, user: &str, password: &str) {
        use base64::Engine as _;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.state.lock().login = Some(format!("Basic {pair}"));
    }

    /// Every request so far, in the order they came.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.state.lock().log.clone()
    }

    /// How many requests of `method` came whose path holds `part`.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        count(&self.state.lock().log, method, part)
    }

    /// How often a fault struck.
    pub(crate) fn struck(&self) -> usize {
        self.state.lock().struck
    }

    /// Waits until so many requests of `method` came whose path holds `part`.
    pub(crate) fn wait_for(&self, many: usize, method: &str, part: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut inner = self.state.lock();
        while count(&inner.log, method, part) < many {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{many} × {method} …{part}… did not come: {:#?}", inner.log);
            inner = self.state.changed.wait_timeout(inner, left).expect("lock").0;
        }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn count(log: &[Seen], method: &str, part: &str) -> usize {
    log.iter().filter(|seen| seen.method == method && seen.path.contains(part)).count()
}

struct Rule {
    on: On,
    fault: Fault,
    left: usize,
}

/// What the test's thread and the server's share.
struct State {
    upstream: String,
    own: String,
    elsewhere: String,
    inner: Mutex<Inner>,
    /// A request came.
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    rules: VecDeque<Rule>,
    log: Vec<Seen>,
    struck: usize,
    /// The header that is demanded.
    login: Option<String>,
    /// What the other host answers; `None`: it passes on.
    there: Option<u16>,
}

impl State {
    fn new(upstream: &str, own: SocketAddr, elsewhere: SocketAddr) -> State {
        State {
            upstream: upstream.to_owned(),
            own: own.to_string(),
            elsewhere: elsewhere.to_string(),
            inner: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("lock")
    }

    /// Keeps a request; gives its place in the log.
    fn came(&self, seen: Seen) -> usize {
        let mut inner = self.lock();
        inner.log.push(seen);
        self.changed.notify_all();
        inner.log.len() - 1
    }

    fn answered(&self, place: usize, status: u16) {
        self.lock().log[place].status = Some(status);
    }

    /// The fault that strikes this request.
    fn strikes(&self, method: &str, path: &str) -> Option<Fault> {
        let mut inner = self.lock();
        let rule = inner.rules.iter_mut().find(|rule| rule.left > 0 && rule.on.fits(method, path))?;
        rule.left -= 1;
        let fault = rule.fault.clone();
        inner.struck += 1;
        if let Fault::Elsewhere(answer) = &fault {
            inner.there = *answer;
        }
        Some(fault)
    }
}
