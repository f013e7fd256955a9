//! Questions and answers of DNS (RFC 1035, section 4): as much of it as it takes to say no.

/// Bytes of a header.
const HEADER: usize = 12;
const A: u16 = 1;
const AAAA: u16 = 28;
/// The class of the internet.
const IN: u16 = 1;
const FORMAT_ERROR: u8 = 1;
const NO_SUCH_NAME: u8 = 3;

/// What a packet asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// The name, in lower case, without the last dot; bytes that are no letters of names are written `\255`.
    pub(super) name: String,
    kind: u16,
    class: u16,
    /// Where the question ends in the packet.
    end: usize,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// There is no such name.
    NoSuchName,
    /// The loopback address, where an address was asked for.
    Loopback,
}

/// The first question of a packet; `None` where it is none, or cannot be read. A name that points elsewhere is not
/// read: nothing comes before a first question that it could point to.
pub(super) fn question(packet: &[u8]) -> Option<Question> {
    if word(packet, 4)? == 0 || is_answer(packet)? {
        return None;
    }
    let (mut name, mut at) = (String::new(), HEADER);
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        // Labels have 63 bytes at most, names 255. The two highest bits mark pointers.
        if length > 63 || at + length - HEADER > 255 {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        for &byte in packet.get(at..at + length)? {
            match byte {
                b'.' | b'\\' => name.extend(['\\', char::from(byte)]),
                b'!'..=b'~' => name.push(char::from(byte.to_ascii_lowercase())),
                _ => name.push_str(&format!("\\{byte:03}")),
            }
        }
        at += length;
    }
    let (kind, class) = (word(packet, at)?, word(packet, at + 2)?);
    // The root is asked for by resolvers alone, not for a host.
    (!name.is_empty()).then_some(Question { name, kind, class, end: at + 4 })
}

/// The answer to a packet that `question` was read from.
pub(super) fn answer(packet: &[u8], question: &Question, answer: Answer) -> Vec<u8> {
    let address: &[u8] = match (answer, question.kind, question.class) {
        (Answer::Loopback, A, IN) => &[127, 0, 0, 1],
        (Answer::Loopback, AAAA, IN) => &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        _ => &[],
    };
    let code = if answer == Answer::NoSuchName { NO_SUCH_NAME } else { 0 };
    let mut reply = header(packet, code, 1, u8::from(!address.is_empty()));
    reply.extend_from_slice(packet.get(HEADER..question.end).unwrap_or_default());
    if let Ok(length) = u8::try_from(address.len())
        && length > 0
    {
        // The name is the one at the packet's twelfth byte; it may be kept for no time.
        reply.extend_from_slice(&[0xc0, 12]);
        reply.extend_from_slice(&question.kind.to_be_bytes());
        reply.extend_from_slice(&[0, 1, 0, 0, 0, 0, 0, length]);
        reply.extend_from_slice(address);
    }
    reply
}

/// The answer to a question that cannot be read; `None` where it may be none.
pub(super) fn unreadable(packet: &[u8]) -> Option<Vec<u8>> {
    (packet.len() >= HEADER && !is_answer(packet)?).then(|| header(packet, FORMAT_ERROR, 0, 0))
}

/// Whether a name is one of this machine's own.
pub(super) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name == "localhost.localdomain"
}

fn header(packet: &[u8], code: u8, questions: u8, answers: u8) -> Vec<u8> {
    let byte = |at: usize| packet.get(at).copied().unwrap_or_default();
    // An answer, of the question's operation, with its wish for recursion, which is at hand.
    let flags = [0x80 | (byte(2) & 0x79), 0x80 | code];
    let mut header = vec![byte(0), byte(1)];
    header.extend_from_slice(&flags);
    header.extend_from_slice(&[0, questions, 0, answers, 0, 0, 0, 0]);
    header
}

fn is_answer(packet: &[u8]) -> Option<bool> {
    packet.get(2).map(|flags| flags & 0x80 != 0)
}

fn word(packet: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(labels: &[&[u8]], kind: u16) -> Vec<u8> {
        let mut packet = vec![0xab, 0xcd, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1];
        for label in labels {
            packet.push(label.len() as u8);
            packet.extend_from_slice(label);
        }
        packet.push(0);
        packet.extend_from_slice(&kind.to_be_bytes());
        packet.extend_from_slice(&[0, 1]);
        // EDNS.
        packet.extend_from_slice(&[0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0]);
        packet
    }

    #[test]
    fn no_such_name() {
        let packet = ask(&[b"PyPI", b"example", b"com"], A);
        let question = question(&packet).unwrap();
        assert_eq!(question.name, "pypi.example.com");
        let reply = answer(&packet, &question, Answer::NoSuchName);
        assert_eq!(reply[..12], [0xab, 0xcd, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(reply[12..], packet[12..packet.len() - 11]);
    }

    #[test]
    fn the_loopback_address() {
        for (kind, records, length) in [(A, 1, 16), (AAAA, 1, 28), (15, 0, 0)] {
            let packet = ask(&[b"localhost"], kind);
            let question = question(&packet).unwrap();
            let reply = answer(&packet, &question, Answer::Loopback);
            assert_eq!((reply[3], reply[7]), (0x80, records), "{kind}");
            assert_eq!(reply.len() - question.end, length);
        }
        assert!(is_localhost("a.localhost") && !is_localhost("localhost.example"));
    }

    #[test]
    fn odd_names() {
        let packet = ask(&[b"a.b\\", b"\xff \n", b"_tcp"], 255);
        assert_eq!(question(&packet).unwrap().name, r"a\.b\\.\255\032\010._tcp");
        let long: &[u8] = &[b'a'; 63];
        assert!(question(&ask(&[long; 3], A)).is_some());
        assert!(question(&ask(&[long; 4], A)).is_none());
    }

    #[test]
    fn malformed_packets_are_refused_or_passed_over() {
        let good = ask(&[b"a"], A);
        for length in 0..good.len() - 11 {
            assert_eq!(question(&good[..length]), None, "{length}");
            assert_eq!(unreadable(&good[..length]).is_some(), length >= 12);
        }
        let mut pointer = good.clone();
        pointer.splice(12.., [0xc0, 12, 0, 1, 0, 1]);
        assert_eq!(question(&pointer), None);
        assert_eq!(unreadable(&pointer).unwrap()[3], 0x81);
        let mut reply = good;
        reply[2] |= 0x80;
        assert!(question(&reply).is_none() && unreadable(&reply).is_none());
    }

    proptest! {
        #[test]
        fn never_panics(packet in proptest::collection::vec(any::<u8>(), 0..400)) {
            unreadable(&packet);
            if let Some(question) = question(&packet) {
                let reply = answer(&packet, &question, Answer::Loopback);
                prop_assert!(reply.len() <= packet.len() + 28);
            }
        }
    }
}
