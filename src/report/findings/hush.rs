//! Values of secrets in a line that is about to be shown. A finding about one never says its value, but any finding may
//! be about the line that it stands on.

use crate::rules::Fix;

/// Words in a key that make its value a secret.
const PARTS: [&str; 12] = [
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "pass",
    "passwd",
    "password",
    "pwd",
    "pword",
    "secret",
    "token",
];
/// Pieces of such words that are clear enough inside of longer ones.
const PIECES: [&str; 6] = ["apikey", "credential", "passwd", "password", "secret", "token"];
/// How well-known tokens begin.
const TOKENS: [&str; 10] =
    ["AKIA", "ASIA", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "npm_", "xoxb-", "xoxp-"];

/// `line` with a `*` for each character of what looks like a secret's value. Where the line was `cut` in front, its first
/// word may be the end of one.
pub(super) fn hushed(line: &str, cut: bool) -> String {
    let mut scan = Scan { chars: line.chars().collect(), at: 0 };
    if cut {
        scan.hush_while(|c| !c.is_whitespace());
    }
    let mut words = 0;
    let mut is_env = false;
    while scan.peek(0).is_some() {
        if !scan.word() {
            scan.at += 1;
            continue;
        }
        let start = scan.at;
        while scan.word() {
            scan.at += 1;
        }
        let name: String = scan.chars.get(start..scan.at).unwrap_or_default().iter().collect();
        is_env |= words == 0 && name.eq_ignore_ascii_case("env");
        words += 1;
        scan.value_of(&name, start, is_env && words == 2);
    }
    scan.chars.into_iter().collect()
}

/// Whether a fix would say a secret; it is made by `--fix` alone then.
pub(super) fn says_secret(fix: &Fix) -> bool {
    fix.edits.iter().any(|edit| edit.text.lines().any(|line| hushed(line, false) != line))
}

struct Scan {
    chars: Vec<char>,
    at: usize,
}

impl Scan {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn word(&self) -> bool {
        self.peek(0).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    }

    /// Hushes what the word `name`, which begins at `start` and ends here, is the key of.
    fn value_of(&mut self, name: &str, start: usize, is_legacy_env: bool) {
        if TOKENS.iter().any(|token| name.starts_with(token)) && name.len() > 15 {
            self.chars.get_mut(start..self.at).unwrap_or_default().fill('*');
            return;
        }
        let before = |back: usize| start.checked_sub(back).and_then(|at| self.chars.get(at).copied());
        // `https://name:value@host`
        let is_user = before(1) == Some('/') && before(2) == Some('/') && self.peek(0) == Some(':');
        if is_user && self.rest_of_word().contains(&'@') {
            self.at += 1;
            self.hush_while(|c| c != '@' && !c.is_whitespace());
            return;
        }
        if name.eq_ignore_ascii_case("bearer") || name.eq_ignore_ascii_case("basic") {
            if self.skip_blanks() {
                self.hush_value();
            }
            return;
        }
        if !is_secret(name) {
            return;
        }
        let quote = self.peek(0).filter(|c| matches!(c, '"' | '\''));
        let ahead = usize::from(quote.is_some());
        match self.peek(ahead) {
            Some(c @ ('=' | ':')) => {
                self.at += ahead + 1;
                if c == ':' {
                    self.skip_blanks();
                }
                self.hush_value();
            }
            Some(c) if c.is_whitespace() && is_legacy_env => {
                self.skip_blanks();
                if self.peek(0) != Some('$') {
                    self.hush_while(|_| true);
                }
            }
            Some(c) if c.is_whitespace() && name.starts_with('-') => {
                self.skip_blanks();
                if self.peek(0) != Some('-') {
                    self.hush_value();
                }
            }
            _ => {}
        }
    }

    fn rest_of_word(&self) -> &[char] {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        rest.split(|c| c.is_whitespace()).next().unwrap_or_default()
    }

    fn skip_blanks(&mut self) -> bool {
        let start = self.at;
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at > start
    }

    /// A value, in quotes or up to where a word of a shell ends. One that a variable holds is none.
    fn hush_value(&mut self) {
        match self.peek(0) {
            Some('$') | None => {}
            Some(quote @ ('"' | '\'')) => {
                self.at += 1;
                if self.peek(0) != Some('$') {
                    let mut escaped = false;
                    self.hush_while(|c| {
                        let inside = escaped || c != quote;
                        escaped = !escaped && c == '\\';
                        inside
                    });
                }
            }
            Some(_) => {
                self.hush_while(|c| !c.is_whitespace() && !matches!(c, ';' | '&' | '|' | ')' | '"' | '\''))
            }
        }
    }

    fn hush_while(&mut self, mut inside: impl FnMut(char) -> bool) {
        let last = self.chars.len();
        while let Some(c) = self.chars.get_mut(self.at) {
            if !inside(*c) {
                break;
            }
            // The backslash that continues a line says nothing.
            if !(c.is_whitespace() || *c == '\\' && self.at + 1 == last) {
                *c = '*';
            }
            self.at += 1;
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut parts = name.split(['_', '-', '.']);
    if parts.clone().any(|part| part == "public") {
        return false;
    }
    parts.any(|part| PARTS.contains(&part)) || PIECES.iter().any(|piece| name.contains(piece))
}

#[cfg(test)]
mod tests;
