//! Names of branches and tags as git stores them.

use std::fmt;

/// The name of a branch or tag without `refs/heads/` or `refs/tags/`, as raw bytes: git asks for no encoding, and
/// two names that differ only in invalid UTF-8 must not become one.
///
/// The text is hostile: a valid name can be `$(id)`, `a"b` or hold a right-to-left override.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefName(Vec<u8>);

impl RefName {
    /// The name that is exactly `bytes`; nothing is checked or stripped.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> RefName {
        RefName(bytes.into())
    }

    /// The raw bytes: what a slug's hash is taken over.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name as text; `None` where it is not UTF-8.
    pub fn to_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<&str> for RefName {
    fn from(name: &str) -> RefName {
        RefName(name.as_bytes().to_vec())
    }
}

impl fmt::Display for RefName {
    /// Lossy: for people, never for comparing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&String::from_utf8_lossy(&self.0), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_print_alike_stay_apart() {
        let (one, other) = (RefName::from_bytes(*b"caf\xe9"), RefName::from_bytes(*b"caf\xe8"));
        assert_ne!(one, other);
        assert_eq!(one.to_string(), other.to_string());
        assert_eq!(one.to_str(), None);
        assert_eq!(RefName::from("main").to_str(), Some("main"));
    }
}
