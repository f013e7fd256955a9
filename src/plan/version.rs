//! Version tags: which exist, and which of the moving ones a release moves.

use semver::Version;

use super::model::Promise;
use crate::image::label;
use crate::registry::RegistryState;
use crate::source::RefName;

/// The version that a git tag names: `v1.2.3` or `1.2.3`, with a pre-release or build part or without.
pub fn of_git_tag(name: &str) -> Option<Version> {
    Version::parse(name.strip_prefix('v').unwrap_or(name)).ok()
}

/// Whether a git tag of this name releases a version.
pub fn is_version(tag: &str) -> bool {
    of_git_tag(tag).is_some()
}

/// The stable version that a registry tag holds for `variant`: `1.2.3`, or `1.2.3-alpine` for `alpine`.
///
/// Anything behind a `-` that is not the variant is a pre-release or another variant, and moves nothing here.
fn of_registry_tag(tag: &str, variant: Option<&str>) -> Option<Version> {
    let bare = match variant {
        Some(variant) => tag.strip_suffix(variant)?.strip_suffix('-')?,
        None => tag,
    };
    Version::parse(bare).ok().filter(is_stable)
}

/// The stable versions that git tags name.
pub fn of_git_tags(tags: &[RefName]) -> impl Iterator<Item = Version> {
    tags.iter().filter_map(|tag| of_git_tag(tag.to_str()?)).filter(is_stable)
}

/// The stable versions that a registry knows for `variant`: by its tags, and by the labels of our own images behind its
/// moving tags, since a version's own tag may have been deleted.
pub fn of_registry(registry: &RegistryState, variant: Option<&str>) -> impl Iterator<Item = Version> {
    let listed = registry.all_tags.iter().filter_map(move |tag| of_registry_tag(tag, variant));
    // Other tools leave a base's version on what they build.
    let ours = registry.images.values().filter(|image| image.label(label::TOOL_VERSION).is_some());
    let labelled = ours.filter_map(|image| Version::parse(image.label(label::oci::VERSION)?).ok());
    listed.chain(labelled).filter(is_stable)
}

/// Whether the version may move tags: a pre-release never does.
pub(super) fn is_stable(version: &Version) -> bool {
    version.pre.is_empty()
}

/// A tag that belongs to a version: the exact one, or one that follows a line of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTag {
    /// The tag, with the variant.
    pub tag: String,
    /// Which.
    pub line: Line,
    /// The known version that is newer in this line, so that the tag stays where it is.
    pub newer: Option<Version>,
}

/// The lines of versions that tags follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// `1.2.3`: one version, for ever.
    Exact,
    /// `1.2`: the newest of its patches.
    Minor,
    /// `1`: the newest of its minors.
    Major,
    /// `latest`, or the bare variant: the newest of all.
    Newest,
}

impl Line {
    /// What a tag of this line promises.
    pub fn promise(self) -> Promise {
        match self {
            Line::Exact => Promise::Version,
            Line::Minor | Line::Major => Promise::Moving,
            Line::Newest => Promise::Newest,
        }
    }
}

/// Every tag of `version`, the most specific first and `latest` (or the bare variant) last. A pre-release has its own
/// alone, and there is never a bare `0`.
///
/// `known` are all other versions. A moving tag is only set where no stable one of its line is newer, so that `1.2.9`
/// after `1.3.0` moves `1.2` and nothing else.
pub fn tags(version: &Version, known: &[Version], variant: Option<&str>) -> Vec<VersionTag> {
    let suffixed = |tag: String| match variant {
        Some(variant) => format!("{tag}-{variant}"),
        None => tag,
    };
    let newest = |in_line: &dyn Fn(&Version) -> bool| {
        let newer = |k: &&Version| is_stable(k) && in_line(k) && k.cmp_precedence(version).is_gt();
        known.iter().filter(newer).max_by(|a, b| a.cmp_precedence(b)).cloned()
    };
    let mut tags =
        vec![VersionTag { tag: suffixed(value(version, Line::Exact)), line: Line::Exact, newer: None }];
    if !is_stable(version) {
        return tags;
    }
    let (major, minor) = (version.major, version.minor);
    let mut push = |tag, line, newer| tags.push(VersionTag { tag, line, newer });
    push(
        suffixed(value(version, Line::Minor)),
        Line::Minor,
        newest(&|k| (k.major, k.minor) == (major, minor)),
    );
    if major > 0 {
        push(suffixed(value(version, Line::Major)), Line::Major, newest(&|k| k.major == major));
    }
    let newest_of_all = variant.map_or_else(|| value(version, Line::Newest), str::to_owned);
    push(newest_of_all, Line::Newest, newest(&|_| true));
    tags
}

/// What stands for `version` in a line, without a variant: `1.2.3`, `1.2`, `1`, `latest`. Build metadata is left out,
/// as no tag can hold it.
pub(super) fn value(version: &Version, line: Line) -> String {
    let (major, minor, patch) = (version.major, version.minor, version.patch);
    match line {
        Line::Exact if version.pre.is_empty() => format!("{major}.{minor}.{patch}"),
        Line::Exact => format!("{major}.{minor}.{patch}-{}", version.pre),
        Line::Minor => format!("{major}.{minor}"),
        Line::Major => major.to_string(),
        Line::Newest => "latest".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn set(version: &str, known: &[&str], variant: Option<&str>) -> Vec<String> {
        let known: Vec<_> = known.iter().map(|k| v(k)).collect();
        let all = tags(&v(version), &known, variant).into_iter();
        all.filter(|tag| tag.newer.is_none()).map(|tag| tag.tag).collect()
    }

    #[test]
    fn what_stays_names_the_newest_that_is_newer() {
        let all = tags(&v("1.2.9"), &[v("1.3.0"), v("2.0.1"), v("2.1.0-rc.1")], None);
        let stays: Vec<_> =
            all.into_iter().filter_map(|tag| Some((tag.tag, tag.newer?.to_string()))).collect();
        assert_eq!(stays, [("1".to_owned(), "1.3.0".to_owned()), ("latest".to_owned(), "2.0.1".to_owned())]);
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
}
