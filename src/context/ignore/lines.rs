//! From the bytes of an ignore file to patterns, as moby's `ignorefile.ReadAll` and `patternmatcher.New` do it.

use super::clean::clean;
use super::runes::decode;
use super::syntax::is_well_formed;

/// One pattern of an ignore file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// 1-based.
    pub(super) number: u32,
    /// Whether it takes paths back in (`!`).
    pub(super) negated: bool,
    /// The cleaned pattern without its `!`.
    pub(super) text: Vec<u8>,
}

/// Why a file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) number: u32,
    /// The pattern as far as it was read.
    pub(super) text: Vec<u8>,
    pub(super) problem: &'static str,
}

/// Moby's own words, by which people search.
pub(super) const SYNTAX: &str = "syntax error in pattern";
const EXCLUSION: &str = "illegal exclusion pattern";
const TOO_LONG: &str = "the line is longer than the 65,535 bytes that docker reads";

/// Go's `bufio.Scanner` holds 64 KiB, one byte of which is the line end.
const LONGEST_LINE: usize = 64 * 1024 - 1;

/// The patterns, in order.
pub(super) fn read(file: &[u8]) -> Result<Vec<Line>, BadLine> {
    let mut patterns = Vec::new();
    let text = file.strip_suffix(b"\n").unwrap_or(file);
    for (number, raw) in (1_u32..).zip(text.split(|&b| b == b'\n')) {
        let bad = |text: &[u8], problem| BadLine { number, text: text.to_vec(), problem };
        if raw.len() > LONGEST_LINE {
            return Err(bad(raw.get(..40).unwrap_or_default(), TOO_LONG));
        }
        let line = raw.strip_suffix(b"\r").unwrap_or(raw);
        let line = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        // A comment starts in the first column; ` #` is a pattern.
        if line.starts_with(b"#") {
            continue;
        }
        let read = read_line(trim(line));
        // Moby cleans once more, with the `!` in place, so `!../../x` loses its `!` and `/!x` gains one.
        patterns.extend(pattern(number, &read).map_err(|problem| bad(line, problem))?);
    }
    Ok(patterns)
}

/// One pattern of a list, as `patternmatcher.New` takes it; none where there is nothing but white space.
pub(super) fn pattern(number: u32, text: &[u8]) -> Result<Option<Line>, &'static str> {
    let text = trim(text);
    if text.is_empty() {
        return Ok(None);
    }
    let cleaned = clean(text);
    let (negated, text) = match cleaned.strip_prefix(b"!") {
        Some(b"") => return Err(EXCLUSION),
        Some(text) => (true, text.to_vec()),
        None => (false, cleaned),
    };
    if is_well_formed(&text) { Ok(Some(Line { number, negated, text })) } else { Err(SYNTAX) }
}

/// A trimmed line with its path cleaned and one leading slash gone.
fn read_line(line: &[u8]) -> Vec<u8> {
    let (mark, path) = match line.strip_prefix(b"!") {
        Some(path) => (&b"!"[..], trim(path)),
        None => (&b""[..], line),
    };
    let mut out = mark.to_vec();
    if !path.is_empty() {
        let cleaned = clean(path);
        out.extend_from_slice(match cleaned.as_slice() {
            [b'/', rest @ ..] if !rest.is_empty() => rest,
            all => all,
        });
    }
    out
}

/// Go's `strings.TrimSpace`: Unicode white space, and bytes that are not UTF-8 stay.
fn trim(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((rune, width)) = decode(rest)
        && is_space(rune)
    {
        rest = rest.get(width..).unwrap_or_default();
    }
    while let Some(start) = last_rune(rest)
        && decode(rest.get(start..).unwrap_or_default()).is_some_and(|(rune, _)| is_space(rune))
    {
        rest = rest.get(..start).unwrap_or_default();
    }
    rest
}

/// Where the last character starts; for a byte that is not UTF-8, that byte.
fn last_rune(text: &[u8]) -> Option<usize> {
    let last = text.len().checked_sub(1)?;
    let from = text.len().saturating_sub(4);
    (from..last)
        .find(|&at| text.get(at..).and_then(decode).is_some_and(|(_, width)| at + width == text.len()))
        .or(Some(last))
}

fn is_space(rune: u32) -> bool {
    char::from_u32(rune).is_some_and(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &[u8]) -> Vec<String> {
        read(file)
            .unwrap()
            .iter()
            .map(|l| format!("{}{}", if l.negated { "!" } else { "" }, String::from_utf8_lossy(&l.text)))
            .collect()
    }

    #[test]
    fn what_a_line_becomes() {
        for (line, pattern) in [
            ("/docs", "docs"),
            ("  docs\t", "docs"),
            ("docs/", "docs"),
            ("//docs", "docs"),
            ("./docs//a/../b", "docs/b"),
            (" # docs", "# docs"),
            ("! /inverted/abs", "!inverted/abs"),
            ("docs\r", "docs"),
            ("/", "/"),
            ("..", ".."),
            ("\u{a0}docs\u{2003}", "docs"),
            ("!!a", "!!a"),
            // Oddities of the second cleaning.
            ("/!bang", "!bang"),
            ("!../../x", "x"),
            ("/ a", "a"),
        ] {
            assert_eq!(texts(line.as_bytes()), [pattern], "{line:?}");
        }
        assert_eq!(texts(b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n#c\n\n  \n/ /"), ["a", "\u{feff}b"]);
        assert_eq!(texts(b"\xef\xbb\xbf# comment\n"), Vec::<String>::new());
    }

    #[test]
    fn bad_lines_are_named() {
        let bad = read(b"a\n[b\n").unwrap_err();
        assert_eq!((bad.number, bad.text.as_slice(), bad.problem), (2, &b"[b"[..], SYNTAX));
        for line in ["!", "! ", "!/", "! /"] {
            assert_eq!(read(line.as_bytes()).unwrap_err().problem, EXCLUSION, "{line}");
        }
    }

    #[test]
    fn the_longest_line_is_docker_s() {
        assert_eq!(read(&vec![b'a'; LONGEST_LINE]).unwrap().len(), 1);
        assert_eq!(read(&vec![b'a'; LONGEST_LINE + 1]).unwrap_err().problem, TOO_LONG);
    }

    #[test]
    fn trims_bytes_that_are_no_text() {
        assert_eq!(trim(b" \xff \xc2\xa0"), b"\xff");
        assert_eq!(trim(b"\xa0"), b"\xa0", "a lone continuation byte is not U+00A0");
        assert_eq!(trim(b"x\xe2\x80"), b"x\xe2\x80");
    }
}
