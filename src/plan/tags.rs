//! Which tags belong to a run.

use semver::Version;

use super::extra::extra;
use super::model::Promise;
use super::request::{Ref, TagRequest, Wanted, following, is_number, wanted};
use super::version::VersionTag;
use crate::error::{Error, Kind, Result};
use crate::image::{slug, tag_slug};

/// What belongs to a run.
pub(super) struct TagSet {
    /// In the order of publishing, each tag once.
    pub(super) tags: Vec<Wanted>,
    /// The version the run releases, if it does.
    pub(super) released: Option<Version>,
    /// Configured tags that this run does not set, with the reason, one line each.
    pub(super) left_out: Vec<String>,
}

/// The tags of the run.
pub(super) fn tags(request: &TagRequest<'_>) -> Result<TagSet> {
    let mut set = TagSet {
        tags: vec![wanted(&unique(request)?, Promise::Unique, None)?],
        released: None,
        left_out: Vec::new(),
    };
    if request.development {
        return Ok(set);
    }
    set.released = request.version();
    let versions = request.version_tags();
    for VersionTag { tag, line, newer } in &versions {
        set.tags.push(wanted(tag, line.promise(), newer.clone())?);
    }
    match request.reference {
        Ref::Branch(name) => {
            set.tags.push(following(&pointer(request, &slug(name.as_bytes(), &request.reserved())))?);
        }
        Ref::Pull(number) => set.tags.push(following(&pointer(request, &pull(number)))?),
        Ref::Tag(_) | Ref::Detached => {}
    }
    for template in request.extra {
        match extra(request, template, &versions)? {
            Ok(tag) => set.tags.push(tag),
            Err(why) => set.left_out.push(format!("the tag {template} is not set: {why}")),
        }
    }
    // Stable, so that within a promise the order is that of above.
    set.tags.sort_by_key(|wanted| wanted.promise);
    let mut seen = std::collections::BTreeSet::new();
    set.tags.retain(|wanted| seen.insert(wanted.tag.clone()));
    Ok(set)
}

/// What every unique tag of this run's ref and commit begins with: `<ref>-<sha7>-`, with the variant behind the ref.
pub(super) fn unique_prefix(request: &TagRequest<'_>) -> String {
    let name = match request.reference {
        Ref::Branch(name) => slug(name.as_bytes(), &request.reserved()),
        Ref::Tag(name) => format!("tag-{}", tag_slug(name.as_bytes())),
        Ref::Pull(number) => pull(number),
        Ref::Detached => "detached".to_owned(),
    };
    // Two variants of one commit are two images, and may be built in the same second.
    let name = pointer(request, &name);
    let short: String = request.commit.chars().take(7).collect();
    format!("{name}-{short}-")
}

/// `<ref>-<sha7>-<unix seconds>`, with `-dev` behind it on development builds. Where a tag of that second exists,
/// the next free second is taken: a unique tag is never used twice.
fn unique(request: &TagRequest<'_>) -> Result<String> {
    let prefix = unique_prefix(request);
    let end = if request.development { "-dev" } else { "" };
    // Ends at the end of time: a clock may say anything.
    let text = std::iter::successors(Some(request.now), |second| second.checked_add(1))
        .map(|second| format!("{prefix}{second}{end}"))
        .find(|tag| !(request.taken)(tag));
    text.ok_or_else(|| Error::new(Kind::Internal, "there is no unique tag left"))
}

fn pointer(request: &TagRequest<'_>, name: &str) -> String {
    match request.variant {
        Some(variant) => format!("{name}-{variant}"),
        None => name.to_owned(),
    }
}

/// `pr-<n>`; what is not a number comes from a hostile environment and is treated as a branch would be.
fn pull(number: &str) -> String {
    if is_number(number) { format!("pr-{number}") } else { slug(format!("pr/{number}").as_bytes(), &[]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::TagTemplate;
    use crate::source::RefName;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn set<'a>(reference: &'a Ref, change: impl Fn(&mut TagRequest<'a>)) -> TagSet {
        let mut request = TagRequest {
            reference,
            commit: COMMIT,
            now: 1_700_000_000,
            development: false,
            variant: None,
            extra: &[],
            versions: true,
            known: &[],
            taken: &|_| false,
        };
        change(&mut request);
        tags(&request).unwrap()
    }

    fn of<'a>(reference: &'a Ref, change: impl Fn(&mut TagRequest<'a>)) -> Vec<String> {
        set(reference, change).tags.into_iter().map(|wanted| wanted.tag.to_string()).collect()
    }

    fn branch(name: &str) -> Ref {
        Ref::Branch(RefName::from_bytes(name.as_bytes()))
    }

    fn git_tag(name: &str) -> Ref {
        Ref::Tag(RefName::from_bytes(name.as_bytes()))
    }

    fn templates(texts: &[&str]) -> Vec<TagTemplate> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
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
    fn extra_tags() {
        let extra =
            templates(&["{branch}", "nightly", "edge-{date}", "v{version}", "v{major}", "pr{pr}-{sha}"]);
        let release = ["1.2.3", "v1.2.3", "1.2", "1", "nightly", "edge-20231114", "v1", "latest"];
        let early = ["0.2.3", "v0.2.3", "0.2", "nightly", "edge-20231114", "latest"];
        for (reference, tags) in [
            (branch("main"), &["main", "nightly", "edge-20231114"][..]),
            (git_tag("v1.2.3"), &release),
            (git_tag("v0.2.3"), &early),
            (Ref::Pull("12".to_owned()), &["pr-12", "pr12-0123456"]),
        ] {
            assert_eq!(of(&reference, |r| r.extra = &extra)[1..], *tags);
        }
        let pull = Ref::Pull("12".to_owned());
        let left = set(&pull, |r| r.extra = &extra).left_out;
        assert_eq!(left.len(), 5, "{left:?}");
        // A branch of that name would be set by two.
        let nightly = branch("nightly");
        assert!(of(&nightly, |r| r.extra = &extra)[1].starts_with("ref-nightly-"));
    }

    #[test]
    fn an_extra_tag_follows_the_line_of_its_version() {
        let (extra, known) = (templates(&["v{minor}", "v{major}"]), [Version::new(1, 3, 0)]);
        let (back_port, early) = (git_tag("v1.2.9"), git_tag("v2.0.0-rc.1"));
        let all = set(&back_port, |r| (r.extra, r.known) = (&extra, &known)).tags;
        let newer = |tag: &str| all.iter().find(|w| w.tag.as_str() == tag).unwrap().newer.clone();
        assert_eq!((newer("v1.2"), newer("v1")), (None, Some(Version::new(1, 3, 0))));
        assert!(set(&early, |r| r.extra = &extra).tags.iter().all(|w| w.promise.is_fixed()));
    }

    #[test]
    fn a_git_tag_that_is_a_version_stays_one() {
        let (extra, tag) = (templates(&["{tag}"]), git_tag("v1.2.3"));
        let all = set(&tag, |r| r.extra = &extra).tags;
        let found = all.iter().find(|wanted| wanted.tag.as_str() == "v1.2.3").unwrap();
        assert_eq!(found.promise, Promise::Version);
        assert_eq!(set(&tag, |r| (r.extra, r.versions) = (&extra, false)).left_out.len(), 1);
    }

    #[test]
    fn a_commit_of_decimal_digits_is_no_version() {
        let (extra, main) = (templates(&["{sha}"]), branch("main"));
        let commit = "1234567890123456789012345678901234567890";
        assert_eq!(of(&main, |r| (r.extra, r.commit) = (&extra, commit))[2], "1234567");
    }

    #[test]
    fn an_extra_tag_never_looks_like_one_of_ours() {
        for (text, reference) in [
            ("{branch}-{time}", branch("main-abc1234")),
            ("{tag}", git_tag("latest")),
            ("{tag}", git_tag("x-dev")),
        ] {
            let extra = templates(&[text]);
            let request = TagRequest {
                reference: &reference,
                commit: COMMIT,
                now: 1_700_000_000,
                development: false,
                variant: None,
                extra: &extra,
                versions: true,
                known: &[],
                taken: &|_| false,
            };
            let error = tags(&request).err().unwrap_or_else(|| panic!("{text} was taken"));
            assert_eq!(error.kind(), Kind::Config);
        }
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
