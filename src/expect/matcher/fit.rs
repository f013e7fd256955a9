//! Whether a value is like a matcher.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::{Matcher, matching};

/// What is judged.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    Value(&'a Value),
    Bytes(&'a [u8]),
}

impl Matcher {
    /// Whether the subject is like this; `None` where that cannot be told.
    pub(super) fn fits(&self, subject: Subject<'_>) -> Option<bool> {
        if let (Subject::Value(Value::Null), false) = (subject, self.is_made_of_others()) {
            return Some(matches!(self, Matcher::Equals(Value::Null)));
        }
        let text = || subject.text();
        match self {
            Matcher::Equals(wanted) => Some(match subject {
                Subject::Value(value) => equal(wanted, value),
                Subject::Bytes(bytes) => wanted.as_str().is_some_and(|text| text.as_bytes() == bytes),
            }),
            Matcher::Text(wanted) => Some(text()? == wanted.as_str()),
            Matcher::Contains(part) => Some(text()?.contains(part.as_str())),
            Matcher::Prefix(start) => Some(text()?.starts_with(start.as_str())),
            Matcher::Suffix(end) => Some(text()?.ends_with(end.as_str())),
            Matcher::Matches(pattern) => Some(match subject {
                Subject::Bytes(bytes) => pattern.is_match(bytes),
                Subject::Value(_) => pattern.is_match(text()?.as_bytes()),
            }),
            #[expect(clippy::float_cmp, reason = "what is asked for is the very number")]
            Matcher::Number(wanted) => Some(subject.number()? == *wanted),
            Matcher::Less(limit) => Some(subject.number()? < *limit),
            Matcher::AtMost(limit) => Some(subject.number()? <= *limit),
            Matcher::Greater(limit) => Some(subject.number()? > *limit),
            Matcher::AtLeast(limit) => Some(subject.number()? >= *limit),
            Matcher::Length(matcher) => matcher.fits(Subject::Value(&subject.length()?.into())),
            Matcher::Element(matcher) => first(subject.elements()?, matcher),
            Matcher::Line(matcher) => match subject {
                Subject::Bytes(bytes) => first(lines(bytes), matcher),
                Subject::Value(_) => first(lines(text()?.as_bytes()), matcher),
            },
            Matcher::Includes(matchers) => {
                let elements: Vec<_> = subject.elements()?.take(matching::ELEMENTS + 1).collect();
                matching::covers(matchers, &elements)
            }
            Matcher::ConsistsOf(matchers) => match subject {
                Subject::Value(Value::Array(list)) if list.len() != matchers.len() => Some(false),
                Subject::Value(Value::Array(list)) => {
                    let elements: Vec<_> = list.iter().map(Subject::Value).collect();
                    matching::covers(matchers, &elements)
                }
                _ => None,
            },
            Matcher::Key(matcher) => match subject {
                Subject::Value(Value::Object(object)) => {
                    any(object.keys().map(|key| matcher.fits(Subject::Bytes(key.as_bytes()))))
                }
                _ => None,
            },
            Matcher::Not(matcher) => matcher.fits(subject).map(|fits| !fits),
            Matcher::All(matchers) => until(matchers, subject, true),
            Matcher::Any(matchers) => until(matchers, subject, false),
        }
    }

    const fn is_made_of_others(&self) -> bool {
        matches!(self, Matcher::Not(_) | Matcher::All(_) | Matcher::Any(_))
    }
}

/// What the first of them says that does not say `usual`, which is the answer where each of them does.
fn until(matchers: &[Matcher], subject: Subject<'_>, usual: bool) -> Option<bool> {
    matchers
        .iter()
        .map(|matcher| matcher.fits(subject))
        .find(|fits| *fits != Some(usual))
        .unwrap_or(Some(usual))
}

/// Whether one of them is true; where none is, nothing can be told if one of them could not be.
fn any(all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut seen = Some(false);
    for fits in all {
        match fits {
            Some(true) => return fits,
            Some(false) => {}
            None => seen = None,
        }
    }
    seen
}

fn first<'a>(elements: impl Iterator<Item = Subject<'a>>, matcher: &Matcher) -> Option<bool> {
    any(elements.map(|element| matcher.fits(element)))
}

/// The lines of a text without what ends them.
fn lines(text: &[u8]) -> impl Iterator<Item = Subject<'_>> {
    let ended = text.strip_suffix(b"\n").unwrap_or(text);
    let lines = ended.split(|byte| *byte == b'\n').take(if text.is_empty() { 0 } else { usize::MAX });
    lines.map(|line| Subject::Bytes(line.strip_suffix(b"\r").unwrap_or(line)))
}

impl<'a> Subject<'a> {
    /// The text to look at.
    fn text(self) -> Option<Cow<'a, str>> {
        Some(match self {
            Subject::Bytes(bytes) => String::from_utf8_lossy(bytes),
            Subject::Value(Value::String(text)) => Cow::Borrowed(text),
            Subject::Value(value @ (Value::Number(_) | Value::Bool(_))) => Cow::Owned(value.to_string()),
            Subject::Value(Value::Array(list)) => {
                let lines: Option<Vec<_>> = list.iter().map(|value| Subject::Value(value).text()).collect();
                Cow::Owned(lines?.join("\n"))
            }
            Subject::Value(Value::Null | Value::Object(_)) => return None,
        })
    }

    fn number(self) -> Option<f64> {
        match self {
            Subject::Value(Value::Number(number)) => number.as_f64(),
            Subject::Value(Value::Bool(_)) => None,
            _ => self.text()?.trim().parse().ok().filter(|number: &f64| !number.is_nan()),
        }
    }

    fn length(self) -> Option<usize> {
        match self {
            Subject::Bytes(bytes) => Some(bytes.len()),
            Subject::Value(Value::String(text)) => Some(text.len()),
            Subject::Value(Value::Array(list)) => Some(list.len()),
            Subject::Value(Value::Object(object)) => Some(object.len()),
            Subject::Value(Value::Null | Value::Bool(_) | Value::Number(_)) => None,
        }
    }

    /// The elements of a list, or what is between the line feeds of a text.
    fn elements(self) -> Option<Box<dyn Iterator<Item = Subject<'a>> + 'a>> {
        let text = match self {
            Subject::Value(Value::Array(list)) => return Some(Box::new(list.iter().map(Subject::Value))),
            Subject::Value(Value::String(text)) => text.as_bytes(),
            Subject::Bytes(bytes) => bytes,
            Subject::Value(_) => return None,
        };
        Some(Box::new(text.split(|byte| *byte == b'\n').map(Subject::Bytes)))
    }
}

fn equal(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        (Value::Number(wanted), Value::Number(value)) => same_number(wanted, value),
        (Value::Array(wanted), Value::Array(list)) => {
            wanted.len() == list.len() && wanted.iter().zip(list).all(|(wanted, value)| equal(wanted, value))
        }
        (Value::Object(wanted), Value::Object(object)) => {
            wanted.len() == object.len()
                && wanted
                    .iter()
                    .all(|(key, wanted)| object.get(key).is_some_and(|value| equal(wanted, value)))
        }
        _ => wanted == value,
    }
}

/// Whole numbers are compared as such: beyond 2^53 several of them are one float.
fn same_number(wanted: &Number, value: &Number) -> bool {
    let whole = |number: &Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (whole(wanted), whole(value)) {
        (Some(wanted), Some(value)) => wanted == value,
        _ => wanted.as_f64() == value.as_f64(),
    }
}
