//! Findings as SARIF results.

use std::collections::BTreeMap;

use super::Table;
use super::model::{
    Change, Content, Fingerprints, FixObject, Message, Outcome, OutcomeProperties, Replacement, Suppression,
};
use super::place::{artifact, between, location};
use super::rules::level;
use crate::dockerfile::LineIndex;
use crate::report::findings::Results;
use crate::rules::{Excuse, Finding, fix_to_show};

/// Every finding, those that do not count too.
pub(super) fn all<'a>(results: &Results<'a>, table: &Table) -> Vec<Outcome<'a>> {
    let mut lines: BTreeMap<&str, LineIndex> = BTreeMap::new();
    let mut out = Vec::with_capacity(results.judgement.findings.len());
    for finding in &results.judgement.findings {
        let path = finding.place.path.as_str();
        let fix = match (finding.fix.is_some(), results.sources.get(path)) {
            (true, Some(source)) => {
                let lines = lines.entry(path).or_insert_with(|| LineIndex::new(source));
                fix(finding, &results.file(finding), lines)
            }
            _ => None,
        };
        out.push(outcome(results, finding, table, fix));
    }
    out
}

fn outcome<'a>(
    results: &Results<'_>,
    finding: &'a Finding,
    table: &Table,
    fix: Option<FixObject<'a>>,
) -> Outcome<'a> {
    Outcome {
        rule_id: finding.rule.code,
        rule_index: table.index(finding.rule),
        level: level(finding.level),
        message: Message { text: results.message(finding) },
        locations: [location(&finding.place, &results.file(finding))],
        partial_fingerprints: Fingerprints { first: &finding.fingerprint },
        suppressions: finding.excused.iter().map(|excuse| suppression(finding, excuse)).collect(),
        fixes: fix.into_iter().collect(),
        properties: OutcomeProperties {
            aliases: finding.aliases(),
            evidence: finding.evidence.as_deref(),
            remedy: &finding.remedy,
        },
    }
}

/// A waiver in the very file is in the source; one of the configuration, or the baseline, is not.
fn suppression<'a>(finding: &Finding, excuse: &'a Excuse) -> Suppression<'a> {
    let (kind, justification) = match excuse {
        Excuse::Waived { reason, by } => {
            let inside =
                by.strip_prefix(finding.place.path.as_str()).is_some_and(|rest| rest.starts_with(':'));
            (if inside { "inSource" } else { "external" }, reason.as_str())
        }
        Excuse::Baseline => ("external", "in the baseline"),
    };
    Suppression { kind, status: "accepted", justification }
}

/// By lines and columns: SARIF takes a region that is given by bytes for one of a binary file.
fn fix<'a>(finding: &'a Finding, path: &str, lines: &LineIndex) -> Option<FixObject<'a>> {
    let fix = fix_to_show(finding)?;
    let replacements = fix.edits.iter().map(|edit| Replacement {
        deleted_region: between(lines.position(edit.span.start), lines.position(edit.span.end)),
        inserted_content: Content { text: &edit.text },
    });
    Some(FixObject {
        description: Message { text: fix.title.clone() },
        artifact_changes: [Change {
            artifact_location: artifact(path),
            replacements: replacements.collect(),
        }],
    })
}
