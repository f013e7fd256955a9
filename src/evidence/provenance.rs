//! How an image came about: SLSA provenance.
//!
//! The form is that of <https://slsa.dev/spec/v1.0/provenance>; what is ours in it is described in docs/evidence.md.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Predicate, Statement};
use crate::image::Digest;

/// Says what the parameters mean.
pub const BUILD_TYPE: &str = "https://imgbuild.dev/build/v1";

/// How an image came about. Of other builders' provenance, what has no place here is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// What was asked for, and what it was made of.
    #[serde(default)]
    pub build_definition: Build,
    /// Who did it, and when.
    #[serde(default)]
    pub run_details: RunDetails,
}

/// What was asked for, and what it was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// [`BUILD_TYPE`] on ours.
    #[serde(default)]
    pub build_type: String,
    /// What whoever asked for the build decided.
    #[serde(default)]
    pub external_parameters: External,
    /// What the builder decided.
    #[serde(default)]
    pub internal_parameters: Internal,
    /// What went into it: the source, and the images that it stands on.
    #[serde(default)]
    pub resolved_dependencies: Vec<Dependency>,
}

/// What whoever asked for the build decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct External {
    /// What was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The Dockerfile, relative to the context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
    /// The stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The platform, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The build arguments by name. A value stands here where it is known to be none that is secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, Option<String>>,
    /// The ids of the secrets that were handed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

/// A commit in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The repository, as `git+https://…`.
    #[serde(default)]
    pub uri: String,
    /// `gitCommit`.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
    /// The branch, tag or pull request: `refs/heads/main`.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
}

/// What the builder decided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Internal {
    /// Digest of the context's content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_digest: Option<Digest>,
    /// Digest of the image's configuration: the identity of what was built and tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_digest: Option<Digest>,
    /// What git said of the checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitFacts>,
    /// Whether the image is a development image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<bool>,
    /// The engine's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// What built it: `buildkit`, `classic`, or a builder's address; `auto` where the engine chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
    /// The CI, by the name that `imgbuild ci-info` has for it; none on somebody's machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<String>,
}

/// What git said of the checkout.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitFacts {
    /// The tree that was built.
    #[serde(default)]
    pub tree: String,
    /// Whether the image holds what the commit holds.
    #[serde(default)]
    pub clean: bool,
    /// The branch, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The tag that the run was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The pull request's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<String>,
    /// The ephemeral merge commit that was checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_commit: Option<String>,
}

/// Something that went into the image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// `git+https://…` or `pkg:docker/…`.
    #[serde(default)]
    pub uri: String,
    /// Its digests by algorithm, in hex.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
}

/// Who did it, and when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    /// Who.
    #[serde(default)]
    pub builder: Worker,
    /// When, and as which run.
    #[serde(default)]
    pub metadata: Metadata,
}

/// Who built it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Worker {
    /// A URI for where imgbuild ran: a CI, or somebody's machine.
    #[serde(default)]
    pub id: String,
    /// Versions of what it is made of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
}

/// When it was built, and as which run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The page of the CI's run, or the run's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_on: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<String>,
}

impl Provenance {
    /// What `statement` says of how its subject came about; `None` where it says something else, or in a form that is
    /// not SLSA's.
    pub fn of(statement: &Statement) -> Option<Provenance> {
        if statement.kind() != Predicate::Provenance {
            return None;
        }
        serde_json::from_value(statement.predicate.clone()).ok()
    }

    /// The predicate.
    pub fn to_json(&self) -> Value {
        // Texts, lists and maps of them: JSON has all of it.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Whether imgbuild wrote it: what it says of git and development images is in nobody else's.
    pub fn is_ours(&self) -> bool {
        self.build_definition.build_type == BUILD_TYPE
    }

    /// The commit: of the source that was asked for, else of the first dependency that has one.
    pub fn commit(&self) -> Option<&str> {
        let definition = &self.build_definition;
        let source = definition.external_parameters.source.iter().map(|source| &source.digest);
        let all = source.chain(definition.resolved_dependencies.iter().map(|one| &one.digest));
        all.filter_map(|digest| digest.get("gitCommit").or_else(|| digest.get("sha1")))
            .map(String::as_str)
            .next()
    }

    /// The repository, as `scheme://host/path`: without `git+`, the name of a user, and the revision behind an `@`. `None`
    /// where none is named, or in a form that not every parser reads alike.
    pub fn repository(&self) -> Option<String> {
        let definition = &self.build_definition;
        let source = definition.external_parameters.source.iter().map(|source| source.uri.as_str());
        let dependencies = definition.resolved_dependencies.iter().map(|one| one.uri.as_str());
        let uri = source.chain(dependencies).find_map(|uri| uri.strip_prefix("git+"))?;
        super::repository_uri::read(uri)
    }

    /// The images that it stands on: names and digests.
    pub fn bases(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let all = self.build_definition.resolved_dependencies.iter();
        let images = all.filter_map(|one| Some((one.uri.strip_prefix("pkg:docker/")?, &one.digest)));
        images.map(|(uri, digest)| (uri, digest.get("sha256").map(String::as_str)))
    }

    /// What git said of the checkout; only ours knows it.
    pub fn git(&self) -> Option<&GitFacts> {
        self.build_definition.internal_parameters.git.as_ref()
    }
}

/// The level of SLSA's build track that may be claimed: 1 where there is provenance, 2 where what ran in a CI signed it.
/// More would need a CI whose jobs cannot reach the key, which is not for imgbuild to say.
pub fn slsa_level(signed: bool, in_ci: bool) -> u8 {
    if signed && in_ci { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(predicate: Value) -> Option<Provenance> {
        Provenance::of(&Statement::new(&Digest::of(b"x"), None, &Predicate::Provenance, predicate))
    }

    #[test]
    fn what_is_written_is_read() {
        let mut provenance = Provenance::default();
        provenance.build_definition.build_type = BUILD_TYPE.to_owned();
        provenance.build_definition.internal_parameters.git =
            Some(GitFacts { tree: "t".to_owned(), clean: true, ..GitFacts::default() });
        provenance.build_definition.external_parameters.arguments.insert("TOKEN".to_owned(), None);
        assert_eq!(read(provenance.to_json()), Some(provenance.clone()));
        assert!(provenance.is_ours());
        assert_eq!(
            provenance.to_json().pointer("/buildDefinition/externalParameters/arguments"),
            Some(&json!({"TOKEN": null}))
        );
    }

    #[test]
    fn that_of_other_builders_is_read_as_far_as_it_goes() {
        let other = read(json!({
            "buildDefinition": {
                "buildType": "https://mobyproject.org/buildkit@v1",
                "externalParameters": {"configSource": {"uri": "https://x"}, "request": {}},
                "internalParameters": {"builderPlatform": "linux/amd64"},
                "resolvedDependencies": [
                    {"uri": "pkg:docker/alpine@3?platform=linux", "digest": {"sha256": "aa"}},
                    {"uri": "git+https://host/r@refs/heads/main", "digest": {"gitCommit": "c0ffee"}},
                ],
            },
            "runDetails": {"builder": {"id": "b"}, "metadata": {"invocationId": "i"}, "byproducts": []},
        }))
        .unwrap();
        assert!(!other.is_ours());
        assert_eq!((other.commit(), other.repository()), (Some("c0ffee"), Some("https://host/r".to_owned())));
        assert_eq!(other.bases().collect::<Vec<_>>(), [("alpine@3?platform=linux", Some("aa"))]);
        // cosign attests whatever it is given.
        assert_eq!(read(json!({})).unwrap().commit(), None);
        assert_eq!(read(json!({"buildDefinition": 1})), None);
    }

    #[test]
    fn no_level_is_claimed_that_nobody_keeps() {
        assert_eq!(
            [(false, false), (false, true), (true, false), (true, true)].map(|(s, c)| slsa_level(s, c)),
            [1, 1, 1, 2]
        );
    }
}
