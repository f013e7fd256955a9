//! Version tags: which exist, and which of the moving ones a release moves.

use semver::Version;

/// The version that a git tag names: `v1.2.3` or `1.2.3`, with a pre-release or build part or without.
pub(super) fn of_git_tag(name: &str) -> Option<Version> {
    Version::parse(name.strip_prefix('v').unwrap_or(name)).ok()
}

/// The stable version that a registry tag holds for `variant`: `1.2.3`, or `1.2.3-alpine` for `alpine`.
///
/// Anything behind a `-` that is not the variant is a pre-release or another variant, and moves nothing here.
pub(super) fn of_registry_tag(tag: &str, variant: Option<&str>) -> Option<Version> {
    let bare = match variant {
        Some(variant) => tag.strip_suffix(variant)?.strip_suffix('-')?,
        None => tag,
    };
    Version::parse(bare).ok().filter(is_stable)
}

/// Whether the version may move tags: a pre-release never does.
pub(super) fn is_stable(version: &Version) -> bool {
    version.pre.is_empty()
}

/// The tags that publishing `version` sets, the most specific first and `latest` (or the bare variant) last.
///
/// `known` are all other stable versions. A moving tag is set only where no known version of its line is newer, so
/// that `1.2.9` after `1.3.0` moves `1.2` and nothing else. There is never a bare `0`.
pub(super) fn tags(version: &Version, known: &[Version], variant: Option<&str>) -> Vec<String> {
    let suffixed = |tag: String| match variant {
        Some(variant) => format!("{tag}-{variant}"),
        None => tag,
    };
    let (major, minor) = (version.major, version.minor);
    let exact = if version.pre.is_empty() {
        format!("{major}.{minor}.{}", version.patch)
    } else {
        format!("{major}.{minor}.{}-{}", version.patch, version.pre)
    };
    let mut tags = vec![suffixed(exact)];
    if !is_stable(version) {
        return tags;
    }
    let newest = |line: &dyn Fn(&Version) -> bool| {
        !known.iter().filter(|k| is_stable(k) && line(k)).any(|k| k.cmp_precedence(version).is_gt())
    };
    if newest(&|k| (k.major, k.minor) == (major, minor)) {
        tags.push(suffixed(format!("{major}.{minor}")));
    }
    if major > 0 && newest(&|k| k.major == major) {
        tags.push(suffixed(major.to_string()));
    }
    if newest(&|_| true) {
        tags.push(variant.map_or_else(|| "latest".to_owned(), str::to_owned));
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn set(version: &str, known: &[&str], variant: Option<&str>) -> Vec<String> {
        tags(&v(version), &known.iter().map(|k| v(k)).collect::<Vec<_>>(), variant)
    }

    #[test]
    fn a_first_release_sets_all() {
        assert_eq!(set("1.2.3", &[], None), ["1.2.3", "1.2", "1", "latest"]);
    }

    #[test]
    fn a_back_port_moves_its_line_only() {
        assert_eq!(set("1.2.9", &["1.3.0", "1.2.8"], None), ["1.2.9", "1.2"]);
        assert_eq!(set("1.2.9", &["2.0.0"], None), ["1.2.9", "1.2", "1"]);
        assert_eq!(set("1.2.2", &["1.2.3"], None), ["1.2.2"]);
    }

    #[test]
    fn a_pre_release_moves_nothing_and_blocks_nothing() {
        assert_eq!(set("2.0.0-rc.1", &["1.0.0"], None), ["2.0.0-rc.1"]);
        assert_eq!(set("1.0.0", &["2.0.0-rc.1"], None), ["1.0.0", "1.0", "1", "latest"]);
    }

    #[test]
    fn there_is_no_bare_zero() {
        assert_eq!(set("0.2.0", &[], None), ["0.2.0", "0.2", "latest"]);
    }

    #[test]
    fn variants_have_their_own_lines() {
        assert_eq!(set("1.2.3", &[], Some("alpine")), ["1.2.3-alpine", "1.2-alpine", "1-alpine", "alpine"]);
        assert_eq!(of_registry_tag("1.2.3-alpine", Some("alpine")), Some(v("1.2.3")));
        assert_eq!(of_registry_tag("1.2.3-alpine", None), None);
        assert_eq!(of_registry_tag("1.2.3", Some("alpine")), None);
    }

    #[test]
    fn git_tags() {
        assert_eq!(of_git_tag("v1.2.3"), Some(v("1.2.3")));
        assert_eq!(of_git_tag("1.2.3-rc.1"), Some(v("1.2.3-rc.1")));
        for no in ["v1.2", "release-1.2.3", "vv1.2.3", "", "v1.2.3.4", "v01.2.3"] {
            assert_eq!(of_git_tag(no), None, "{no}");
        }
    }

    proptest::proptest! {
        /// Whatever the order of releases, each moving tag ends at the newest version of its line.
        #[test]
        fn moving_tags_end_at_the_newest(history in proptest::collection::vec((0u64..3, 0u64..3, 0u64..4), 1..20)) {
            let mut registry = std::collections::BTreeMap::new();
            let mut known: Vec<Version> = Vec::new();
            for (major, minor, patch) in history {
                let version = Version::new(major, minor, patch);
                for tag in tags(&version, &known, None) {
                    registry.insert(tag, version.clone());
                }
                known.push(version);
            }
            let newest = |line: &dyn Fn(&&Version) -> bool| known.iter().filter(line).max().cloned();
            let latest = newest(&|_| true);
            proptest::prop_assert_eq!(registry.get("latest"), latest.as_ref());
            for major in 1..3 {
                let line = newest(&|k| k.major == major);
                proptest::prop_assert_eq!(registry.get(&major.to_string()), line.as_ref());
                for minor in 0..3 {
                    let line = newest(&|k| k.major == major && k.minor == minor);
                    proptest::prop_assert_eq!(registry.get(&format!("{major}.{minor}")), line.as_ref());
                }
            }
            proptest::prop_assert!(!registry.contains_key("0"));
        }
    }
}
