//! Bytes as the characters that Go reads in them.

/// What Go reads where a byte is not UTF-8. It is a character like any other: a literal or a class can match it.
pub(super) const INVALID: u32 = 0xfffd;

/// The first character and its length in bytes; a byte that is not UTF-8 is [`INVALID`] and one long.
pub(super) fn decode(text: &[u8]) -> Option<(u32, usize)> {
    let &first = text.first()?;
    let width = match first {
        0..=0x7f => return Some((u32::from(first), 1)),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((INVALID, 1)),
    };
    let rune =
        text.get(..width).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|s| s.chars().next());
    Some(rune.map_or((INVALID, 1), |c| (u32::from(c), width)))
}
