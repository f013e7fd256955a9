//! The run report: one versioned JSON document that says what a run made of which commit. `--report FILE` and
//! `--format json` write the same document, and `publish --undo` reads it back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::findings::Judged;
use super::json;
use crate::error::{Error, Kind, Result};
use crate::event;
use crate::expect::{CheckResult, Evidence};
use crate::image::Digest;
use crate::rules::{FindingRecord, Score};

/// Version of the document; it grows when a field changes its meaning or goes. New fields do not change it.
pub const SCHEMA: u32 = 1;

/// Everything worth keeping of one run.
///
/// The flow sets a section as soon as it knows it, ends with [`conclude`](Self::conclude), and lets
/// [`Recording::complete`](super::Recording::complete) add what the events told. An absent section was not reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// `ci`, `build`, `test` …
    pub command: String,
    /// The run's id, as in the journal and on the owner labels.
    pub run: String,
    /// Version of imgbuild.
    pub tool_version: String,
    /// When the run started, RFC 3339.
    pub started: String,
    /// When it ended, RFC 3339; `None` until [`conclude`](Self::conclude).
    pub finished: Option<String>,
    /// Whether it did all that it was there for.
    pub ok: bool,
    /// The process's exit code; the meaning of each is in `imgbuild --help`.
    pub exit_code: u8,
    /// Why it did not.
    pub error: Option<ErrorFacts>,
    /// The commit.
    pub source: Option<SourceFacts>,
    /// The CI, where one was detected.
    pub ci: Option<CiFacts>,
    /// The policy that bound the run.
    #[serde(default)]
    pub policy: Option<PolicyFacts>,
    /// The engine.
    pub engine: Option<EngineFacts>,
    /// The build context.
    pub context: Option<ContextFacts>,
    /// The build's steps.
    pub build: Option<BuildFacts>,
    /// The image.
    pub image: Option<ImageFacts>,
    /// Every tag that was planned or set, in the order of publishing.
    #[serde(default)]
    pub tags: Vec<TagFacts>,
    /// What was attached to the image in the registry, in the order of attaching.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceFacts>,
    /// Where a promotion came from, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<PromotionFacts>,
    /// Whether anything was pushed and all of it was verified.
    pub pushed: bool,
    /// What came of a deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<DeployFacts>,
    /// Why nothing was pushed, where the run succeeded without.
    pub not_pushed_because: Option<String>,
    /// The tests of the image, in the order they ended.
    #[serde(default)]
    pub tests: Vec<TestFacts>,
    /// What the rules found, accepted findings among them, by file and line.
    #[serde(default)]
    pub findings: Vec<FindingRecord>,
    /// How each of the fifteen practices stands.
    #[serde(default)]
    pub scorecard: Vec<Score>,
    /// Rules that could not judge, by code, and why.
    #[serde(default)]
    pub rules_skipped: BTreeMap<String, String>,
    /// The stages, in the order they ended.
    #[serde(default)]
    pub timings: Vec<StageTiming>,
    /// The labels that the run put on the image.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What will bite although the run went on.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// What was chosen and why.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What other tools' formats of the findings are made of; no part of the document.
    #[serde(skip)]
    pub judged: Option<Judged>,
}

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

impl RunReport {
    /// The report of a run that has just `started` (RFC 3339).
    pub fn new(command: impl Into<String>, run: impl Into<String>, started: impl Into<String>) -> Self {
        RunReport {
            schema: SCHEMA,
            command: command.into(),
            run: run.into(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            started: started.into(),
            finished: None,
            ok: false,
            exit_code: Kind::Internal.exit_code(),
            error: None,
            source: None,
            ci: None,
            policy: None,
            engine: None,
            context: None,
            build: None,
            image: None,
            tags: Vec::new(),
            evidence: Vec::new(),
            promotion: None,
            pushed: false,
            deploy: None,
            not_pushed_because: None,
            tests: Vec::new(),
            findings: Vec::new(),
            scorecard: Vec::new(),
            rules_skipped: BTreeMap::new(),
            timings: Vec::new(),
            labels: BTreeMap::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            judged: None,
        }
    }

    /// Sets how the run ended, `finished` being RFC 3339.
    pub fn conclude(&mut self, finished: impl Into<String>, error: Option<&Error>) {
        self.finished = Some(finished.into());
        self.ok = error.is_none();
        self.exit_code = error.map_or(0, |error| error.kind().exit_code());
        self.error = error.map(|error| ErrorFacts {
            kind: kind_name(error.kind()).to_owned(),
            message: error.to_string(),
            hints: error.hints().to_vec(),
        });
    }

    /// The document, indented and with a final newline, safe to print (see [`json`]).
    pub fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::new(Kind::Internal, "cannot serialise the run report").because(e))?;
        Ok(json::safe(&text) + "\n")
    }

    /// Calls `change` with each text that may hold something secret: all but ids, digests, references and times,
    /// which are public and have to stay exact.
    pub(super) fn texts(&mut self, change: &mut dyn FnMut(&mut String)) {
        if let Some(error) = &mut self.error {
            change(&mut error.message);
            error.hints.iter_mut().for_each(&mut *change);
        }
        if let Some(source) = &mut self.source {
            let SourceFacts { branch, pr, tag, remote, .. } = source;
            [branch, pr, tag, remote].into_iter().flatten().for_each(&mut *change);
        }
        self.promotion.iter_mut().filter_map(|one| one.user.as_mut()).for_each(&mut *change);
        self.ci.iter_mut().filter_map(|ci| ci.build_url.as_mut()).for_each(&mut *change);
        if let Some(step) = self.build.as_mut().and_then(|build| build.failed_step.as_mut()) {
            change(&mut step.instruction);
            step.tail.iter_mut().for_each(&mut *change);
        }
        let steps = self.build.iter_mut().flat_map(|build| &mut build.timings);
        steps.for_each(|step| change(&mut step.instruction));
        for test in &mut self.tests {
            change(&mut test.name);
            test.problems.iter_mut().chain(&mut test.log).for_each(&mut *change);
            test.checks.iter_mut().flat_map(CheckResult::texts).for_each(&mut *change);
            test.evidence.iter_mut().flat_map(Evidence::texts).for_each(&mut *change);
        }
        for finding in &mut self.findings {
            let FindingRecord { path, field, message, evidence, remedy, excused, fix, .. } = finding;
            [path, message, remedy].into_iter().for_each(&mut *change);
            [field, evidence, excused].into_iter().flatten().for_each(&mut *change);
            for edit in fix.iter_mut().flat_map(|fix| &mut fix.edits) {
                change(&mut edit.text);
            }
        }
        self.scorecard.iter_mut().filter_map(|score| score.note.as_mut()).for_each(&mut *change);
        self.rules_skipped.values_mut().for_each(&mut *change);
        self.not_pushed_because.iter_mut().for_each(&mut *change);
        self.labels.values_mut().for_each(&mut *change);
        self.warnings.iter_mut().chain(&mut self.notes).for_each(&mut *change);
    }
}

/// The word for a kind of failure in reports; public, so never changed.
pub(super) const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Findings => "findings",
        Kind::Usage => "usage",
        Kind::Config => "config",
        Kind::Refused => "refused",
        Kind::Build => "build",
        Kind::Tests => "tests",
        Kind::Registry => "registry",
        Kind::Engine => "engine",
        Kind::Deploy => "deploy",
        Kind::Rollback => "rollback",
        Kind::Internal => "internal",
        Kind::Io => "io",
        Kind::Interrupted => "interrupted",
        Kind::Terminated => "terminated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_comes_back() {
        let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
        report.source =
            Some(SourceFacts { branch: Some("\u{202e}##[x]".to_owned()), ..SourceFacts::default() });
        report.tags.push(TagFacts {
            reference: "docker.io/library/api:1.2".to_owned(),
            digest: Some(Digest::of(b"x")),
            before: None,
            state: TagState::Verified,
        });
        let error = Error::new(Kind::Registry, "denied").hint("log in");
        report.conclude("2026-01-01T00:00:01Z", Some(&error));
        let json = report.to_json().unwrap();
        assert!(json.ends_with("}\n") && json.contains("\\u202e\\u0023#[x]"), "{json}");
        assert_eq!(serde_json::from_str::<RunReport>(&json).unwrap(), report);
        assert_eq!((report.ok, report.exit_code), (false, 7));
        assert_eq!(report.error.unwrap().kind, "registry");
    }

    #[test]
    fn the_shape_is_a_contract() {
        let mut report = RunReport::new("ci", "01j", "2026-01-01T00:00:00Z");
        report.tool_version = "1.0.0".to_owned();
        report.conclude("2026-01-01T00:00:01Z", None);
        let expected = serde_json::json!({
            "schema": 1, "command": "ci", "run": "01j", "tool_version": "1.0.0",
            "started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T00:00:01Z",
            "ok": true, "exit_code": 0, "error": null,
            "source": null, "ci": null, "policy": null, "engine": null, "context": null, "build": null, "image": null,
            "tags": [], "pushed": false, "not_pushed_because": null,
            "tests": [], "findings": [], "scorecard": [], "rules_skipped": {},
            "timings": [], "labels": {}, "warnings": [], "notes": [],
        });
        assert_eq!(serde_json::to_value(&report).unwrap(), expected);
    }

    #[test]
    fn kinds_have_words_of_their_own() {
        let words: std::collections::BTreeSet<&str> = Kind::ALL.into_iter().map(kind_name).collect();
        assert_eq!(words.len(), Kind::ALL.len());
    }
}
