//! What of which folder the builder asks for: it says so in the headers of its call.

use percent_encoding::percent_decode_str;
use tonic::metadata::MetadataMap;

/// A folder by the builder's name for it, and what of it is wanted. Empty lists ask for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// `context` or `dockerfile`.
    pub(super) folder: String,
    /// Paths with all that is below them; wildcards and links are followed.
    pub(super) follow: Vec<String>,
    /// Patterns of what is wanted.
    pub(super) include: Vec<String>,
    /// Patterns of what is not.
    pub(super) exclude: Vec<String>,
}

impl Wanted {
    /// Reads the headers of a call.
    pub(super) fn of(metadata: &MetadataMap) -> Wanted {
        Wanted {
            folder: values(metadata, "dir-name").into_iter().next().unwrap_or_default(),
            follow: values(metadata, "followpaths"),
            include: values(metadata, "include-patterns"),
            exclude: values(metadata, "exclude-patterns"),
        }
    }
}

/// The values of a header, which may come several times. Since BuildKit 0.12, those with bytes beyond ASCII are escaped as
/// in a URL, and a second header says so.
fn values(metadata: &MetadataMap, key: &'static str) -> Vec<String> {
    let escaped = metadata.get(format!("{key}-encoded")).is_some();
    let values = metadata.get_all(key).iter();
    let values = values.map(|value| String::from_utf8_lossy(value.as_encoded_bytes()).into_owned());
    if !escaped {
        return values.collect();
    }
    // As Go's `url.QueryUnescape`, where `+` is a blank.
    let plain = |value: String| percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned();
    values.map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_old_and_new_builders() {
        let mut metadata = MetadataMap::new();
        metadata.insert("dir-name", "context".parse().unwrap());
        metadata.append("followpaths", "a b".parse().unwrap());
        metadata.append("followpaths", "c%20d".parse().unwrap());
        let old = Wanted::of(&metadata);
        assert_eq!(
            (old.folder.as_str(), old.follow),
            ("context", vec!["a b".to_owned(), "c%20d".to_owned()])
        );
        assert_eq!((old.include, old.exclude), (Vec::new(), Vec::new()));

        metadata.insert("followpaths-encoded", "1".parse().unwrap());
        metadata.append("followpaths", "gr%C3%B6%C3%9Fe+x%2B".parse().unwrap());
        assert_eq!(Wanted::of(&metadata).follow, ["a b", "c d", "größe x+"]);
    }

    #[test]
    fn what_is_no_text_is_no_panic() {
        let mut metadata = MetadataMap::new();
        metadata.append("followpaths", "%FF%".parse().unwrap());
        metadata.insert("followpaths-encoded", "1".parse().unwrap());
        assert_eq!(Wanted::of(&metadata).follow, ["\u{fffd}%"]);
    }
}
