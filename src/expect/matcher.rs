//! What a value must be like.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::{Misfit, Pattern};

/// What a value must be like. Values are JSON values; text that came as bytes is judged with what is no UTF-8 replaced,
/// but for patterns, which see the bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// It is this one. Numbers are equal by value (`1` and `1.0`).
    Equals(Value),
    /// Text that contains this one.
    Contains(String),
    /// Text in which this occurs.
    Matches(Pattern),
    /// Text that begins so.
    Prefix(String),
    /// Text that ends so.
    Suffix(String),
    /// A number, or text that is one, below this one.
    Less(f64),
    /// At most this one.
    AtMost(f64),
    /// Above this one.
    Greater(f64),
    /// At least this one.
    AtLeast(f64),
    /// Text, a list or an object whose length (bytes, elements, keys) is like this.
    Length(Box<Matcher>),
    /// A list with an element, or text with a line, like this.
    Element(Box<Matcher>),
    /// A list with these elements and no other, in any order.
    ConsistsOf(Vec<Matcher>),
    /// An object with a key like this.
    Key(Box<Matcher>),
    /// Not like this.
    Not(Box<Matcher>),
    /// Like each of these.
    All(Vec<Matcher>),
    /// Like one of these at least.
    Any(Vec<Matcher>),
}

impl Matcher {
    /// Whether `value` is like this; what was expected and what was there otherwise.
    pub fn value(&self, what: &str, value: &Value) -> Result<(), Misfit> {
        match self.fits(Subject::Value(value)) {
            true => Ok(()),
            false => Err(Misfit::new(what, self.to_string(), shown(value))),
        }
    }

    /// The same for text that need not be UTF-8.
    pub fn text(&self, what: &str, text: &[u8]) -> Result<(), Misfit> {
        match self.fits(Subject::Bytes(text)) {
            true => Ok(()),
            false => Err(Misfit::new(what, self.to_string(), String::from_utf8_lossy(text))),
        }
    }

    fn fits(&self, subject: Subject<'_>) -> bool {
        match self {
            Matcher::Equals(wanted) => match subject {
                Subject::Value(value) => equal(wanted, value),
                Subject::Bytes(bytes) => wanted.as_str().is_some_and(|text| text.as_bytes() == bytes),
            },
            Matcher::Contains(part) => subject.text().is_some_and(|text| text.contains(part.as_str())),
            Matcher::Matches(pattern) => match subject {
                Subject::Bytes(bytes) => pattern.is_match(bytes),
                Subject::Value(_) => subject.text().is_some_and(|text| pattern.is_match(text.as_bytes())),
            },
            Matcher::Prefix(start) => subject.text().is_some_and(|text| text.starts_with(start.as_str())),
            Matcher::Suffix(end) => subject.text().is_some_and(|text| text.ends_with(end.as_str())),
            Matcher::Less(limit) => subject.number().is_some_and(|number| number < *limit),
            Matcher::AtMost(limit) => subject.number().is_some_and(|number| number <= *limit),
            Matcher::Greater(limit) => subject.number().is_some_and(|number| number > *limit),
            Matcher::AtLeast(limit) => subject.number().is_some_and(|number| number >= *limit),
            Matcher::Not(matcher) => !matcher.fits(subject),
            Matcher::All(matchers) => matchers.iter().all(|matcher| matcher.fits(subject)),
            Matcher::Any(matchers) => matchers.iter().any(|matcher| matcher.fits(subject)),
            Matcher::Length(_) | Matcher::Element(_) | Matcher::ConsistsOf(_) | Matcher::Key(_) => false,
        }
    }
}

#[derive(Clone, Copy)]
enum Subject<'a> {
    Value(&'a Value),
    Bytes(&'a [u8]),
}

impl<'a> Subject<'a> {
    fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Subject::Bytes(bytes) => Some(String::from_utf8_lossy(bytes)),
            Subject::Value(Value::String(text)) => Some(Cow::Borrowed(text)),
            Subject::Value(_) => None,
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Subject::Value(Value::Number(number)) => number.as_f64(),
            _ => self.text()?.trim().parse().ok(),
        }
    }
}

fn equal(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_f64(), value.as_f64()) {
        (Some(wanted), Some(value)) => wanted == value,
        _ => wanted == value,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |matchers: &[Matcher], word: &str| {
            matchers.iter().map(Matcher::to_string).collect::<Vec<_>>().join(word)
        };
        match self {
            Matcher::Equals(value) => f.write_str(&shown(value)),
            Matcher::Contains(part) => write!(f, "text with {part:?}"),
            Matcher::Matches(pattern) => write!(f, "a match of /{}/", pattern.as_str()),
            Matcher::Prefix(start) => write!(f, "text that begins {start:?}"),
            Matcher::Suffix(end) => write!(f, "text that ends {end:?}"),
            Matcher::Less(limit) => write!(f, "less than {limit}"),
            Matcher::AtMost(limit) => write!(f, "at most {limit}"),
            Matcher::Greater(limit) => write!(f, "more than {limit}"),
            Matcher::AtLeast(limit) => write!(f, "at least {limit}"),
            Matcher::Length(matcher) => write!(f, "a length of {matcher}"),
            Matcher::Element(matcher) => write!(f, "an element that is {matcher}"),
            Matcher::ConsistsOf(matchers) => write!(f, "exactly these: {}", list(matchers, ", ")),
            Matcher::Key(matcher) => write!(f, "a key that is {matcher}"),
            Matcher::Not(matcher) => write!(f, "not {matcher}"),
            Matcher::All(matchers) => f.write_str(&list(matchers, " and ")),
            Matcher::Any(matchers) => f.write_str(&list(matchers, " or ")),
        }
    }
}
