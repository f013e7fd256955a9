//! Slugs: a git ref as a part of a tag. Two refs never share a slug, and no slug can be mistaken for another kind
//! of tag.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::hex;

/// The longest a slug is. With `tag-` before it and `-<7 hex>-<seconds>-dev` behind, a tag's 128 bytes suffice.
pub const MAX_SLUG: usize = 100;

/// Bytes of the suffix that tells changed refs apart: `-` and 8 hex.
const SUFFIX: usize = 9;

/// The slug of a branch, given as git's raw bytes; `variants` are the configured image variants.
///
/// Runs of anything outside `[A-Za-z0-9_.-]` become one `-`, leading `.` and `-` and trailing `-._` go. Reserved
/// forms get the prefix `ref-`. If anything was changed, or the ref already ends in `-` and 8 hex, `-` and 8 hex of
/// the raw bytes' sha256 are appended.
pub fn slug(raw: &[u8], variants: &[String]) -> String {
    build(raw, |base| is_reserved(base, variants))
}

/// The slug of a git tag, which stands behind `tag-` and so needs no reserved forms.
pub fn tag_slug(raw: &[u8]) -> String {
    build(raw, |_| false)
}

fn build(raw: &[u8], reserved: impl Fn(&str) -> bool) -> String {
    let mut base = String::with_capacity(raw.len().min(MAX_SLUG * 2));
    let mut replaced = false;
    for &byte in raw {
        if byte.is_ascii_alphanumeric() || b"_.-".contains(&byte) {
            base.push(char::from(byte));
            replaced = false;
        } else {
            if !replaced {
                base.push('-');
            }
            replaced = true;
        }
    }
    let mut base = trim(&base).to_owned();
    if base.is_empty() {
        base.push_str("ref");
    }
    if reserved(&base) {
        base.insert_str(0, "ref-");
    }
    if base.as_bytes() == raw && base.len() <= MAX_SLUG && !ends_in_hash(&base) {
        return base;
    }
    // Pure ASCII by now, so every index is a boundary.
    base.truncate(MAX_SLUG - SUFFIX);
    let hash = hex(&Sha256::digest(raw));
    format!("{}-{}", trim(&base), &hash[..SUFFIX - 1])
}

fn trim(text: &str) -> &str {
    text.trim_start_matches(['.', '-']).trim_end_matches(['-', '.', '_'])
}

fn ends_in_hash(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(_, end)| is_hex(end, 8))
}

pub(super) fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `text` means something as a tag, so that nothing else may look like it; `variants` are the configured image
/// variants.
pub fn is_reserved(text: &str, variants: &[String]) -> bool {
    reserved(text, variants).is_some()
}

/// What `text` means as a tag; `None` where it is free.
pub fn reserved(text: &str, variants: &[String]) -> Option<Reserved> {
    let of_variant =
        |v: &String| text == v || text.strip_suffix(v.as_str()).is_some_and(|b| b.ends_with('-'));
    if text.eq_ignore_ascii_case("latest") {
        Some(Reserved::Latest)
    } else if text == "detached" {
        Some(Reserved::Detached)
    } else if text.starts_with("tag-") {
        Some(Reserved::GitTag)
    } else if text.strip_prefix("pr-").is_some_and(is_digits) {
        Some(Reserved::PullRequest)
    } else if text == "dev" || text.ends_with("-dev") {
        Some(Reserved::Development)
    } else if looks_like_version(text) {
        Some(Reserved::Version)
    } else if is_unique_shape(text) {
        Some(Reserved::Unique)
    } else {
        variants.iter().any(of_variant).then_some(Reserved::Variant)
    }
}

/// The forms of tags that are kept for one use each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// `latest`, in any case.
    Latest,
    /// `detached`.
    Detached,
    /// `tag-…`.
    GitTag,
    /// `pr-` and digits.
    PullRequest,
    /// `dev`, `…-dev`.
    Development,
    /// `1`, `v1.2`, `1.2.3-rc.1`.
    Version,
    /// `…-<7 hex>-<digits>`.
    Unique,
    /// A configured variant, alone or behind a dash.
    Variant,
}

impl fmt::Display for Reserved {
    /// Who sets such tags, in words that fit behind the tag.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reserved::Latest => "is set by releases alone",
            Reserved::Detached => "stands for a commit without a branch",
            Reserved::GitTag => "begins like the unique tag of a git tag",
            Reserved::PullRequest => "is set by pull requests alone",
            Reserved::Development => "ends like the tag of a development build",
            Reserved::Version => "looks like a version: releases alone set those",
            Reserved::Unique => "looks like the unique tag of a run",
            Reserved::Variant => "is set by releases of the variant alone",
        })
    }
}

/// `1`, `v1.2`, `1.2.3`, `1.2-rc`, `1.2.3+x`; but not `123-fix-login`, which is what branches are called.
fn looks_like_version(base: &str) -> bool {
    let bare = base.strip_prefix(['v', 'V']).unwrap_or(base);
    let numbers = bare.split(['-', '+', '_']).next().unwrap_or_default();
    let parts = numbers.split('.').collect::<Vec<_>>();
    parts.iter().all(|part| is_digits(part)) && (numbers.len() == bare.len() || parts.len() > 1)
}

/// `<anything>-<7 hex>-<digits>`, with or without `-dev`.
pub(super) fn is_unique_shape(base: &str) -> bool {
    let mut parts = base.strip_suffix("-dev").unwrap_or(base).rsplitn(3, '-');
    let (seconds, short) = (parts.next(), parts.next());
    seconds.is_some_and(is_digits) && short.is_some_and(|short| is_hex(short, 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &str) -> String {
        slug(raw.as_bytes(), &["alpine".to_owned()])
    }

    #[test]
    fn clean_names_stay() {
        for name in ["main", "release-1", "CON", "Feature_X", "v1x", "123-fix-login", "a.b", "_x"] {
            assert_eq!(of(name), name);
        }
    }

    #[test]
    fn changed_names_carry_their_hash() {
        let slugged = of("feature/ä#1");
        assert!(slugged.starts_with("feature-1-") && ends_in_hash(&slugged), "{slugged}");
        assert!(of("$(id)").starts_with("id-"));
        assert!(of("日本").starts_with("ref-"));
        assert_ne!(of("feature/a-b"), of("feature-a/b"));
        assert_ne!(of("feature-a-b"), of("feature/a-b"));
    }

    #[test]
    fn reserved_forms_are_prefixed() {
        for name in [
            "latest",
            "LATEST",
            "1",
            "1.2.3",
            "v1.2.3",
            "1.2.3-rc.1",
            "1.2-x",
            "pr-12",
            "tag-x",
            "x-dev",
            "detached",
            "alpine",
            "x-alpine",
            "main-abc1234-1700000000",
            "main-abc1234-1700000000-dev",
            "0",
        ] {
            let slugged = of(name);
            assert!(
                slugged.starts_with(&format!("ref-{name}-")) && ends_in_hash(&slugged),
                "{name}: {slugged}"
            );
        }
        assert_eq!(tag_slug(b"v1.2.3"), "v1.2.3");
    }

    #[test]
    fn a_name_that_ends_like_a_hash_gets_its_own() {
        let first = of("feature/x");
        assert_ne!(of(&first), first);
    }

    #[test]
    fn bytes_that_are_no_text_count() {
        assert_ne!(slug(b"a\xff", &[]), slug(b"a\xfe", &[]));
    }

    proptest::proptest! {
        #[test]
        fn always_a_tag_and_never_two_alike(a in proptest::collection::vec(0u8.., 0..200), b in proptest::collection::vec(0u8.., 0..200)) {
            let (x, y) = (slug(&a, &[]), slug(&b, &[]));
            proptest::prop_assert!(x.parse::<super::super::Tag>().is_ok() && x.len() <= MAX_SLUG);
            proptest::prop_assert_eq!(a == b, x == y);
            proptest::prop_assert!(!x.eq_ignore_ascii_case("latest") && !x.ends_with("-dev"));
            proptest::prop_assert!(semver::Version::parse(&x).is_err());
        }
    }
}
