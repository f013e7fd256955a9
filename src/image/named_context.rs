//! Which further context of a build takes the place of an image.

use std::collections::BTreeMap;

use super::Reference;

/// What a context's value begins with where it is an image.
pub const IMAGE_CONTEXT: &str = "docker-image://";

/// The context that BuildKit takes in place of the image or stage `name`, with its own name: it looks for `name` as it is
/// usually written, without `:latest`, and for the same with a platform behind `::`.
pub fn context_in_place_of<'c, V>(contexts: &'c BTreeMap<String, V>, name: &str) -> Option<(&'c str, &'c V)> {
    let usual = name.parse::<Reference>().map_or_else(|_| name.to_owned(), |reference| reference.familiar());
    let usual = usual.strip_suffix(":latest").unwrap_or(&usual);
    let is_meant = |known: &str| {
        let of_platform = known.strip_prefix(usual).is_some_and(|rest| rest.starts_with("::"));
        known == usual || of_platform
    };
    // The one without a platform sorts first.
    contexts.iter().find(|(known, _)| is_meant(known)).map(|(known, value)| (known.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_they_are_usually_written() {
        let names = ["base", "debian:12", "r.example/x", "other::linux/amd64"];
        let contexts: BTreeMap<String, ()> = names.map(|name| (name.to_owned(), ())).into();
        for (name, expected) in [
            ("base", Some("base")),
            ("base:latest", Some("base")),
            ("docker.io/library/base", Some("base")),
            ("base:1", None),
            ("docker.io/library/debian:12", Some("debian:12")),
            ("debian", None),
            ("r.example/x:latest", Some("r.example/x")),
            ("other", Some("other::linux/amd64")),
            ("othe", None),
            ("Not A Name", None),
        ] {
            assert_eq!(context_in_place_of(&contexts, name).map(|(name, ())| name), expected, "{name}");
        }
    }
}
