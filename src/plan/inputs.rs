//! What the plan is made of: the facts that other rooms gathered.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::destination::{Command, Destination};
use crate::config::Settings;
use crate::dockerfile::Facts;
use crate::error::{Error, Kind};
use crate::image::{Digest, label};
use crate::registry::RegistryState;
use crate::source::{Change, CiContext, RefName, Revision, SourceState};

/// The image under the target, as far as somebody knew it before the build.
#[derive(Debug, Clone, Default)]
pub struct BaseImage {
    /// As the Dockerfile names it, expanded.
    pub reference: String,
    /// Digest of the manifest that the reference resolves to.
    pub digest: Option<String>,
    /// Its labels, which the image inherits.
    pub labels: BTreeMap<String, String>,
    /// The one platform that it is for: `linux/amd64`. None where it is for several, or nobody knows.
    pub platform: Option<String>,
}

impl BaseImage {
    /// Whether it is a development image.
    pub fn is_development(&self) -> bool {
        self.labels.get(label::DEV).is_some_and(|dev| dev == "true")
    }

    /// What a run that makes no development image says to one.
    pub fn refusal(&self) -> Error {
        let message = format!(
            "the base image {} is a development image, which makes this one a development image",
            self.reference
        );
        Error::new(Kind::Refused, message)
            .hint("build on a base that a CI made; `imgbuild build` makes development images")
    }
}

/// How a commit lies to the one of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It descends from ours.
    Ahead,
    /// Ours descends from it.
    Behind,
    /// Neither, or this clone does not show it.
    Apart,
}

/// All facts, gathered; nothing here is looked up again.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The command.
    pub command: Command,
    /// The settings in force.
    pub settings: &'a Settings,
    /// The git state.
    pub source: &'a SourceState,
    /// Who runs us.
    pub ci: &'a CiContext,
    /// The commit that tags and labels name.
    pub revision: &'a Revision,
    /// The Dockerfile's facts.
    pub facts: &'a Facts,
    /// The Dockerfile, relative to the context.
    pub dockerfile: &'a str,
    /// Digest of the Dockerfile's bytes.
    pub dockerfile_digest: &'a Digest,
    /// Digest of the context's content.
    pub context_digest: &'a Digest,
    /// The commit whose files are the context; none where it is what lies in the folder.
    pub context_commit: Option<&'a str>,
    /// Tracked paths that differ from the commit and have a say in the image; relative to the repository.
    pub changes: &'a [Change],
    /// Untracked files, not ignored by git, that have one: they would enter the context.
    pub untracked: &'a [PathBuf],
    /// The base image, where it could be read.
    pub base: Option<&'a BaseImage>,
    /// Where the image goes.
    pub destination: &'a Destination,
    /// What the registry holds; `None` where the run does not push.
    pub registry: Option<&'a RegistryState>,
    /// How the commits that the registry's images name lie to [`revision`](Inputs::revision), as far as git knows them.
    pub courses: &'a BTreeMap<String, Course>,
    /// SOURCE_DATE_EPOCH, where it is set to another time than the commit's: unix seconds.
    pub source_date: Option<i64>,
    /// The run's start: unix seconds.
    pub now: i64,
}

impl Inputs<'_> {
    /// Whether the image will hold what its revision holds.
    pub fn is_clean(&self) -> bool {
        self.changes.is_empty() && self.untracked.is_empty()
    }

    /// The branch, as CI or git names it; none on a git tag.
    pub fn branch(&self) -> Option<&RefName> {
        if self.ci.tag.is_some() { None } else { self.ci.branch.as_ref().or(self.source.branch.as_ref()) }
    }

    /// The time that the builder is told, as unix seconds.
    pub fn source_date_epoch(&self) -> Option<i64> {
        self.settings.builder.source_date.value.seconds(self.source.commit_time)
    }

    /// The suffix of version tags.
    pub fn variant(&self) -> Option<&str> {
        self.settings.variant.as_ref().map(|variant| variant.value.as_str())
    }
}
