//! Matchers and values in words.

use std::fmt::{self, Display as _};

use serde_json::Value;

use super::Matcher;

/// A value as people write it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shown_text(text),
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}

/// Text as it is, unless nothing would be seen of it.
pub(super) fn shown_text(text: &str) -> String {
    match text {
        "" => "empty text".to_owned(),
        text if text.trim().is_empty() => format!("{text:?}"),
        text => text.to_owned(),
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Matcher::Equals(value) => f.write_str(&shown(value)),
            Matcher::Text(text) => f.write_str(&shown_text(text)),
            Matcher::Number(number) => write!(f, "{number}"),
            Matcher::Contains(part) => write!(f, "text with {part:?}"),
            Matcher::Matches(pattern) => write!(f, "a match of /{}/", pattern.as_str()),
            Matcher::Prefix(start) => write!(f, "text that begins with {start:?}"),
            Matcher::Suffix(end) => write!(f, "text that ends with {end:?}"),
            Matcher::Less(limit) => write!(f, "less than {limit}"),
            Matcher::AtMost(limit) => write!(f, "at most {limit}"),
            Matcher::Greater(limit) => write!(f, "more than {limit}"),
            Matcher::AtLeast(limit) => write!(f, "at least {limit}"),
            Matcher::Length(matcher) => write!(f, "a length of {}", Part(matcher)),
            Matcher::Element(matcher) => of_several(f, "an element", matcher),
            Matcher::Line(matcher) => of_several(f, "a line", matcher),
            Matcher::Key(matcher) => of_several(f, "a key", matcher),
            Matcher::Includes(matchers) => {
                f.write_str("at least ")?;
                list(f, matchers, ", ")
            }
            Matcher::ConsistsOf(matchers) if matchers.is_empty() => f.write_str("an empty list"),
            Matcher::ConsistsOf(matchers) => {
                f.write_str("exactly, in any order, ")?;
                list(f, matchers, ", ")
            }
            Matcher::Not(matcher) => without(f, matcher),
            Matcher::All(matchers) if matchers.is_empty() => f.write_str("anything"),
            Matcher::All(matchers) => list(f, matchers, " and "),
            Matcher::Any(matchers) if matchers.is_empty() => f.write_str("what nothing is like"),
            Matcher::Any(matchers) => list(f, matchers, " or "),
        }
    }
}

/// A matcher as a part of another one, in parentheses where its words could be taken for the other's.
struct Part<'m>(&'m Matcher);

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Matcher::All(matchers) | Matcher::Any(matchers) if matchers.len() > 1 => {
                write!(f, "({})", self.0)
            }
            Matcher::Includes(matchers) | Matcher::ConsistsOf(matchers) if matchers.len() > 1 => {
                write!(f, "({})", self.0)
            }
            matcher => matcher.fmt(f),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, matchers: &[Matcher], between: &str) -> fmt::Result {
    for (nth, matcher) in matchers.iter().enumerate() {
        if nth > 0 {
            f.write_str(between)?;
        }
        Part(matcher).fmt(f)?;
    }
    Ok(())
}

/// `one`, such as "a line", that is like `matcher`.
fn of_several(f: &mut fmt::Formatter<'_>, one: &str, matcher: &Matcher) -> fmt::Result {
    match matcher {
        Matcher::Contains(part) => write!(f, "{one} with {part:?}"),
        Matcher::Matches(pattern) => write!(f, "{one} with a match of /{}/", pattern.as_str()),
        matcher => write!(f, "{one} that is {}", Part(matcher)),
    }
}

/// What is not like `matcher`.
fn without(f: &mut fmt::Formatter<'_>, matcher: &Matcher) -> fmt::Result {
    match matcher {
        Matcher::Contains(part) => write!(f, "text without {part:?}"),
        Matcher::Matches(pattern) => write!(f, "no match of /{}/", pattern.as_str()),
        Matcher::Prefix(start) => write!(f, "text that does not begin with {start:?}"),
        Matcher::Suffix(end) => write!(f, "text that does not end with {end:?}"),
        Matcher::Element(matcher) => of_several(f, "no element", matcher),
        Matcher::Line(matcher) => of_several(f, "no line", matcher),
        Matcher::Key(matcher) => of_several(f, "no key", matcher),
        Matcher::Equals(_) | Matcher::Text(_) | Matcher::Number(_) => write!(f, "anything but {matcher}"),
        Matcher::Not(matcher) => matcher.fmt(f),
        matcher => write!(f, "not {}", Part(matcher)),
    }
}
