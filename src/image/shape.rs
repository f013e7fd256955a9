//! What a tag looks like, where nothing but its name is known: which of a repository's tags never change, and which move.

use std::cmp::Ordering;

use semver::Version;

use super::slug::{is_hex, is_unique_shape};

/// The kinds of tags, in the order in which people want to see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagShape {
    /// An exact version, `1.2.3`, `v1.2.3`, `1.2.3-rc.1` or `1.2.3-alpine`: never gets other content.
    Version,
    /// `1.2`, `latest`, `main`, `nightly`: follows something.
    Moving,
    /// The tag of one run, `main-abc1234-1700000000`: never gets other content.
    Unique,
    /// `sha256-<64 hex>`, alone or with an ending: what belongs to the image of that digest.
    Digest,
}

impl TagShape {
    /// The word for it, in text and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            TagShape::Version => "version",
            TagShape::Moving => "moving",
            TagShape::Unique => "unique",
            TagShape::Digest => "digest",
        }
    }

    /// Several of it, for people.
    pub const fn plural(self) -> &'static str {
        match self {
            TagShape::Version => "versions",
            TagShape::Moving => "moving tags",
            TagShape::Unique => "unique tags",
            TagShape::Digest => "tags of referrers",
        }
    }

    /// Whether a tag of this shape never gets other content.
    pub const fn is_fixed(self) -> bool {
        matches!(self, TagShape::Version | TagShape::Unique)
    }
}

/// What `tag` looks like.
pub fn tag_shape(tag: &str) -> TagShape {
    let digest = tag.strip_prefix("sha256-").and_then(|rest| rest.split('.').next());
    if digest.is_some_and(|hex| is_hex(hex, 64)) {
        TagShape::Digest
    } else if is_unique_shape(tag) {
        TagShape::Unique
    } else if version(tag).is_some() {
        TagShape::Version
    } else {
        TagShape::Moving
    }
}

/// Versions first, newer ones before older ones; then everything else by name.
pub fn newest_first(a: &str, b: &str) -> Ordering {
    match (version(a), version(b)) {
        (Some(first), Some(second)) => second.cmp_precedence(&first).then_with(|| a.cmp(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

fn version(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let hex = "ab".repeat(32);
        for (tag, shape) in [
            ("1.2.3", TagShape::Version),
            ("v1.2.3", TagShape::Version),
            ("1.2.3-alpine", TagShape::Version),
            ("1.2", TagShape::Moving),
            ("latest", TagShape::Moving),
            ("main", TagShape::Moving),
            ("main-abc1234-1700000000", TagShape::Unique),
            ("main-abc1234-1700000000-dev", TagShape::Unique),
            ("tag-v1.2.3-abc1234-1700000000", TagShape::Unique),
            (&format!("sha256-{hex}"), TagShape::Digest),
            (&format!("sha256-{hex}.sig"), TagShape::Digest),
            ("sha256-abc", TagShape::Moving),
        ] {
            assert_eq!(tag_shape(tag), shape, "{tag}");
        }
    }
}
