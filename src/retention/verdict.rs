//! What comes of judging something on an engine.

use std::fmt;

/// Something on an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A container.
    Container,
    /// A name of an image.
    Tag,
    /// An image without a name.
    Image,
    /// The cache of the engine's builder.
    Cache,
}

impl Thing {
    /// The word for it.
    pub const fn noun(self) -> &'static str {
        match self {
            Thing::Container => "container",
            Thing::Tag => "tag",
            Thing::Image => "image",
            Thing::Cache => "build cache",
        }
    }
}

/// Whether it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may go.
    Remove,
    /// It stays.
    Keep,
}

/// One thing, and what was decided of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub thing: Thing,
    /// Its id; the reference of a tag.
    pub id: String,
    /// The id of the image that a tag names.
    pub image: Option<String>,
    /// Whether it goes.
    pub verdict: Verdict,
    /// Why, as a sentence fragment for the reader.
    pub why: String,
    /// The bytes that its removal gives back; `None` where the engine does not tell.
    pub bytes: Option<u64>,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.thing.noun(), self.id)
    }
}

/// Bytes for people: `12.3 MB`.
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    for (unit, size) in UNITS {
        if bytes >= size {
            let tenths = bytes / (size / 10);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (12_345_678, "12.3 MB"),
            (u64::MAX, "18446744073.7 GB"),
        ] {
            assert_eq!(bytes_text(bytes), text);
        }
    }
}
