//! The parts of the run report: what became of each stage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event;
use crate::expect::{CheckResult, Evidence};
use crate::image::Digest;

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorFacts {
    /// The class of failure, one word for each exit code: `build`, `tests`, `registry` …
    pub kind: String,
    /// What was tried on what, and the whole chain of causes.
    pub message: String,
    /// What to do.
    pub hints: Vec<String>,
}

/// The commit an image was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct SourceFacts {
    /// The full commit id that the image's `revision` label names.
    pub commit: String,
    /// Its short form, as in tags.
    pub short: String,
    /// The id of the tree that was built.
    pub tree: String,
    /// The branch, where one is known.
    pub branch: Option<String>,
    /// The pull request's number.
    pub pr: Option<String>,
    /// The git tag the run is for.
    pub tag: Option<String>,
    /// Whether the work tree was clean in the design's sense. Where the context is the commit's: whether the configuration
    /// was, and what it names.
    pub clean: bool,
    /// The remote's https URL, without user information.
    pub remote: Option<String>,
    /// The ephemeral merge commit that was checked out in place of `commit`.
    pub merge_commit: Option<String>,
}

/// The CI a run was part of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CiFacts {
    /// `github`, `gitlab`, `jenkins` or `other`.
    pub provider: String,
    /// The page of the CI's job.
    pub build_url: Option<String>,
}

/// The policy in force: registries, secrets, checks, and what `[policy]` demands of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyFacts {
    /// A digest over all of its values, wherever each was written: two runs with the same one were held to the same.
    pub digest: Digest,
    /// The files that it comes from, the strongest first: paths in the repository, `REVISION:PATH`, or artifacts. Empty
    /// where nobody says any, and all is at its default.
    pub sources: Vec<String>,
}

/// The engine that built and ran the image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EngineFacts {
    /// The id it gives itself.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The API version that was spoken.
    pub api: String,
}

/// The build context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContextFacts {
    /// Entries, folders included.
    pub entries: u64,
    /// Content bytes, without tar framing.
    pub bytes: u64,
    /// The context digest.
    pub digest: Option<Digest>,
    /// The commit whose files it is; none where it is what lay in the folder.
    pub commit: Option<String>,
}

/// How far the build came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct BuildFacts {
    /// Steps that were begun.
    pub steps: u32,
    /// How many of them came from the cache.
    pub cached: u32,
    /// The step that was running when the build failed.
    pub failed_step: Option<FailedStep>,
    /// The first thousand steps, in the order they began.
    #[serde(default)]
    pub timings: Vec<StepTiming>,
}

/// When a step of the build ran.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StepTiming {
    /// The stage that the engine counts in, where it counts by stage and the stage has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// 1-based, as the engine counts.
    pub index: u32,
    /// The instruction as the engine printed it; a long one is cut.
    pub instruction: String,
    /// Its line in the Dockerfile, 1-based.
    pub line: Option<u32>,
    /// When it began, in milliseconds since the run's start.
    pub start_ms: u64,
    /// Wall time in milliseconds, until its end.
    pub ms: u64,
    /// Whether it came from the cache.
    pub cached: bool,
}

/// The step at which a build failed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FailedStep {
    /// The stage that the engine counts in, where it counts by stage and the stage has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// 1-based, as the engine counts.
    pub index: u32,
    /// How many there are.
    pub total: u32,
    /// The instruction as the engine printed it.
    pub instruction: String,
    /// Its line in the Dockerfile, 1-based.
    pub line: Option<u32>,
    /// The Dockerfile, as findings name it; none where several files were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// That line as it stands in the Dockerfile; none where it may hold a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The last lines it wrote, raw.
    pub tail: Vec<String>,
}

/// The image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ImageFacts {
    /// The engine's id of it.
    pub id: Option<Digest>,
    /// The digest of its config: the identity of what was tested.
    pub config_digest: Option<Digest>,
    /// The digest of its manifest in the registry.
    pub digest: Option<Digest>,
    /// The repository, in canonical form.
    pub repository: Option<String>,
}

/// A deployment that ended with the new image in its place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DeployFacts {
    /// The deployment's name.
    pub name: String,
    /// What was asked for.
    pub reference: String,
    /// The digest of what runs now.
    pub digest: String,
    /// The digest of what ran before, where something did.
    pub before: Option<String>,
    /// For how many milliseconds nothing served, at most; none of a service, whose tasks nobody asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_ms: Option<u64>,
}

/// How far a tag came; a later one implies the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagState {
    /// Decided, and not touched.
    Planned,
    /// Set on the engine, and not in a registry.
    Local,
    /// Its push was begun and not verified: it may have moved.
    Pushed,
    /// Pushed, read back and compared.
    Verified,
    /// Taken out of the registry.
    Removed,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TagFacts {
    /// The full reference.
    pub reference: String,
    /// The manifest it points to now, once that was verified.
    pub digest: Option<Digest>,
    /// The manifest it pointed to before; `None` where it did not exist or was not looked at.
    pub before: Option<Digest>,
    /// How far it came.
    pub state: TagState,
}

/// Something that was attached to a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceFacts {
    /// `provenance`, `tests`, `sbom`, `signature`, or `promotion`: the record of one.
    pub kind: String,
    /// The digest of the artifact that holds it; of a signature in cosign's older form, its tag.
    pub place: String,
    /// The digest of the manifest that it is about.
    pub subject: String,
    /// Whether it is signed.
    pub signed: bool,
}

/// An image or index that went to the release registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromotionFacts {
    /// The repository it was in, and its digest.
    pub source: String,
    /// The repository it went to.
    pub target: String,
    /// The digest of the manifest or index: the same in both.
    pub digest: Digest,
    /// The version it became.
    pub version: String,
    /// The ids of the keys that signed what was proven of it; empty where no key was given.
    pub signed_by: Vec<String>,
    /// Who promoted it, as the CI or the system says.
    pub user: Option<String>,
    /// Who the release registry took it for.
    pub login: String,
}

/// How a stage or a test ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It did what it was there for.
    Ok,
    /// It failed, or was refused.
    #[default]
    Failed,
    /// It was cut off by a signal.
    Cancelled,
}

impl From<event::Outcome> for Ended {
    fn from(outcome: event::Outcome) -> Ended {
        match outcome {
            event::Outcome::Ok => Ended::Ok,
            event::Outcome::Failed => Ended::Failed,
            event::Outcome::Cancelled => Ended::Cancelled,
        }
    }
}

/// One test of the image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestFacts {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Ended,
    /// When it began, in milliseconds since the run's start; `None` where its start was not told.
    #[serde(default)]
    pub start_ms: Option<u64>,
    /// Wall time in milliseconds.
    pub ms: u64,
    /// Why it failed.
    pub problems: Vec<String>,
    /// Its checks, in order; the first is the container's start, where there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckResult>,
    /// The last lines that commands of the test wrote on this machine, raw, where it failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// What its containers left to be read, where it failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageTiming {
    /// Its name.
    pub stage: String,
    /// When it began, in milliseconds since the run's start; `None` in reports of older versions.
    #[serde(default)]
    pub start_ms: Option<u64>,
    /// Wall time in milliseconds.
    pub ms: u64,
    /// How it ended.
    pub outcome: Ended,
}
