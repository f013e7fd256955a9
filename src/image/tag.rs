//! Tags.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// The longest a tag may be, in bytes.
pub const MAX_TAG: usize = 128;

/// A tag of the distribution grammar: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Tag(String);

/// The text is not a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTag(String);

impl fmt::Display for InvalidTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a valid tag: 1 to 128 of A-Z a-z 0-9 _ . -, not beginning with . or -", self.0)
    }
}

impl std::error::Error for InvalidTag {}

impl Tag {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = InvalidTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
        if first && text.len() <= MAX_TAG && bytes.all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
            Ok(Tag(text.to_owned()))
        } else {
            Err(InvalidTag(text.to_owned()))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
