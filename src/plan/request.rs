//! What tags depend on, and what is wanted of one.

use semver::Version;

use super::model::Promise;
use super::version::{self, VersionTag};
use crate::error::{Error, Kind, Result};
use crate::image::{Tag, TagTemplate};
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
    /// Further tags that the configuration names.
    pub(super) extra: &'a [TagTemplate],
    /// Whether this run sets version tags and `latest` itself.
    pub(super) versions: bool,
    /// Every other version known, from git tags and registry tags alike; stable ones decide.
    pub(super) known: &'a [Version],
    /// Whether a tag of this name exists already.
    pub(super) taken: &'a dyn Fn(&str) -> bool,
}

/// A tag that belongs to the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) tag: Tag,
    pub(super) promise: Promise,
    /// The newer version for whose sake it stays where it is.
    pub(super) newer: Option<Version>,
    /// Whether it follows commits, so that a commit that is behind may not move it.
    pub(super) follows_commits: bool,
}

impl TagRequest<'_> {
    /// What a branch's name must not look like.
    pub(super) fn reserved(&self) -> Vec<String> {
        let literals = self.extra.iter().filter_map(TagTemplate::literal);
        self.variant.into_iter().chain(literals).map(str::to_owned).collect()
    }

    /// The version that a git tag names, where the run is for one.
    pub(super) fn version(&self) -> Option<Version> {
        match self.reference {
            Ref::Tag(name) => name.to_str().and_then(version::of_git_tag),
            _ => None,
        }
    }

    /// The tags of the version that this run publishes. A tag cannot hold `+`, so a version with build metadata has
    /// none.
    pub(super) fn version_tags(&self) -> Vec<VersionTag> {
        let version = self.version().filter(|version| self.versions && version.build.is_empty());
        version.map(|version| version::tags(&version, self.known, self.variant)).unwrap_or_default()
    }
}

/// A moving tag that follows commits.
pub(super) fn following(text: &str) -> Result<Wanted> {
    wanted(text, Promise::Moving, None).map(|tag| Wanted { follows_commits: true, ..tag })
}

/// A tag of this text, or why there can be none.
pub(super) fn wanted(text: &str, promise: Promise, newer: Option<Version>) -> Result<Wanted> {
    let tag: Tag = text.parse().map_err(|cause| {
        Error::new(Kind::Config, format!("cannot make a tag: {cause}")).hint(
            "a variant may hold letters, digits, `.`, `_` and `-` only, and a tag has at most 128 characters",
        )
    })?;
    Ok(Wanted { tag, promise, newer, follows_commits: false })
}

/// Whether this is the number of a pull request, and no text of somebody else's.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
}
