//! What was decided: the promotion as a value.

use serde::{Serialize, Serializer};

use super::GitTag;
use crate::image::{Digest, Repository};
use crate::plan::{KeptTag, PlannedTag};

/// Version of the JSON form.
pub const SCHEMA: u32 = 1;

/// A promotion that nothing speaks against. [`decide`](fn@super::decide) alone makes one, so that nothing that was not
/// judged gets a tag of a release:
///
/// ```compile_fail,E0451
/// use imgbuild::promotion::{Promotion, SCHEMA};
/// fn forge(promotion: Promotion, digest: imgbuild::image::Digest) -> Promotion {
///     Promotion { digest, ..promotion }
/// }
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Promotion {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What was asked for.
    pub source: String,
    /// The image or index.
    pub(super) digest: Digest,
    /// Where it goes.
    #[serde(serialize_with = "displayed")]
    pub(super) target: Repository,
    /// The version it becomes.
    pub version: String,
    /// The commit it was built from.
    pub revision: String,
    /// A branch of the remote that holds this commit, and is allowed.
    pub branch: String,
    /// The git tag that names the version.
    pub git_tag: GitTag,
    /// The platforms that it is for.
    pub platforms: Vec<String>,
    /// The keys that signed what was proven, by their ids; empty where none were given.
    pub signed_by: Vec<String>,
    /// The tags in the order they are set: the version first, `latest` last.
    pub(super) tags: Vec<PlannedTag>,
    /// Tags of the version that stay where they are.
    pub kept: Vec<KeptTag>,
    /// What the reader should know, one line each.
    pub warnings: Vec<String>,
    /// What was chosen and why, one line each.
    pub notes: Vec<String>,
}

impl Promotion {
    /// The image or index that was judged, and that alone.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Where it goes.
    pub fn target(&self) -> &Repository {
        &self.target
    }

    /// The tags in the order they are set.
    pub fn tags(&self) -> &[PlannedTag] {
        &self.tags
    }
}

fn displayed<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
