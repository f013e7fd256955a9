//! The jobs, and how they are passed on.

use std::fs::File;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::super::sockets::tables;
use super::{dns, signal};
use crate::error::{Error, Kind, Result};

/// The key of what `connect` says.
pub(in crate::smoke::look) const CONNECTED: &str = "connected";
/// The key of what `dns` says once it listens.
pub(in crate::smoke::look) const LISTENING: &str = "listening";
/// The key of each name that `dns` was asked for.
pub(in crate::smoke::look) const NAME: &str = "name";
/// The key of how many processes got the signal.
pub(in crate::smoke::look) const SIGNALLED: &str = "signalled";

/// Something that is done inside the namespaces of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside {
    /// Tell the sockets that wait for others.
    Sockets,
    /// Answer every question for a name with "no such name", and tell the names, until killed.
    Dns,
    /// Try to connect by TCP.
    Connect {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
        /// How long it may take.
        within: Duration,
    },
    /// Stop all other processes (SIGSTOP).
    Stop,
    /// Let all other processes go on (SIGCONT).
    Continue,
}

impl Inside {
    /// The arguments that lead here again.
    pub(in crate::smoke::look) fn arguments(&self) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        match self {
            Inside::Sockets => words(&["inside", "sockets"]),
            Inside::Dns => words(&["inside", "dns"]),
            Inside::Connect { host, port, within } => {
                let (port, within) = (port.to_string(), within.as_millis().to_string());
                words(&["inside", "connect", "--", host, &port, &within])
            }
            Inside::Stop => words(&["inside", "stop"]),
            Inside::Continue => words(&["inside", "continue"]),
        }
    }
}

/// Does it; `line` prints a line.
pub fn inside(job: &Inside, line: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    let failed = |what: &str, cause| Error::new(Kind::Io, format!("cannot {what}")).because(cause);
    match job {
        Inside::Sockets => {
            let sockets = tables(|name| File::open(format!("/proc/net/{name}")))
                .map_err(|cause| failed("read the tables of sockets in /proc/net", cause))?;
            sockets.iter().try_for_each(|socket| line(&socket.to_json().to_string()))
        }
        Inside::Dns => dns::serve(line),
        Inside::Connect { host, port, within } => {
            line(&json!({ CONNECTED: connects(host, *port, *within) }).to_string())
        }
        Inside::Stop | Inside::Continue => {
            let which = if *job == Inside::Stop { Signal::STOP } else { Signal::CONT };
            let count =
                signal::others(which).map_err(|cause| failed("signal the container's processes", cause))?;
            line(&json!({ SIGNALLED: count }).to_string())
        }
    }
}

/// Whether one of the addresses of `host` takes a connection in time.
pub(in crate::smoke::look) fn connects(host: &str, port: u16, within: Duration) -> bool {
    let deadline = Instant::now() + within;
    let (sender, addresses) = mpsc::channel();
    let target = (host.to_owned(), port);
    // A resolver has a patience of its own. The thread ends with it, or with the process.
    std::thread::spawn(move || {
        let (host, port) = target;
        let found: Vec<SocketAddr> =
            (host.as_str(), port).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
        let _ = sender.send(found);
    });
    let Ok(addresses) = addresses.recv_timeout(within) else { return false };
    let left = || deadline.saturating_duration_since(Instant::now());
    addresses.iter().any(|address| !left().is_zero() && TcpStream::connect_timeout(address, left()).is_ok())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn connects_to_what_listens_and_to_nothing_else() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let second = Duration::from_secs(1);
        assert!(connects("127.0.0.1", port, second));
        assert!(!connects("no such name", port, second));
        drop(listener);
        assert!(!connects("127.0.0.1", port, second));
    }

    #[test]
    fn sockets_of_this_process_are_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut lines = Vec::new();
        let mut keep = |line: &str| {
            lines.push(line.to_owned());
            Ok(())
        };
        inside(&Inside::Sockets, &mut keep).unwrap();
        let wanted = format!(r#""port":{port},"protocol":"tcp""#);
        assert!(lines.iter().any(|line| line.contains(&wanted) && line.contains("127.0.0.1")), "{lines:?}");
    }
}
