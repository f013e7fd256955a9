//! Where a text that is about to be shown may hold a secret. In doubt it does: what is hidden in vain costs a look into
//! the file, what is shown in vain costs a password.

mod addresses;
mod commands;
mod keys;
mod shapes;

use std::ops::Range;

/// Whether a text, of one line or several, may hold a secret. Takes linear time.
pub fn hides_secret(text: &str) -> bool {
    let mut line = String::new();
    text.lines().any(|part| match part.trim_end().strip_suffix('\\') {
        Some(continued) => {
            line += continued;
            line.push(' ');
            false
        }
        None => {
            line += part;
            let hides = !secrets_in(&line).is_empty();
            line.clear();
            hides
        }
    }) || !secrets_in(&line).is_empty()
}

/// The bytes of one logical line, continuations blanked out, that may be secrets, in no order.
pub fn secrets_in(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    shapes::find(line, &mut found);
    keys::find(line, &mut found);
    addresses::find(line, &mut found);
    commands::find(line, &mut found);
    found
}

/// Whether `value` says nothing itself: it is empty, or there is nothing in it but variables and secret mounts.
fn is_open(value: &str) -> bool {
    const MOUNT: &str = "/run/secrets/";
    let mut rest = unquoted(value);
    if rest.starts_with(MOUNT) || ["$(cat ", "$(<"].iter().any(|cat| rest.starts_with(cat)) {
        return true;
    }
    while !rest.is_empty() {
        let Some(tail) = rest.strip_prefix('$') else { return false };
        rest = match tail.strip_prefix('{') {
            Some(braced) => {
                let Some((inside, tail)) = braced.split_once('}') else { return false };
                let name = inside.split_once(":?").map_or(inside, |(name, _)| name);
                if name.is_empty() || !name.bytes().all(is_of_name) {
                    return false;
                }
                tail
            }
            None => {
                let end = tail.bytes().position(|byte| !is_of_name(byte)).unwrap_or(tail.len());
                if end == 0 {
                    return false;
                }
                tail.get(end..).unwrap_or_default()
            }
        };
        rest = unquoted(rest);
    }
    true
}

fn unquoted(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\'))
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len())
}

/// Bytes of a value that are looked at: more than any secret has.
const MOST: usize = 4_096;

/// Where the word of a shell that begins at `at` ends. A quote that closes one from further in front ends it as well.
fn word_end(bytes: &[u8], at: usize) -> usize {
    let bytes = bytes.get(..at + MOST).unwrap_or(bytes);
    let mut quote = None;
    let mut end = at;
    while let Some(&byte) = bytes.get(end) {
        match (quote, byte) {
            (_, b'\\') => end += 1,
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'$') if bytes.get(end + 1) == Some(&b'(') => {
                let rest = bytes.get(end..).unwrap_or_default();
                end += rest.iter().position(|byte| *byte == b')').unwrap_or(rest.len());
            }
            (None, b'"' | b'\'') => {
                let closes = bytes.get(end + 1).is_none_or(|next| ends_word(*next) || b",]}".contains(next));
                if end > at && closes {
                    break;
                }
                quote = Some(byte);
            }
            (None, _) if ends_word(byte) => break,
            (None, _) => {}
        }
        end += 1;
    }
    end.min(bytes.len())
}

fn ends_word(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b";&|)<>".contains(&byte)
}

#[cfg(test)]
pub(crate) mod tests;
