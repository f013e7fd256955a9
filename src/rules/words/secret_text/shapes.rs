//! Secrets by their shape: tokens, keys, and what is too random for a word.

use std::ops::Range;

use crate::rules::words::secret_values::begins_as_token;

/// The shortest row of base64 that is taken for a secret.
const BLOB: usize = 40;
/// The shortest row of letters and digits.
const ROW: usize = 32;
/// What stands near a row of hexadecimal digits that is no secret.
const DIGESTS: [&str; 11] = [
    "sha",
    "md5",
    "checksum",
    "digest",
    "commit",
    "git",
    "gpg",
    "hash",
    "fingerprint",
    "integrity",
    "keyserver",
];

pub(super) fn find(line: &str, found: &mut Vec<Range<usize>>) {
    if let Some(start) = private_key(line) {
        found.push(start..line.len());
    }
    words(
        line,
        |byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte),
        |range, word| {
            if begins_as_token(word) {
                found.push(range);
            }
        },
    );
    let mut names_digest = None;
    words(
        line,
        |byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte),
        |range, word| {
            let is_digest = word.len() >= ROW && hex(word) && {
                *names_digest.get_or_insert_with(|| {
                    let lower = line.to_ascii_lowercase();
                    DIGESTS.iter().any(|digest| lower.contains(digest))
                })
            };
            if !is_digest && is_blob(word) {
                found.push(range);
            }
        },
    );
}

/// Where a private key begins.
fn private_key(line: &str) -> Option<usize> {
    const BEGIN: &str = "-----BEGIN ";
    let (start, title) =
        line.match_indices(BEGIN).find_map(|(at, _)| Some((at, line.get(at + BEGIN.len()..)?)))?;
    title.contains("PRIVATE KEY").then_some(start)
}

fn words(line: &str, is_inside: impl Fn(u8) -> bool, mut each: impl FnMut(Range<usize>, &str)) {
    let mut start = 0;
    for word in line.split(|c: char| !u8::try_from(c).is_ok_and(&is_inside)) {
        if !word.is_empty() {
            // `split` cuts out characters; the word's own place says where.
            start += line.get(start..).and_then(|rest| rest.find(word)).unwrap_or_default();
            each(start..start + word.len(), word);
            start += word.len();
        }
    }
}

/// Whether `word` ends in a row of hexadecimal digits, and nothing random stands in front of that.
fn hex(word: &str) -> bool {
    let last = word.rsplit(['=', '/', '-', '_']).find(|part| !part.is_empty()).unwrap_or(word);
    last.len() >= ROW
        && last.bytes().all(|byte| byte.is_ascii_hexdigit())
        && !is_blob(word.trim_end_matches(last))
}

fn is_blob(word: &str) -> bool {
    let mut seen = [false; 128];
    for byte in word.bytes() {
        if let Some(seen) = seen.get_mut(usize::from(byte)) {
            *seen = true;
        }
    }
    // Rows of one character, as in rulers and placeholders.
    if word.len() < ROW || seen.iter().filter(|seen| **seen).count() < 8 {
        return false;
    }
    let rows = word.split(|c: char| !c.is_ascii_alphanumeric());
    let has_row =
        |row: &str| row.len() >= BLOB || row.len() >= ROW && row.bytes().any(|byte| byte.is_ascii_digit());
    let bytes = word.as_bytes();
    let kinds = bytes.windows(2).filter(|pair| matches!(pair, [a, b] if changes(*a, *b))).count();
    rows.clone().any(has_row) || word.len() >= BLOB && kinds * 5 >= word.len()
}

/// Whether the kind of letter changes, otherwise than at the beginning of a name.
fn changes(a: u8, b: u8) -> bool {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    kind(a) != kind(b) && kind(a) != 0 && kind(b) != 0
}
