//! The kernel's tables of sockets: `/proc/net/tcp`, `tcp6`, `udp` and `udp6`.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::sockets::Socket;

/// The tables, and the protocol of each.
pub(super) const TABLES: [(&str, &str); 4] =
    [("tcp", "tcp"), ("tcp6", "tcp"), ("udp", "udp"), ("udp6", "udp")];

/// Sockets that are kept of one namespace. A service has a handful.
const MOST: usize = 4096;
/// Of one table: a million sockets have less.
const MAX_BYTES: u64 = 256 << 20;
/// Where docker's own resolver listens in the namespace of a container.
const RESOLVER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));

/// `TCP_LISTEN`.
const LISTEN: u8 = 0x0a;
/// `TCP_CLOSE`, which is what a UDP socket is in until it is connected.
const CLOSE: u8 = 0x07;

/// Adds the sockets of `table` that wait for others to `sockets`. A line that cannot be read is passed over.
pub(super) fn read(table: impl Read, protocol: &'static str, sockets: &mut Vec<Socket>) -> io::Result<()> {
    let mut table = BufReader::new(table.take(MAX_BYTES));
    let mut line = Vec::new();
    loop {
        line.clear();
        // The kernel's lines have 150 bytes, with spaces at the end.
        if (&mut table).take(4096).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let socket = std::str::from_utf8(&line).ok().and_then(|line| listener(line, protocol));
        sockets.extend(socket.filter(|socket| socket.address != RESOLVER));
        if sockets.len() > MOST {
            // One that is left out might be the one that is asked for.
            return Err(io::Error::other(format!("more than {MOST} sockets wait for others")));
        }
    }
}

/// The socket of a line, where it waits for others: `sl local_address rem_address st …`.
fn listener(line: &str, protocol: &'static str) -> Option<Socket> {
    let mut cells = line.split_ascii_whitespace().skip(1);
    let (address, port) = endpoint(cells.next()?)?;
    let (_, remote_port) = endpoint(cells.next()?)?;
    let state = u8::from_str_radix(cells.next()?, 16).ok()?;
    let waits = match protocol {
        "tcp" => state == LISTEN,
        _ => state == CLOSE && remote_port == 0,
    };
    (waits && port != 0).then_some(Socket { protocol, address, port, listening: true })
}

/// `0100007F:1F90`: words of 32 bits as they are in memory, the port as people write it.
fn endpoint(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !digits(port, 4) {
        return None;
    }
    let word =
        |at: usize| u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    let address = if digits(address, 8) {
        IpAddr::V4(Ipv4Addr::from(word(0)?))
    } else if digits(address, 32) {
        let mut bytes = [0; 16];
        for (at, four) in bytes.chunks_exact_mut(4).enumerate() {
            four.copy_from_slice(&word(at)?);
        }
        IpAddr::V6(Ipv6Addr::from(bytes))
    } else {
        return None;
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(protocol: &'static str, text: &[u8]) -> Vec<String> {
        let mut sockets = Vec::new();
        read(text, protocol, &mut sockets).unwrap();
        sockets.iter().map(|s| format!("{} {} {}", s.protocol, s.address, s.port)).collect()
    }

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0B00007F:8D1B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0000000000000000 100 0 0 10 0
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1 0000000000000000 100 0 0 10 0
   3: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0000000000000000 20 4 30 10 -1
";

    #[test]
    fn listeners_without_the_resolver_and_the_connected() {
        assert_eq!(all("tcp", TCP.as_bytes()), ["tcp 127.0.0.1 8080", "tcp 0.0.0.0 80"]);
    }

    #[test]
    fn words_of_version_6() {
        let line = |address: &str, state: &str| {
            format!("  0: {address}:0050 00000000000000000000000000000000:0000 {state} 0:0 0:0 0 0 0 1\n")
        };
        let text = [
            line("00000000000000000000000000000000", "0A"),
            line("00000000000000000000000001000000", "0A"),
            line("B80D0120000000000000000001000000", "0A"),
            line("0000000000000000FFFF00000100007F", "0A"),
            line("00000000000000000000000000000000", "06"),
        ];
        let seen = all("tcp", text.concat().as_bytes());
        assert_eq!(seen, ["tcp :: 80", "tcp ::1 80", "tcp 2001:db8::1 80", "tcp ::ffff:127.0.0.1 80"]);
    }

    #[test]
    fn udp_waits_unless_it_is_connected() {
        let text = " 11: 00000000:0035 00000000:0000 07 0:0 0:0 0 0 0 1\n\
                    12: 0100007F:A000 0B00007F:0035 01 0:0 0:0 0 0 0 1\n\
                    13: 0100007F:A001 0B00007F:0035 07 0:0 0:0 0 0 0 1\n";
        assert_eq!(all("udp", text.as_bytes()), ["udp 0.0.0.0 53"]);
    }

    #[test]
    fn hostile_lines_are_passed_over() {
        for line in [
            "",
            "0:",
            "0: x",
            "0: 0100007F 0: 0A",
            "0: 0100007F:1F9 00000000:0000 0A",
            "0: 0100007F:+F90 00000000:0000 0A",
            "0: ä0007F:1F90 00000000:0000 0A",
            "0: 0100007F:0000 00000000:0000 0A",
            "0: 0100007F01:1F90 00000000:0000 0A",
        ] {
            assert!(all("tcp", line.as_bytes()).is_empty(), "{line}");
        }
        let long = format!("0: {}\n{TCP}", "F".repeat(1 << 20));
        assert_eq!(all("tcp", long.as_bytes()).len(), 2);
        // More than can be kept: one that is left out might be the one that is asked for.
        assert!(read(TCP.repeat(5000).as_bytes(), "tcp", &mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            all("udp", &bytes);
        }
    }
}
