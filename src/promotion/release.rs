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
    /// Whether to make the git tag where there is none.
    pub makes_tag: bool,
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
/// against it, and so is none where none is to be made.
pub fn release(wish: Wish<'_>, refs: &Refs, commit: Option<&str>) -> Result<Release, Reason> {
    let versions: Vec<(Version, &NamedCommit)> =
        refs.tags.iter().filter_map(|tag| Some((of_git_tag(tag.name.to_str()?)?, tag))).collect();
    let is_here = |tag: &NamedCommit| commit == Some(tag.commit.as_str());
    let version = match wish.version {
        Some(version) => version.clone(),
        None => {
            let here = versions.iter().filter(|(_, tag)| is_here(tag)).map(|(version, _)| version);
            here.max().cloned().ok_or_else(|| {
                Reason::new(
                    "no git tag at its commit names a version",
                    "name it with --as 1.4.0; tags may have to be fetched first: git fetch --tags",
                )
            })?
        }
    };
    if !version.build.is_empty() {
        return Err(Reason::new(
            format!("{version} has build metadata, which no image tag can hold"),
            "leave out the part behind the +",
        ));
    }
    let named = versions.iter().filter(|(known, _)| *known == version).map(|(_, tag)| *tag);
    let (here, elsewhere): (Vec<&NamedCommit>, Vec<&NamedCommit>) = named.partition(|tag| is_here(tag));
    if let Some(other) = elsewhere.first() {
        return Err(Reason::new(
            format!(
                "the git tag {} names another commit, {}, and is never moved",
                shown(&other.name.to_string()),
                shown(&other.commit)
            ),
            "promote the image of that commit, or choose another version",
        ));
    }
    let git_tag = match here.first() {
        Some(tag) => GitTag { name: tag.name.to_string(), is_new: false },
        None => {
            let name = new_name(&version, &versions);
            if !wish.makes_tag {
                return Err(Reason::new(
                    format!("there is no git tag {name} at its commit in this clone"),
                    format!("git fetch --tags, or set it: --tag-git makes {name} at the image's commit"),
                ));
            }
            GitTag { name, is_new: true }
        }
    };
    Ok(Release { version, git_tag })
}

/// The name of a tag that is to be, as the repository's others are written.
fn new_name(version: &Version, known: &[(Version, &NamedCommit)]) -> String {
    let with_v = |tag: &NamedCommit| tag.name.as_bytes().starts_with(b"v");
    let bare = !known.is_empty() && !known.iter().any(|(_, tag)| with_v(tag));
    if bare { version.to_string() } else { format!("v{version}") }
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
        let wish = Wish { version: version.as_ref(), makes_tag };
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
    fn what_no_image_tag_can_hold_is_refused() {
        assert!(told(Some("1.4.0+5"), true, &[("v1.4.0+5", "here")]).unwrap_err().contains("build metadata"));
    }
}
