//! A name server that knows no name, and notes who was asked for.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};

use serde_json::json;

use super::job::{LISTENING, NAME};
use super::packet::{self, Answer};
use crate::error::{Error, Kind, Result};

/// Names that are noted. What asks for more is not told by them either.
const MOST_NAMES: usize = 1000;
/// The largest packet that is read; questions have 300 bytes.
const MAX_PACKET: usize = 4096;

/// Answers on port 53 of the loopback address, and prints each name when it is first asked for.
pub(super) fn serve(line: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    let failed = |what: &str, cause| Error::new(Kind::Io, format!("cannot {what}")).because(cause);
    let settings = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    if !asks_loopback(&settings) {
        return Err(Error::new(Kind::Engine, "the engine does not let a container choose its name server"));
    }
    let socket =
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).map_err(|cause| failed("listen on port 53", cause))?;
    line(&json!({ LISTENING: true }).to_string())?;
    // An engine puts a container's own name into its hosts file, where it has a network.
    let own = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let mut names = BTreeSet::new();
    let mut buffer = [0; MAX_PACKET];
    loop {
        let (length, client) = match socket.recv_from(&mut buffer) {
            Ok(received) => received,
            // What an answer to somebody who had gone came back as.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => continue,
            Err(cause) => return Err(failed("receive on port 53", cause)),
        };
        let packet = buffer.get(..length).unwrap_or_default();
        let Some(question) = packet::question(packet) else {
            if let Some(refusal) = packet::unreadable(packet) {
                let _ = socket.send_to(&refusal, client);
            }
            continue;
        };
        let own_name = question.name == own || packet::is_localhost(&question.name);
        // Before the answer: whoever was answered is noted.
        if !own_name && names.len() < MOST_NAMES && names.insert(question.name.clone()) {
            line(&json!({ NAME: question.name }).to_string())?;
        }
        let answer = if own_name { Answer::Loopback } else { Answer::NoSuchName };
        let _ = socket.send_to(&packet::answer(packet, &question, answer), client);
    }
}

/// Whether the first name server of a `resolv.conf` is the loopback address.
fn asks_loopback(settings: &str) -> bool {
    let mut servers = settings.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next().filter(|&key| key == "nameserver").and_then(|_| words.next())
    });
    servers.next() == Some("127.0.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_server_counts() {
        assert!(asks_loopback("# a comment\nsearch a\nnameserver  127.0.0.1\nnameserver 1.1.1.1\n"));
        assert!(!asks_loopback("nameserver 1.1.1.1\nnameserver 127.0.0.1\n"));
        assert!(!asks_loopback("nameservers 127.0.0.1\n#nameserver 127.0.0.1\nnameserver\n"));
    }
}
