//! The grammar of Go's `filepath.Match`: moby refuses a pattern for which `Match(pattern, ".")` is an error.

use super::runes::{INVALID, decode};

/// What follows a chunk in the name where the chunk matches.
type Rest<'a> = Option<&'a [u8]>;

/// Go's `ErrBadPattern`.
struct Bad;

/// Whether `filepath.Match` takes the pattern: classes are closed and not empty, ranges have both ends, nothing
/// is missing behind a `\`.
///
/// Go reads no further than the first piece between stars that does not match, so that `a*[` passes here. It is no
/// regular expression either, and refused when it is first used.
pub(super) fn is_well_formed(pattern: &[u8]) -> bool {
    go_match(pattern, b".").is_ok()
}

/// Whether `filepath.Match` finds that the pattern is this name, which has no slash in it; never where Go finds the
/// pattern bad.
pub(in crate::context) fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    go_match(pattern, name).unwrap_or(false)
}

/// Go's `Match`.
fn go_match(mut pattern: &[u8], mut name: &[u8]) -> Result<bool, Bad> {
    'chunks: while !pattern.is_empty() {
        let (star, chunk, after) = next_chunk(pattern);
        pattern = after;
        if star && chunk.is_empty() {
            return Ok(true);
        }
        // At the current place, then behind each character that a star may swallow.
        let places = if star { name.len() } else { 0 };
        for place in 0..=places {
            if let Some(rest) = match_chunk(chunk, name.get(place..).unwrap_or_default())?
                && (rest.is_empty() || !pattern.is_empty())
            {
                name = rest;
                continue 'chunks;
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Splits off leading stars, and what follows them up to the next star outside of brackets.
fn next_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|&&b| b == b'*').count();
    let pattern = pattern.get(stars..).unwrap_or_default();
    let mut in_class = false;
    let mut at = 0;
    while let Some(&byte) = pattern.get(at) {
        match byte {
            b'\\' if at + 1 < pattern.len() => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        at += 1;
    }
    let (chunk, after) = pattern.split_at(at.min(pattern.len()));
    (stars > 0, chunk, after)
}

/// Go's `matchChunk`: the chunk is read to its end even where it does not match.
fn match_chunk<'a>(mut chunk: &[u8], name: &'a [u8]) -> Result<Rest<'a>, Bad> {
    let mut rest: Rest<'a> = Some(name);
    while let Some((&first, after)) = chunk.split_first() {
        rest = rest.filter(|name| !name.is_empty());
        let literal = match first {
            b'[' => {
                let rune = rest.and_then(decode);
                let (matched, after) = match_class(after, rune.map(|(rune, _)| rune))?;
                chunk = after;
                rest = rest.zip(rune).filter(|_| matched).and_then(|(name, (_, width))| name.get(width..));
                continue;
            }
            b'?' => {
                chunk = after;
                let width = rest.and_then(decode).map_or(0, |(_, width)| width);
                rest = rest.filter(|name| !name.starts_with(b"/")).and_then(|name| name.get(width..));
                continue;
            }
            b'\\' => after,
            _ => chunk,
        };
        let (byte, after) = literal.split_first().ok_or(Bad)?;
        chunk = after;
        rest = rest.and_then(|name| name.strip_prefix(std::slice::from_ref(byte)));
    }
    Ok(rest)
}

/// Reads the class whose `[` was read: whether the character is in it, and what follows it.
fn match_class(chunk: &[u8], rune: Option<u32>) -> Result<(bool, &[u8]), Bad> {
    let (negated, mut rest) = match chunk.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, chunk),
    };
    let mut matched = false;
    let mut ranges = 0_usize;
    loop {
        if ranges > 0
            && let Some(after) = rest.strip_prefix(b"]")
        {
            return Ok((matched != negated, after));
        }
        let (low, after) = member(rest)?;
        let (high, after) = match after.strip_prefix(b"-") {
            Some(after) => member(after)?,
            None => (low, after),
        };
        matched |= rune.is_some_and(|rune| (low..=high).contains(&rune));
        rest = after;
        ranges += 1;
    }
}

/// One end of a range. A class cannot end right behind it for want of a `]`.
fn member(chunk: &[u8]) -> Result<(u32, &[u8]), Bad> {
    let member = match chunk.split_first() {
        None | Some((b'-' | b']', _)) => return Err(Bad),
        Some((b'\\', rest)) => rest,
        Some(_) => chunk,
    };
    let (rune, width) = decode(member).filter(|&read| read != (INVALID, 1)).ok_or(Bad)?;
    match member.get(width..) {
        Some(rest) if !rest.is_empty() => Ok((rune, rest)),
        _ => Err(Bad),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_escapes() {
        for good in [
            "",
            "a",
            "*",
            "[a]",
            "[^a]",
            "[a-z]",
            "[z-a]",
            "[\\-]",
            "[a]]",
            "[[]",
            "[[:alpha:]]",
            "\\a",
            "[*]",
            "a*[b]*",
        ] {
            assert!(is_well_formed(good.as_bytes()), "{good}");
        }
        for bad in
            ["[", "[]", "[^]", "[-]", "[a-]", "[a-b-c]", "[a", "a\\", "[]*]", "[\\", "*[", "*.*[a-", "[.]["]
        {
            assert!(!is_well_formed(bad.as_bytes()), "{bad}");
        }
        assert!(!is_well_formed(b"[\xff]"), "an invalid byte cannot be in a class");
        assert!(is_well_formed(b"\xff"), "and can be anywhere else");
    }

    #[test]
    fn names_are_matched_as_go_does() {
        for (pattern, name, matches) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "a", true),
            ("a*b*c*d*e*", "axbxcxdxe", true),
            ("a*b*c*d*e*", "axbxcxdx", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("ab[c]", "abc", true),
            ("ab[e-g]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a?b", "a\u{263a}b", true),
            ("a???b", "a\u{263a}b", false),
            ("[a-\u{3b6}]*", "\u{3b1}", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("*x", "xxx", true),
            ("", "", true),
            ("", "x", false),
            ("[", "a", false),
            ("**", "abc", true),
        ] {
            assert_eq!(matches_name(pattern.as_bytes(), name.as_bytes()), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn what_follows_a_mismatch_is_not_read() {
        for unread in ["a*[", "a*b\\", "[a]*["] {
            assert!(is_well_formed(unread.as_bytes()), "{unread}");
        }
    }
}
