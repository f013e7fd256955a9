//! Which tags a run sets.

use semver::Version;

use super::model::Promise;
use super::version;
use crate::error::{Error, Kind, Result};
use crate::image::{Tag, slug, tag_slug};
use crate::source::RefName;

/// What the run is for, as far as tags care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ref {
    /// A branch.
    Branch(RefName),
    /// A git tag.
    Tag(RefName),
    /// A pull request of this number.
    Pull(String),
    /// A commit with no name.
    Detached,
}

/// What tags depend on.
pub(super) struct TagRequest<'a> {
    pub(super) reference: &'a Ref,
    pub(super) commit: &'a str,
    /// Unix seconds of the run's start.
    pub(super) now: i64,
    pub(super) development: bool,
    pub(super) variant: Option<&'a str>,
    /// Whether this run sets version tags and `latest` itself.
    pub(super) versions: bool,
    /// Every other version known, from git tags and registry tags alike; stable ones decide.
    pub(super) known: &'a [Version],
    /// Whether a tag of this name exists already.
    pub(super) taken: &'a dyn Fn(&str) -> bool,
}

/// What a run sets.
pub(super) struct TagSet {
    /// In the order they are published.
    pub(super) tags: Vec<(Tag, Promise)>,
    /// The version the run releases, if it does.
    pub(super) released: Option<Version>,
}

/// The tags of the run.
pub(super) fn tags(request: &TagRequest<'_>) -> Result<TagSet> {
    let mut tags = vec![(unique(request)?, Promise::Unique)];
    if request.development {
        return Ok(TagSet { tags, released: None });
    }
    let mut released = None;
    match request.reference {
        Ref::Tag(name) if request.versions => {
            released = name.to_str().and_then(version::of_git_tag);
            // A tag cannot hold `+`, so a version with build metadata has no version tag of its own.
            if let Some(version) = released.as_ref().filter(|version| version.build.is_empty()) {
                for (index, text) in version::tags(version, request.known, request.variant).iter().enumerate()
                {
                    let promise = if index == 0 { Promise::Version } else { Promise::Moving };
                    tags.push((tag(text)?, promise));
                }
            }
        }
        Ref::Tag(name) => released = name.to_str().and_then(version::of_git_tag),
        Ref::Branch(name) => {
            tags.push((pointer(request, &slug(name.as_bytes(), &variants(request)))?, Promise::Moving))
        }
        Ref::Pull(number) => tags.push((pointer(request, &pull(number))?, Promise::Moving)),
        Ref::Detached => {}
    }
    Ok(TagSet { tags, released })
}

/// `<ref>-<sha7>-<unix seconds>`, with `-dev` behind it on development builds. Where a tag of that second exists,
/// the next free second is taken: a unique tag is never used twice.
fn unique(request: &TagRequest<'_>) -> Result<Tag> {
    let name = match request.reference {
        Ref::Branch(name) => slug(name.as_bytes(), &variants(request)),
        Ref::Tag(name) => format!("tag-{}", tag_slug(name.as_bytes())),
        Ref::Pull(number) => pull(number),
        Ref::Detached => "detached".to_owned(),
    };
    let short: String = request.commit.chars().take(7).collect();
    let end = if request.development { "-dev" } else { "" };
    // Ends at the end of time: a clock may say anything.
    let text = std::iter::successors(Some(request.now), |second| second.checked_add(1))
        .map(|second| format!("{name}-{short}-{second}{end}"))
        .find(|tag| !(request.taken)(tag));
    tag(&text.unwrap_or_default())
}

fn pointer(request: &TagRequest<'_>, name: &str) -> Result<Tag> {
    match request.variant {
        Some(variant) => tag(&format!("{name}-{variant}")),
        None => tag(name),
    }
}

fn variants(request: &TagRequest<'_>) -> Vec<String> {
    request.variant.map(str::to_owned).into_iter().collect()
}

/// `pr-<n>`; what is not a number comes from a hostile environment and is treated as a branch would be.
fn pull(number: &str) -> String {
    if !number.is_empty() && number.len() <= 20 && number.bytes().all(|b| b.is_ascii_digit()) {
        format!("pr-{number}")
    } else {
        slug(format!("pr/{number}").as_bytes(), &[])
    }
}

fn tag(text: &str) -> Result<Tag> {
    text.parse().map_err(|cause| {
        Error::new(Kind::Config, format!("cannot make a tag: {cause}")).hint(
            "a variant may hold letters, digits, `.`, `_` and `-` only, and a tag has at most 128 characters",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn of(reference: &Ref, change: impl Fn(&mut TagRequest<'_>)) -> Vec<String> {
        let mut request = TagRequest {
            reference,
            commit: COMMIT,
            now: 1_700_000_000,
            development: false,
            variant: None,
            versions: true,
            known: &[],
            taken: &|_| false,
        };
        change(&mut request);
        tags(&request).unwrap().tags.into_iter().map(|(tag, _)| tag.to_string()).collect()
    }

    fn branch(name: &str) -> Ref {
        Ref::Branch(RefName::from_bytes(name.as_bytes()))
    }

    fn git_tag(name: &str) -> Ref {
        Ref::Tag(RefName::from_bytes(name.as_bytes()))
    }

    #[test]
    fn branches() {
        assert_eq!(of(&branch("main"), |_| {}), ["main-0123456-1700000000", "main"]);
        assert_eq!(of(&branch("main"), |r| r.development = true), ["main-0123456-1700000000-dev"]);
        let tags = of(&branch("latest"), |_| {});
        assert!(tags[1].starts_with("ref-latest-"), "{tags:?}");
        let long = of(&branch(&"x".repeat(300)), |r| r.development = true);
        assert!(long[0].len() <= 128, "{long:?}");
    }

    #[test]
    fn releases() {
        let all = ["tag-v1.2.3-0123456-1700000000", "1.2.3", "1.2", "1", "latest"];
        assert_eq!(of(&git_tag("v1.2.3"), |_| {}), all);
        assert_eq!(of(&git_tag("v1.2.3"), |r| r.versions = false), all[..1]);
        assert_eq!(of(&git_tag("v1.2.3-rc.1"), |_| {})[1..], ["1.2.3-rc.1"]);
        assert_eq!(of(&git_tag("nightly"), |_| {}), ["tag-nightly-0123456-1700000000"]);
        assert_eq!(of(&git_tag("v1.2.3+5"), |_| {}).len(), 1);
    }

    #[test]
    fn a_unique_tag_is_never_used_twice() {
        let tags = of(&branch("main"), |r| r.taken = &|tag| tag == "main-0123456-1700000000");
        assert_eq!(tags[0], "main-0123456-1700000001");
    }

    #[test]
    fn the_end_of_time_is_a_second_like_any_other() {
        assert!(of(&branch("main"), |r| r.now = i64::MAX)[0].ends_with("-9223372036854775807"));
    }

    #[test]
    fn pull_requests() {
        assert_eq!(of(&Ref::Pull("12".into()), |_| {}), ["pr-12-0123456-1700000000", "pr-12"]);
        for hostile in ["", "1;id", "$(id)", "../x"] {
            assert!(of(&Ref::Pull(hostile.into()), |_| {})[0].starts_with("pr-"), "{hostile}");
        }
        assert!(!pull("1;id").contains(';'));
    }
}
