//! The patterns of `${x#p}`, `${x%p}` and `${x/p/t}`: `*`, `?` and escapes, no brackets.

use std::fmt;

use regex::Regex;

/// The longest pattern, and the longest value to hold it against, in bytes.
const MAX_PATTERN: usize = 4 << 10;
const MAX_VALUE: usize = 64 << 10;

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatternError(String);

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

enum Piece {
    Char(char),
    Any,
    Many,
}

/// A pattern that was read.
pub(super) struct Pattern(Vec<Piece>);

impl Pattern {
    /// Reads `text`. A backslash takes the meaning from `*`, `?` and itself; before `}` and `/` it only kept them from
    /// ending the pattern; before anything else it is an error.
    pub(super) fn parse(text: &str) -> Result<Pattern, PatternError> {
        if text.len() > MAX_PATTERN {
            return Err(PatternError(format!("a pattern is longer than {MAX_PATTERN} bytes")));
        }
        let mut pieces = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            pieces.push(match c {
                '*' => Piece::Many,
                '?' => Piece::Any,
                '\\' => match chars.next() {
                    Some(literal @ ('*' | '?' | '\\' | '}' | '/')) => Piece::Char(literal),
                    Some(other) => {
                        return Err(PatternError(format!("invalid pattern: escape '\\{other}'")));
                    }
                    None => return Err(PatternError("invalid pattern: it ends in an escape".to_owned())),
                },
                c => Piece::Char(c),
            });
        }
        Ok(Pattern(pieces))
    }

    /// `value` without what the pattern matches at its start.
    pub(super) fn without_prefix(&self, value: &str, longest: bool) -> Result<String, PatternError> {
        check(value)?;
        let regex = compile("^", self.0.iter(), longest)?;
        Ok(match regex.find(value) {
            Some(found) => value.get(found.end()..).unwrap_or_default().to_owned(),
            None => value.to_owned(),
        })
    }

    /// `value` without what the pattern matches at its end.
    pub(super) fn without_suffix(&self, value: &str, longest: bool) -> Result<String, PatternError> {
        check(value)?;
        // The shortest match that ends at the end is the shortest prefix of the value read backwards.
        let backwards: String = value.chars().rev().collect();
        let regex = compile("^", self.0.iter().rev(), longest)?;
        let kept = match regex.find(&backwards) {
            Some(found) => backwards.get(found.end()..).unwrap_or_default(),
            None => &backwards,
        };
        Ok(kept.chars().rev().collect())
    }

    /// `value` with the first match, or `all`, replaced by `text`; fails where the result is longer than `limit`.
    pub(super) fn replace(
        &self,
        value: &str,
        text: &str,
        all: bool,
        limit: usize,
    ) -> Result<String, PatternError> {
        check(value)?;
        let regex = compile("", self.0.iter(), true)?;
        // At most one match before each byte and one at the end; `$0` in the text may stand for all of the value.
        let longest_text =
            if text.contains('$') { text.len().saturating_mul(value.len() + 1) } else { text.len() };
        let matches = if all { regex.find_iter(value).count() } else { 1 };
        if matches.saturating_mul(longest_text).saturating_add(value.len()) > limit {
            return Err(PatternError(format!("the text grows beyond {limit} bytes")));
        }
        Ok(match regex.find(value) {
            None => value.to_owned(),
            // The reference hands the text to Go's regexp, for which `$0` is the match; only here.
            Some(_) if all => regex.replace_all(value, text).into_owned(),
            Some(found) => {
                let (head, tail) = (value.get(..found.start()), value.get(found.end()..));
                [head.unwrap_or_default(), text, tail.unwrap_or_default()].concat()
            }
        })
    }
}

fn check(value: &str) -> Result<(), PatternError> {
    if value.len() > MAX_VALUE {
        return Err(PatternError(format!("a pattern is held against more than {MAX_VALUE} bytes")));
    }
    Ok(())
}

fn compile<'a>(
    anchor: &str,
    pieces: impl Iterator<Item = &'a Piece>,
    longest: bool,
) -> Result<Regex, PatternError> {
    let mut source = anchor.to_owned();
    for piece in pieces {
        match piece {
            Piece::Char(c) => source.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            Piece::Any => source.push('.'),
            Piece::Many => source.push_str(if longest { ".*" } else { ".*?" }),
        }
    }
    Regex::new(&source).map_err(|_| PatternError("a pattern is too complex".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(pattern: &str, value: &str, longest: bool) -> String {
        Pattern::parse(pattern).unwrap().without_prefix(value, longest).unwrap()
    }

    fn suffix(pattern: &str, value: &str, longest: bool) -> String {
        Pattern::parse(pattern).unwrap().without_suffix(value, longest).unwrap()
    }

    #[test]
    fn prefixes_and_suffixes() {
        assert_eq!(prefix("*x", "xxyy", false), "xyy");
        assert_eq!(prefix("*x", "xxyy", true), "yy");
        assert_eq!(suffix(".*", "a.b.c", false), "a.b");
        assert_eq!(suffix(".*", "a.b.c", true), "a");
        assert_eq!(suffix("?é", "añé", false), "a");
        assert_eq!(prefix("*", "a\nb", true), "\nb");
    }

    #[test]
    fn a_backslash_escapes_only_what_means_something() {
        assert_eq!(prefix(r"\*", "*a", false), "a");
        assert_eq!(prefix(r"\}", "}a", false), "a");
        assert!(Pattern::parse(r"\a").is_err());
        assert!(Pattern::parse("\\").is_err());
    }

    #[test]
    fn regex_characters_are_plain() {
        let pattern = Pattern::parse("(a+)[b]{1}^$|.").unwrap();
        assert_eq!(pattern.replace("x(a+)[b]{1}^$|.x", "-", true, 100).unwrap(), "x-x");
        assert!(Pattern::parse("?").unwrap().replace(&"x".repeat(100), "0123456789", true, 500).is_err());
    }
}
