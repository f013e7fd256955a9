//! `--format json`: one document with everything, for programs.

use serde::Serialize;

use super::results::Summary;
use super::{PolicyRef, Results};
use crate::report::json::safe;
use crate::rules::{FindingRecord, Score};

/// Version of the document; a field that is added does not change it.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    tool: &'static str,
    version: &'a str,
    /// Those that count.
    findings: Vec<FindingRecord>,
    /// Those that were waived or are in the baseline.
    excused: Vec<FindingRecord>,
    scorecard: &'a [Score],
    skipped: Vec<Skipped<'a>>,
    summary: Summary,
    files: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyRef<'a>>,
}

#[derive(Serialize)]
struct Skipped<'a> {
    rule: &'static str,
    name: &'static str,
    why: &'a str,
}

/// The results as one JSON document that ends with a newline.
pub fn json(results: &Results<'_>) -> String {
    let judgement = results.judgement;
    let excused = judgement.findings.iter().filter(|finding| !finding.stands());
    let skipped = judgement.skipped.iter();
    written(&Document {
        schema: SCHEMA,
        tool: "imgbuild",
        version: results.version,
        findings: judgement.standing().map(FindingRecord::from).collect(),
        excused: excused.map(FindingRecord::from).collect(),
        scorecard: results.scorecard,
        skipped: skipped.map(|(rule, why)| Skipped { rule: rule.code, name: rule.name, why }).collect(),
        summary: results.summary(),
        files: results.files,
        policy: results.policy,
    })
}

/// A document as JSON that is safe to print, with a newline at its end.
pub(super) fn written(document: &impl Serialize) -> String {
    // Only maps whose keys are no strings cannot be written, and no document of these has one.
    safe(&serde_json::to_string_pretty(document).unwrap_or_default()) + "\n"
}

/// Each finding that counts as a JSON document on a line of its own.
pub fn ndjson(results: &Results<'_>) -> String {
    let line = |finding| {
        let record = FindingRecord::from(finding);
        safe(&serde_json::to_string(&record).unwrap_or_default()) + "\n"
    };
    results.judgement.standing().map(line).collect()
}
