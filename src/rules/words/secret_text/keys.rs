//! Values behind a key that says that they are secret.

use std::ops::Range;

use super::{is_of_name, is_open, skip_blanks, word_end};

/// Words of a key that make its value a secret.
const PARTS: [&str; 22] = [
    "apikey",
    "auth",
    "bearer",
    "cookie",
    "cred",
    "credential",
    "credentials",
    "creds",
    "jwt",
    "key",
    "pass",
    "passwd",
    "password",
    "pat",
    "psw",
    "pw",
    "pwd",
    "pword",
    "secret",
    "sig",
    "signature",
    "token",
];
/// Pieces of such words that are clear enough inside of longer ones.
const PIECES: [&str; 8] =
    ["apikey", "authorization", "credential", "passphrase", "passwd", "password", "secret", "token"];
/// How a key ends that needs nothing but a blank in front of its value.
const BEFORE_BLANK: [&str; 7] = ["apikey", "passphrase", "passwd", "password", "pw", "secret", "token"];

pub(super) fn find(line: &str, found: &mut Vec<Range<usize>>) {
    let bytes = line.as_bytes();
    let mut scan = Scan { line, bytes, keyword: "", words: 0 };
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if !is_word(byte) {
            at += 1;
            continue;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let end = at + rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
        let name = line.get(at..end).unwrap_or_default();
        if !(scan.words == 0 && name.eq_ignore_ascii_case("onbuild")) {
            if scan.words == 0 {
                scan.keyword = name;
            }
            scan.words += 1;
        }
        let value = scan.value_of(name, at, end);
        at = end;
        if let Some(value) = value {
            at = at.max(value.end);
            found.push(value);
        }
    }
    let lower = line.to_ascii_lowercase();
    for (at, by) in lower.match_indices("identified by ") {
        let start = skip_blanks(bytes, at + by.len());
        found.extend(said(line, start, word_end(bytes, start)));
    }
    if let Some((name, value)) = line.trim().split_once(':')
        && name.bytes().all(is_of_name)
        && !name.is_empty()
        && !value.is_empty()
        && !value.contains(char::is_whitespace)
    {
        // `user:password`, as `chpasswd` reads it.
        found.push(0..line.len());
    }
}

struct Scan<'a> {
    line: &'a str,
    bytes: &'a [u8],
    keyword: &'a str,
    words: usize,
}

impl Scan<'_> {
    fn value_of(&self, name: &str, start: usize, end: usize) -> Option<Range<usize>> {
        let bytes = self.bytes;
        let before = start.checked_sub(1).and_then(|at| bytes.get(at)).copied();
        if before == Some(b'{') {
            return self.default_of(start);
        }
        let follows = |wanted: fn(&u8) -> bool| bytes.get(end).is_some_and(wanted);
        let is_blank = follows(u8::is_ascii_whitespace);
        let word = |at: usize| {
            let at = skip_blanks(bytes, at);
            said(self.line, at, word_end(bytes, at))
        };
        if is_blank && ["bearer", "basic"].iter().any(|scheme| name.eq_ignore_ascii_case(scheme)) {
            return word(end);
        }
        if !is_secret(name) {
            return None;
        }
        if is_blank && self.words == 2 && self.keyword.eq_ignore_ascii_case("env") && !self.assigns(end) {
            return said(self.line, end, self.line.len());
        }
        let rest = bytes.get(end..).unwrap_or_default();
        let closed = end + rest.iter().position(|byte| !b"\"'])\\".contains(byte)).unwrap_or(rest.len());
        let sign = skip_blanks(bytes, closed);
        match bytes.get(sign) {
            Some(b':') if before == Some(b'$') || self.keyword.eq_ignore_ascii_case("from") => None,
            Some(kind @ (b':' | b'=')) => {
                let doubled = bytes.get(sign + 1).is_some_and(|next| b"=>".contains(next));
                let mut at = sign + 1 + usize::from(doubled);
                if *kind == b':' || sign > closed || doubled {
                    at = skip_blanks(bytes, at);
                }
                if name.to_ascii_lowercase().ends_with("authorization") {
                    at = self.behind_scheme(at);
                }
                said(self.line, at, word_end(bytes, at))
            }
            Some(next) if sign > end => {
                let is_key = before.is_none_or(|before| !b"$=,/".contains(&before));
                let is_value = !b"-&|;)<>#=!".contains(next);
                let names_value = name.starts_with('-') || stands_before_blank(name);
                if is_key && is_value && names_value { word(sign) } else { None }
            }
            _ => None,
        }
    }

    /// The default in `${NAME:-default}`, whose name begins at `start`.
    fn default_of(&self, start: usize) -> Option<Range<usize>> {
        let rest = self.line.get(start..)?;
        let name = rest.bytes().position(|byte| !is_of_name(byte))?;
        let (name, rest) = rest.split_at_checked(name)?;
        let at = start + name.len() + usize::from(rest.starts_with(':'));
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let inside = rest.strip_prefix(['-', '=', '+']).filter(|_| is_secret(name))?;
        let end = inside.find('}').unwrap_or(inside.len());
        said(self.line, at + 1, at + 1 + end)
    }

    /// `Authorization: token x`: what follows the scheme.
    fn behind_scheme(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let letters = rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
        match rest.get(letters) {
            Some(byte) if letters > 0 && byte.is_ascii_whitespace() => skip_blanks(self.bytes, at + letters),
            _ => at,
        }
    }

    /// Whether the word in front of `end` is followed by `=`, so that this is no `ENV` of the old form.
    fn assigns(&self, end: usize) -> bool {
        self.bytes.get(skip_blanks(self.bytes, end)) == Some(&b'=')
    }
}

/// The place of a value that is there and no variable's.
fn said(line: &str, start: usize, end: usize) -> Option<Range<usize>> {
    // A cut within a character is no value that can be judged, so it is hidden.
    let is_open = line.get(start..end).is_some_and(is_open);
    (!is_open).then_some(start..end)
}

fn is_word(byte: u8) -> bool {
    is_of_name(byte) || b"-.".contains(&byte)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut parts = name.split(['_', '-', '.']);
    let is_public = parts.clone().any(|part| part == "public");
    let ends_with_pass = |part: &str| part.ends_with("pass") && !matches!(part, "bypass" | "compass");
    PIECES.iter().any(|piece| name.contains(piece))
        || !is_public && parts.any(|part| PARTS.contains(&part) || ends_with_pass(part))
}

fn stands_before_blank(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or(&name);
    let is_key =
        last == "key" && ["secret", "api", "private", "access"].iter().any(|word| name.contains(word));
    is_key || BEFORE_BLANK.iter().any(|end| last.ends_with(end) && (last.len() == end.len() || end.len() > 2))
}
