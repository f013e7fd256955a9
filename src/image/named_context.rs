//! Which further context of a build takes the place of an image.

use std::collections::BTreeMap;

use super::Reference;

/// What a context's value begins with where it is an image.
pub const IMAGE_CONTEXT: &str = "docker-image://";

/// What BuildKit takes in place of an image or stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InPlace<'c, V> {
    /// The context with this name, and its value.
    Context(&'c str, &'c V),
    /// Maybe this one, which is for one platform: nobody knows whether that is the build's.
    Maybe(&'c str),
}

/// The context that BuildKit takes in place of the image or stage `name` where it builds for `platform`: it looks for
/// `name` as it is usually written, without `:latest`, with the platform behind `::`, and then for the same without.
pub fn context_in_place_of<'c, V>(
    contexts: &'c BTreeMap<String, V>,
    name: &str,
    platform: Option<&str>,
) -> Option<InPlace<'c, V>> {
    let usual = name.parse::<Reference>().map_or_else(|_| name.to_owned(), |reference| reference.familiar());
    let usual = usual.strip_suffix(":latest").unwrap_or(&usual);
    let named = |key: &str| {
        let found = contexts.get_key_value(key);
        found.map(|(known, value)| InPlace::Context(known.as_str(), value))
    };
    let of_any = format!("{usual}::");
    let found = match platform.and_then(normal) {
        Some(platform) => named(&format!("{of_any}{platform}")),
        None => {
            let maybe = contexts.keys().find(|known| known.starts_with(&of_any));
            maybe.map(|known| InPlace::Maybe(known.as_str()))
        }
    };
    found.or_else(|| named(usual))
}

/// A platform as BuildKit writes it: `linux/arm64` for `linux/aarch64/v8`. `None` for what is not a whole one.
fn normal(platform: &str) -> Option<String> {
    let lower = Some(platform.to_ascii_lowercase()).filter(|text| !text.contains('$'))?;
    let mut parts = lower.split('/').filter(|part| !part.is_empty());
    let (os, arch, variant) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    let (arch, variant) = match (arch, variant) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "8" | "v8") => ("arm64", ""),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
        ("armel", _) | ("arm", "6") => ("arm", "v6"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "8") => ("arm", "v8"),
        other => other,
    };
    let behind = if variant.is_empty() { String::new() } else { format!("/{variant}") };
    Some(format!("{os}/{arch}{behind}"))
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
            ("other", None),
            ("othe", None),
            ("Not A Name", None),
        ] {
            let found = context_in_place_of(&contexts, name, Some("linux/s390x"));
            assert_eq!(found, expected.map(|name| InPlace::Context(name, &())), "{name}");
        }
    }

    #[test]
    fn the_platform_that_is_built_goes_first_and_no_other_is_taken() {
        let names = ["base", "base::linux/amd64", "base::linux/arm/v7", "only::linux/arm64", "plain"];
        let contexts: BTreeMap<String, ()> = names.map(|name| (name.to_owned(), ())).into();
        let taken = |name| InPlace::Context(name, &());
        for (name, platform, expected) in [
            ("base", Some("linux/amd64"), Some(taken("base::linux/amd64"))),
            ("base:latest", Some("linux/x86_64"), Some(taken("base::linux/amd64"))),
            ("base", Some("linux/arm"), Some(taken("base::linux/arm/v7"))),
            ("base", Some("linux/arm64"), Some(taken("base"))),
            ("only", Some("linux/arm64/v8"), Some(taken("only::linux/arm64"))),
            ("only", Some("linux/amd64"), None),
            ("base", None, Some(InPlace::Maybe("base::linux/amd64"))),
            ("base", Some("$BUILDPLATFORM"), Some(InPlace::Maybe("base::linux/amd64"))),
            ("base", Some("arm64"), Some(InPlace::Maybe("base::linux/amd64"))),
            ("plain", None, Some(taken("plain"))),
        ] {
            assert_eq!(context_in_place_of(&contexts, name, platform), expected, "{name} {platform:?}");
        }
    }
}
