//! From a cleaned pattern to what it means: plain text, a prefix, a suffix, or a regular expression of Go.

use super::runes::{INVALID, decode};

/// How a pattern is compared with a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The path is the pattern.
    Exact,
    /// The path starts with the pattern less its last two bytes (`**`).
    Prefix,
    /// The path ends with the pattern less its first two bytes (`**`), or is what follows `**/`.
    Suffix,
    /// The path matches this regular expression.
    Regex(Vec<char>),
}

/// Translates as moby's `compile` does, character by character and without regard to brackets: a `*` inside of
/// them becomes `[^/]*` too, `|`, `{` and `}` keep their meaning as regular expressions (moby's table of
/// characters to escape ends at `?`), and `\d` is a digit.
pub(super) fn translate(pattern: &[u8]) -> Meaning {
    let mut out: Vec<char> = vec!['^'];
    let mut meaning = Meaning::Exact;
    let mut runes = Runes { rest: pattern };
    // Go's scanner drops a byte order mark in front.
    if runes.peek() == Some('\u{feff}') {
        runes.next();
    }
    let mut first = true;
    while let Some(ch) = runes.next() {
        match ch {
            '*' if runes.peek() == Some('*') => {
                runes.next();
                if runes.peek() == Some('/') {
                    runes.next();
                }
                if runes.peek().is_some() {
                    out.extend("(.*/)?".chars());
                    meaning = Meaning::Regex(Vec::new());
                } else if meaning == Meaning::Exact {
                    meaning = Meaning::Prefix;
                } else {
                    out.extend(".*".chars());
                    meaning = Meaning::Regex(Vec::new());
                }
                if first {
                    meaning = Meaning::Suffix;
                }
            }
            '*' => {
                out.extend("[^/]*".chars());
                meaning = Meaning::Regex(Vec::new());
            }
            '?' => {
                out.extend("[^/]".chars());
                meaning = Meaning::Regex(Vec::new());
            }
            '.' | '+' | '(' | ')' | '$' => out.extend(['\\', ch]),
            '\\' => {
                out.push('\\');
                if let Some(escaped) = runes.next() {
                    out.push(escaped);
                    meaning = Meaning::Regex(Vec::new());
                }
            }
            '[' | ']' => {
                out.push(ch);
                meaning = Meaning::Regex(Vec::new());
            }
            _ => out.push(ch),
        }
        first = false;
    }
    if let Meaning::Regex(regex) = &mut meaning {
        out.push('$');
        *regex = out;
    }
    meaning
}

/// The characters of a pattern; a byte that is not UTF-8 is U+FFFD.
struct Runes<'a> {
    rest: &'a [u8],
}

impl Runes<'_> {
    fn peek(&self) -> Option<char> {
        decode(self.rest).map(|(rune, _)| char::from_u32(rune).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn next(&mut self) -> Option<char> {
        let (rune, width) = decode(self.rest)?;
        self.rest = self.rest.get(width..).unwrap_or_default();
        char::from_u32(rune).or(char::from_u32(INVALID))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(pattern: &str) -> String {
        match translate(pattern.as_bytes()) {
            Meaning::Regex(chars) => chars.into_iter().collect(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn plain_patterns_need_no_regex() {
        for (pattern, meaning) in [
            ("docs/a.txt", "Exact"),
            ("{a,b}|c", "Exact"),
            ("docs/**", "Prefix"),
            ("**", "Suffix"),
            ("**/foo", "Suffix"),
            ("**foo.bar", "Suffix"),
        ] {
            assert_eq!(regex(pattern), meaning, "{pattern}");
        }
    }

    #[test]
    fn the_rest_is_translated_without_regard_to_brackets() {
        for (pattern, expected) in [
            ("*.md", r"^[^/]*\.md$"),
            ("a?b", "^a[^/]b$"),
            ("a/**/b", "^a/(.*/)?b$"),
            ("**/**", "^(.*/)?.*$"),
            ("***", "^(.*/)?[^/]*$"),
            ("**/a*", "^(.*/)?a[^/]*$"),
            ("[*]", "^[[^/]*]$"),
            ("[.]", r"^[\.]$"),
            (r"a\*b", r"^a\*b$"),
            ("a|b*", "^a|b[^/]*$"),
            ("^a*", "^^a[^/]*$"),
        ] {
            assert_eq!(regex(pattern), expected, "{pattern}");
        }
    }
}
