//! A regular expression on a program's output.

use regex::bytes::{Regex, RegexBuilder};

/// A regular expression (the syntax of the regex crate) that is searched for anywhere in a program's output, which
/// need not be UTF-8. `^` and `$` are the ends of the whole output; `(?m)` makes them the ends of a line.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles `text`; the error is one line. Its memory is capped: it comes from a file anybody may edit.
    pub fn new(text: &str) -> Result<Self, String> {
        RegexBuilder::new(text).size_limit(1 << 20).dfa_size_limit(1 << 20).build().map(Pattern).map_err(
            |error| {
                let text = error.to_string();
                // The crate draws a picture of several lines; the last one says what is wrong.
                let last = text.lines().last().unwrap_or_default();
                format!("not a regular expression: {}", last.strip_prefix("error: ").unwrap_or(last))
            },
        )
    }

    /// Whether it occurs in `output`.
    pub fn is_match(&self, output: &[u8]) -> bool {
        self.0.is_match(output)
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
