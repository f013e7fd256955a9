//! The plan: everything a run will do, as a value.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::destination::{Command, PushDecision};
use crate::image::{Digest, Reference, Repository, Tag};

/// Version of the plan's JSON form.
pub const SCHEMA: u32 = 1;

/// The final value of everything that the run sets.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The command that was planned.
    pub command: Command,
    /// Whether the image is a development image.
    pub development: bool,
    /// The commit that tags and labels name: on a pull request its head.
    pub revision: String,
    /// Where the tags live.
    #[serde(serialize_with = "displayed")]
    pub repository: Repository,
    /// Whether the run pushes.
    pub push: PushDecision,
    /// The image that the registry has of this very release already: nothing is built, and the tags complete it.
    pub adopts: Option<Adoption>,
    /// The tags in the order they are published: the unique one first, `latest` last.
    pub tags: Vec<PlannedTag>,
    /// Tags that belong to this run and stay where they are.
    pub kept: Vec<KeptTag>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// Build arguments, each declared by the Dockerfile.
    pub args: BTreeMap<String, String>,
    /// The stage to build; `None` for the last.
    pub target: Option<String>,
    /// The platform; `None` for the engine's own.
    pub platform: Option<String>,
    /// What builds: `auto`, `buildkit`, `classic`, or the address of a builder.
    pub builder: String,
    /// SOURCE_DATE_EPOCH for the builder: unix seconds.
    pub source_date_epoch: Option<i64>,
    /// The Dockerfile, relative to the context.
    pub dockerfile: String,
    /// Digest of the context's content.
    pub context_digest: Digest,
    /// The commit whose files are the context; `None` where it is what lies in the folder.
    pub context_commit: Option<String>,
    /// The modification time that every entry of the context's tar carries, and `created`: unix seconds.
    pub created: i64,
    /// What the reader should know, one line each.
    pub warnings: Vec<String>,
    /// What was left out and why, one line each.
    pub notes: Vec<String>,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedTag {
    /// The tag.
    pub tag: Tag,
    /// What it promises.
    pub promise: Promise,
    /// What it points to now, as far as the registry was asked.
    pub now: Option<Digest>,
    /// What it will point to; `None` where that is an image which is still to be built.
    pub becomes: Option<Digest>,
}

/// A tag that the run would set, and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptTag {
    /// The tag.
    pub tag: Tag,
    /// What it points to, and goes on to point to; `None` where it does not exist, which is then nothing new.
    pub now: Option<Digest>,
    /// Why, as a sentence fragment for the reader.
    pub why: String,
    /// Whether it is for the sake of a newer commit, and not of a newer version.
    pub holds_newer_commit: bool,
}

/// An image in the registry that is what this run would build: the same commit, clean, and the same context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adoption {
    /// Digest of its manifest.
    pub digest: Digest,
    /// The tag that it was found by.
    pub found: Tag,
}

/// What a tag promises to whoever pulls it, in the order of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// Set once, never again with other content: the unique tag.
    Unique,
    /// Set once, never again with other content: an exact version.
    Version,
    /// Follows a line of versions, a branch or a pull request, or is one that the configuration names.
    Moving,
    /// `latest`, or the bare variant: moving, and the very last to move.
    Newest,
}

impl Promise {
    /// Whether the tag never holds other content.
    pub fn is_fixed(self) -> bool {
        matches!(self, Promise::Unique | Promise::Version)
    }

    /// The word for it, in text and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Promise::Unique => "unique",
            Promise::Version => "version",
            Promise::Moving => "moving",
            Promise::Newest => "newest",
        }
    }
}

impl Plan {
    /// The full reference of `tag`.
    pub fn reference(&self, tag: &PlannedTag) -> Reference {
        self.repository.tag(&tag.tag)
    }

    /// Whether the run pushes.
    pub fn pushes(&self) -> bool {
        self.push == PushDecision::Push
    }
}

fn displayed<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
