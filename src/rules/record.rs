//! A finding as it is written down: in JSON, in the run report, in events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Excuse, Finding, Fix, Item, Level, hides_secret};

/// A finding as data. The names of its fields are public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingRecord {
    /// The rule's code.
    pub rule: String,
    /// The rule's name.
    pub name: String,
    /// What other tools call the finding.
    pub aliases: Vec<String>,
    /// The level in force.
    pub level: Level,
    /// The file, or the image's reference.
    pub path: String,
    /// 1-based; `null` for a file as a whole.
    pub line: Option<u32>,
    /// 1-based, in characters.
    pub column: Option<u32>,
    /// The very text that is wrong.
    pub region: Option<RegionRecord>,
    /// The field of an image's configuration, or the key of a configuration file.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What shows it; never a secret's value.
    pub evidence: Option<String>,
    /// What to do.
    pub remedy: String,
    /// The practices that the rule serves.
    pub items: Vec<Item>,
    /// A change that mends it, where its text can be shown: see [`fix_to_show`].
    pub fix: Option<FixRecord>,
    /// Why it does not count: the reason of a waiver, or `baseline`.
    pub excused: Option<String>,
    /// Stays the same while lines above the finding come and go.
    pub fingerprint: String,
}

/// A piece of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "lines and columns are 1-based, the end is behind the last character")]
pub struct RegionRecord {
    pub start_line: u32,
    pub start_column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixRecord {
    /// What it does.
    pub title: String,
    /// The replacements, by bytes of the file.
    pub edits: Vec<EditRecord>,
}

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditRecord {
    /// Offset of the first byte that goes.
    pub start: usize,
    /// Offset behind the last one.
    pub end: usize,
    /// What comes in their place.
    pub text: String,
}

/// The fix of a finding, for whatever shows it. None where its text may hold a secret: `--fix` alone makes it then.
pub fn fix_to_show(finding: &Finding) -> Option<&Fix> {
    finding.fix.as_ref().filter(|fix| !fix.edits.iter().any(|edit| hides_secret(&edit.text)))
}

impl From<&Finding> for FindingRecord {
    fn from(finding: &Finding) -> FindingRecord {
        let place = &finding.place;
        let some = |number: u32| (number > 0).then_some(number);
        FindingRecord {
            rule: finding.rule.code.to_owned(),
            name: finding.rule.name.to_owned(),
            aliases: finding.aliases().into_iter().map(str::to_owned).collect(),
            level: finding.level,
            path: place.path.clone(),
            line: some(place.line),
            column: some(place.column),
            region: place.region.map(|region| RegionRecord {
                start_line: region.start.line,
                start_column: region.start.column,
                end_line: region.end.line,
                end_column: region.end.column,
            }),
            field: place.field.clone(),
            message: finding.message.clone(),
            evidence: finding.evidence.clone(),
            remedy: finding.remedy.clone(),
            items: finding.rule.items.to_vec(),
            fix: fix_to_show(finding).map(|fix| FixRecord {
                title: fix.title.clone(),
                edits: fix
                    .edits
                    .iter()
                    .map(|e| EditRecord { start: e.span.start, end: e.span.end, text: e.text.clone() })
                    .collect(),
            }),
            excused: finding.excused.as_ref().map(|excuse| match excuse {
                Excuse::Waived { reason, .. } => reason.clone(),
                Excuse::Baseline => "baseline".to_owned(),
            }),
            fingerprint: finding.fingerprint.clone(),
        }
    }
}
