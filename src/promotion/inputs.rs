//! What a promotion is decided from: the facts that others gathered.

use super::{Reason, Release};
use crate::evidence::{Doubt, Proof};
use crate::image::{Digest, Reference, Repository};
use crate::registry::{RegistryState, StoredImage};
use crate::source::{RefName, Refs};

/// All facts, gathered; nothing here is looked up again.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// What was asked for.
    pub named: &'a Reference,
    /// What it resolved to, once: the image or index that is promoted, whatever its tag is by now.
    pub digest: &'a Digest,
    /// What is proven of it, and of each image of an index.
    pub proofs: &'a [Proof],
    /// What was demanded of the evidence and does not hold.
    pub doubts: &'a [Doubt],
    /// Whether keys were given, so that only what they signed counts.
    pub has_keys: bool,
    /// What it holds: itself alone, or all that an index lists but for attestations.
    pub platforms: &'a [Platform],
    /// The commit that the image names, as the clone has it; `None` where it names none.
    pub commit: Option<&'a Commit>,
    /// What the clone's branches and tags name.
    pub refs: &'a Refs,
    /// The branches whose commits may be promoted, as patterns.
    pub branches: &'a [String],
    /// Which version it becomes, or why none can be told.
    pub release: &'a Result<Release, Reason>,
    /// The suffix of version tags.
    pub variant: Option<&'a str>,
    /// Where it goes.
    pub target: &'a Repository,
    /// What is there.
    pub registry: &'a RegistryState,
}

/// Something that a digest stands for on one platform.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Digest of its manifest.
    pub digest: Digest,
    /// The image; `None` where it is something else.
    pub image: Option<StoredImage>,
}

impl Platform {
    /// For people.
    pub(super) fn name(&self) -> String {
        match &self.image {
            Some(image) => format!("{}/{} ({})", image.os, image.architecture, self.digest.short()),
            None => self.digest.short().to_owned(),
        }
    }
}

/// A commit as the clone has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full id, as the image names it.
    pub id: String,
    /// Its tree; `None` where the commit is not in the clone.
    pub tree: Option<String>,
    /// How it lies to the branches that may be promoted.
    pub reach: Reach,
}

/// How a commit lies to the allowed branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// The branch holds it.
    On(RefName),
    /// None does.
    Nowhere,
    /// The clone cannot tell: its history is cut off.
    Unknown,
    /// The clone has none of these branches of its remote.
    NoBranch,
}
