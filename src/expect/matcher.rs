//! What a value must be like.

mod fit;
mod matching;
#[cfg(test)]
mod tests;
mod words;

use serde_json::Value;

use self::fit::Subject;
use self::words::shown;
use super::{Misfit, Pattern};

/// What a value must be like. Values are JSON values; text that came as bytes is judged with what is no UTF-8 replaced,
/// but for patterns, which see the bytes.
///
/// A matcher that looks at text sees numbers and truth values as they are written, and a list's elements as lines. Where
/// there is nothing to look at (`abc` is not above 5 nor below it), neither the matcher nor its `Not` fits: what cannot be
/// judged proves nothing. The value null is like nothing but null.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// It is this one. Numbers are equal by value (`1` and `1.0`).
    Equals(Value),
    /// Its text is this one: `"1"` fits the number 1, too.
    Text(String),
    /// A number, or text that is one, equal to this one.
    Number(f64),
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
    /// A list with an element like this, or text with a line like this. Lines are what is between line feeds, so that a
    /// text with one at its end ends with an empty line.
    Element(Box<Matcher>),
    /// Text with a line like this. Lines end with a line feed, before which a carriage return does not count; behind the
    /// last one there is no further line.
    Line(Box<Matcher>),
    /// A list (or the lines of a text, as for `Element`) that has for each of these an element of its own, and may have more.
    Includes(Vec<Matcher>),
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
    /// The most matchers of one `Includes` or `ConsistsOf`; none fits one with more.
    pub const MOST: usize = 256;

    /// Whether `value` is like this; what was expected and what was there otherwise.
    pub fn value(&self, what: &str, value: &Value) -> Result<(), Misfit> {
        match self.culprit(Subject::Value(value)) {
            None => Ok(()),
            Some(part) => Err(Misfit::new(what, part.to_string(), shown(value))),
        }
    }

    /// The same for text that need not be UTF-8.
    pub fn text(&self, what: &str, text: &[u8]) -> Result<(), Misfit> {
        match self.culprit(Subject::Bytes(text)) {
            None => Ok(()),
            Some(part) => {
                Err(Misfit::new(what, part.to_string(), words::shown_text(&String::from_utf8_lossy(text))))
            }
        }
    }

    /// Whether `value` is like this.
    pub fn accepts(&self, value: &Value) -> bool {
        self.fits(Subject::Value(value)) == Some(true)
    }

    /// What of this does not fit: of several that all must, the first that does not.
    fn culprit(&self, subject: Subject<'_>) -> Option<&Matcher> {
        match self {
            Matcher::All(matchers) => matchers.iter().find_map(|matcher| matcher.culprit(subject)),
            _ => (self.fits(subject) != Some(true)).then_some(self),
        }
    }
}
