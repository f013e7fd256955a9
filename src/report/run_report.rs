//! The run report: one versioned JSON document that says what a run made of which commit. `--report FILE` and
//! `--format json` write the same document, and `publish --undo` reads it back.

mod facts;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::findings::Judged;
use super::json;
use crate::error::{Error, Kind, Result};
use crate::expect::{CheckResult, Evidence};
use crate::rules::{FindingRecord, Score};

pub use facts::{
    BuildFacts, CiFacts, ContextFacts, DeployFacts, Ended, EngineFacts, ErrorFacts, EvidenceFacts,
    FailedStep, ImageFacts, PolicyFacts, PromotionFacts, SourceFacts, StageTiming, StepTiming, TagFacts,
    TagState, TestFacts,
};

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
    /// Where the command ran, from the root of the repository and with `/`: the files that findings and the failed step name
    /// begin there. Empty at the root, and where there is no repository.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
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
            folder: String::new(),
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
        change(&mut self.folder);
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
    use crate::image::Digest;

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
