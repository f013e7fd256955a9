//! A regular expression on a program's output.

mod go;

use regex::bytes::{Regex, RegexBuilder};

/// A regular expression (the syntax of the regex crate) that is searched for anywhere in a program's output, which
/// need not be UTF-8. `^` and `$` are the ends of the whole output; `(?m)` makes them the ends of a line.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    written: String,
    /// Whether each byte that is no UTF-8 counts as the character U+FFFD, as it does in Go.
    go: bool,
}

impl Pattern {
    /// Compiles `text`; the error is one line. Its memory is capped: it comes from a file anybody may edit.
    pub fn new(text: &str) -> Result<Self, String> {
        Self::compile(text, text, false)
    }

    /// The same for an expression in Go's syntax (RE2), as the tests of other tools have it. Its classes are of ASCII, a
    /// brace that repeats nothing is itself, and `[` in a class, too.
    pub fn go(text: &str) -> Result<Self, String> {
        let translated = go::translated(text).map_err(|why| format!("not a regular expression: {why}"))?;
        Self::compile(&translated, text, true)
    }

    fn compile(regex: &str, written: &str, go: bool) -> Result<Self, String> {
        let built = RegexBuilder::new(regex).size_limit(1 << 20).dfa_size_limit(1 << 20).build();
        built.map(|regex| Pattern { regex, written: written.to_owned(), go }).map_err(|error| {
            let text = error.to_string();
            // The crate draws a picture of several lines; the last one says what is wrong.
            let last = text.lines().last().unwrap_or_default();
            format!("not a regular expression: {}", last.strip_prefix("error: ").unwrap_or(last))
        })
    }

    /// Whether it occurs in `output`.
    pub fn is_match(&self, output: &[u8]) -> bool {
        match self.go && std::str::from_utf8(output).is_err() {
            false => self.regex.is_match(output),
            true => self.regex.is_match(go::characters(output).as_bytes()),
        }
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written && self.regex.as_str() == other.regex.as_str()
    }
}
