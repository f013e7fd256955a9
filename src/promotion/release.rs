//! Which version an image becomes: a git tag at its commit names it.

use semver::Version;
use serde::Serialize;

use super::Reason;
use super::reasons::shown;
use crate::error::{Error, Kind};
use crate::plan::{of_git_tag, version_tags};
use crate::source::{NamedCommit, Refs};

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The version; `None` leaves it to the git tags at the commit.
    pub version: Option<&'a Version>,
    /// Whether to make the git tag where there is none: then the tags that the remote has at this moment.
    pub remote: Option<&'a [NamedCommit]>,
}

/// A version, and the git tag that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The version.
    pub version: Version,
    /// The git tag.
    pub git_tag: GitTag,
}

/// A git tag at the image's commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GitTag {
    /// Its name.
    pub name: String,
    /// Whether it is still to be made.
    pub is_new: bool,
    /// Whether it is pushed, since the remote has it not.
    pub is_pushed: bool,
}

impl Release {
    /// The names of all tags that such a version has, whichever of them are set in the end.
    pub fn tags(&self, variant: Option<&str>) -> Vec<String> {
        version_tags(&self.version, &[], variant).into_iter().map(|tag| tag.tag).collect()
    }
}

/// The version that somebody wrote, with a `v` or without.
pub fn version(text: &str) -> Result<Version, Error> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).map_err(|cause| {
        Error::new(Kind::Usage, format!("{text:?} is no version"))
            .because(cause)
            .hint("write it as 1.4.0 or 1.4.0-rc.1")
    })
}

/// The version that the image of `commit` becomes. A git tag is never moved, so one that names another commit is a reason
/// against it, here or at the remote, and so is none where none is to be made.
pub fn release(wish: Wish<'_>, refs: &Refs, commit: Option<&str>) -> Result<Release, Reason> {
    let local = Named::of(&refs.tags, commit);
    let remote = Named::of(wish.remote.unwrap_or_default(), commit);
    let version = match wish.version {
        Some(version) => version.clone(),
        None => local.highest_here().ok_or_else(|| {
            Reason::new(
                "no git tag at its commit names a version",
                "name it with --as 1.4.0; tags may have to be fetched first: git fetch --tags",
            )
        })?,
    };
    if !version.build.is_empty() {
        return Err(Reason::new(
            format!("{version} has build metadata, which no image tag can hold"),
            "leave out the part behind the +",
        ));
    }
    for (tags, whose) in [(&local, ""), (&remote, " of the remote")] {
        if let Some(other) = tags.elsewhere(&version) {
            return Err(Reason::new(
                format!(
                    "the git tag {}{whose} names another commit, {}, and is never moved",
                    shown(&other.name.to_string()),
                    shown(&other.commit)
                ),
                "promote the image of that commit, or choose another version",
            ));
        }
    }
    let git_tag = match (local.here(&version), remote.here(&version)) {
        (Some(tag), at_remote) => {
            let is_pushed = wish.remote.is_some() && at_remote.is_none();
            GitTag { name: tag.name.to_string(), is_new: false, is_pushed }
        }
        // It was made elsewhere meanwhile, of the same commit.
        (None, Some(tag)) => GitTag { name: tag.name.to_string(), is_new: false, is_pushed: false },
        (None, None) => {
            let name = local.new_name(&version);
            if wish.remote.is_none() {
                return Err(Reason::new(
                    format!("there is no git tag {name} at its commit in this clone"),
                    format!("git fetch --tags, or set it: --tag-git makes {name} at the image's commit"),
                ));
            }
            GitTag { name, is_new: true, is_pushed: true }
        }
    };
    Ok(Release { version, git_tag })
}

/// The tags of one place that name versions, and the commit that is promoted.
struct Named<'a> {
    versions: Vec<(Version, &'a NamedCommit)>,
    commit: Option<&'a str>,
}

impl<'a> Named<'a> {
    fn of(tags: &'a [NamedCommit], commit: Option<&'a str>) -> Named<'a> {
        let version = |tag: &'a NamedCommit| Some((of_git_tag(tag.name.to_str()?)?, tag));
        Named { versions: tags.iter().filter_map(version).collect(), commit }
    }

    fn is_here(&self, tag: &NamedCommit) -> bool {
        self.commit == Some(tag.commit.as_str())
    }

    fn highest_here(&self) -> Option<Version> {
        let here = self.versions.iter().filter(|(_, tag)| self.is_here(tag));
        here.map(|(version, _)| version).max().cloned()
    }

    /// The tags of a version: it may be written in more than one way.
    fn all(&self, version: &Version) -> impl Iterator<Item = &'a NamedCommit> {
        self.versions.iter().filter(move |(known, _)| known == version).map(|(_, tag)| *tag)
    }

    fn here(&self, version: &Version) -> Option<&'a NamedCommit> {
        self.all(version).find(|tag| self.is_here(tag))
    }

    fn elsewhere(&self, version: &Version) -> Option<&'a NamedCommit> {
        self.all(version).find(|tag| !self.is_here(tag))
    }

    /// The name of a tag that is to be, as the repository's others are written.
    fn new_name(&self, version: &Version) -> String {
        let with_v = |tag: &NamedCommit| tag.name.as_bytes().starts_with(b"v");
        let bare = !self.versions.is_empty() && !self.versions.iter().any(|(_, tag)| with_v(tag));
        if bare { version.to_string() } else { format!("v{version}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "0123456789012345678901234567890123456789";

    fn refs(tags: &[(&str, &str)]) -> Refs {
        let named = |(name, commit): &(&str, &str)| NamedCommit {
            name: (*name).into(),
            commit: if *commit == "here" { HERE.to_owned() } else { (*commit).to_owned() },
        };
        Refs { branches: Vec::new(), tags: tags.iter().map(named).collect() }
    }

    fn told(
        asked: Option<&str>,
        makes_tag: bool,
        tags: &[(&str, &str)],
    ) -> Result<(String, String, bool), String> {
        let version = asked.map(|text| Version::parse(text).unwrap());
        let remote = refs(tags).tags;
        let wish = Wish { version: version.as_ref(), remote: makes_tag.then_some(&remote) };
        match release(wish, &refs(tags), Some(HERE)) {
            Ok(found) => Ok((found.version.to_string(), found.git_tag.name, found.git_tag.is_new)),
            Err(reason) => Err(reason.why),
        }
    }

    #[test]
    fn a_tag_at_the_commit_names_the_version() {
        let tags = [("v1.4.0", "here"), ("v1.3.0", "other"), ("v1.4.0-rc.1", "here"), ("nightly", "here")];
        let found = Ok(("1.4.0".to_owned(), "v1.4.0".to_owned(), false));
        assert_eq!(told(None, false, &tags), found);
        assert_eq!(told(Some("1.4.0"), true, &tags), found);
        let candidate = Ok(("1.4.0-rc.1".to_owned(), "v1.4.0-rc.1".to_owned(), false));
        assert_eq!(told(Some("1.4.0-rc.1"), false, &tags), candidate);
        assert!(told(Some("1.3.0"), true, &tags).unwrap_err().contains("names another commit, other"));
        assert!(told(None, false, &[("v1.3.0", "other")]).unwrap_err().contains("no git tag at its commit"));
        // Two tags of one version that do not agree.
        assert!(
            told(None, false, &[("v1.4.0", "here"), ("1.4.0", "other")]).unwrap_err().contains("1.4.0 names")
        );
    }

    #[test]
    fn a_tag_is_made_where_that_is_wanted_and_written_as_the_others_are() {
        assert!(told(Some("1.4.0"), false, &[]).unwrap_err().contains("no git tag v1.4.0"));
        let made = |name: &str| Ok(("1.4.0".to_owned(), name.to_owned(), true));
        assert_eq!(told(Some("1.4.0"), true, &[]), made("v1.4.0"));
        assert_eq!(told(Some("1.4.0"), true, &[("1.3.0", "other"), ("x", "other")]), made("1.4.0"));
        assert_eq!(told(Some("1.4.0"), true, &[("1.3.0", "other"), ("v1.2.0", "other")]), made("v1.4.0"));
    }

    #[test]
    fn a_tag_goes_to_the_remote_which_may_have_another_one() {
        let told = |local: &[(&str, &str)], remote: &[(&str, &str)]| {
            let (version, remote) = (Version::parse("1.4.0").unwrap(), refs(remote).tags);
            let wish = Wish { version: Some(&version), remote: Some(&remote) };
            release(wish, &refs(local), Some(HERE)).map(|found| found.git_tag).map_err(|reason| reason.why)
        };
        let tag = |name: &str, is_new, is_pushed| Ok(GitTag { name: name.to_owned(), is_new, is_pushed });
        assert_eq!(told(&[], &[("v1.3.0", "other")]), tag("v1.4.0", true, true));
        // One that was made and not pushed, as by a promotion that broke off.
        assert_eq!(told(&[("v1.4.0", "here")], &[]), tag("v1.4.0", false, true));
        assert_eq!(told(&[("v1.4.0", "here")], &[("1.4.0", "here")]), tag("v1.4.0", false, false));
        assert_eq!(told(&[], &[("v1.4.0", "here")]), tag("v1.4.0", false, false));
        for name in ["v1.4.0", "1.4.0"] {
            let why =
                format!("the git tag {name} of the remote names another commit, other, and is never moved");
            assert_eq!(told(&[], &[(name, "other")]), Err(why.clone()));
            assert_eq!(told(&[("v1.4.0", "here")], &[(name, "other"), ("v1.4.0", "here")]), Err(why));
        }
    }

    #[test]
    fn what_no_image_tag_can_hold_is_refused() {
        assert!(told(Some("1.4.0+5"), true, &[("v1.4.0+5", "here")]).unwrap_err().contains("build metadata"));
    }
}
