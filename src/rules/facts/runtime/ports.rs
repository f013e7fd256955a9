//! Ports as they are declared and as they are listened to.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::{ListenerSeen, PortsSeen};

/// More declared ports are not looked at; there are no more of both protocols.
const MOST: usize = 2 << 16;

impl PortsSeen {
    /// The declared ports as protocol and number, of the protocols whose sockets are looked at.
    pub(in crate::rules) fn declared(&self) -> BTreeSet<(&str, u16)> {
        let all = self.exposed.iter().filter_map(|port| declaration(port));
        all.flat_map(|(protocol, ports)| ports.map(move |port| (protocol, port))).take(MOST).collect()
    }
}

impl ListenerSeen {
    /// Whether it is reached from inside of the container alone.
    pub(in crate::rules) fn is_loopback(&self) -> bool {
        self.address.to_canonical().is_loopback()
    }
}

/// `80`, `80/tcp`, `8000-8010/udp`.
fn declaration(text: &str) -> Option<(&str, RangeInclusive<u16>)> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
    matches!(protocol, "tcp" | "udp").then_some(())?;
    Some((protocol, from.parse().ok()?..=to.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read() {
        let exposed = ["80", "53/udp", "8000-8001/tcp", "1/sctp", "x/tcp", "9-8/tcp", "70000/tcp"];
        let seen = PortsSeen { exposed: exposed.map(str::to_owned).into(), ..PortsSeen::default() };
        let expected = [("tcp", 80), ("tcp", 8000), ("tcp", 8001), ("udp", 53)];
        assert_eq!(seen.declared().into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn loopback_in_every_notation() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.0.0.53", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("::", false),
        ] {
            let address = address.parse().unwrap();
            let listener = ListenerSeen { protocol: "tcp".to_owned(), address, port: 1 };
            assert_eq!(listener.is_loopback(), expected, "{address}");
        }
    }
}
