//! Which findings the waivers in force excuse.

use std::collections::BTreeMap;

use super::waiver::{Waiver, is_engine_check};
use super::{Excuse, Finding};

/// Of many waivers of one finding so many are said to be needed; nobody writes more of them.
const MOST_FOR_ONE: usize = 16;

/// A waiver while findings are held against it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) waiver: Waiver,
    /// The file that it stands in and is about; `None` for those of the configuration.
    pub(super) file: Option<String>,
    /// Why it does not hold, where that is told only if a finding needs it.
    pub(super) refusal: Option<String>,
    /// Whether a finding needs it.
    pub(super) needed: bool,
}

/// Waivers of one id and one file.
#[derive(Default)]
struct Group {
    /// Of the whole file, or of wherever the configuration says.
    wide: Vec<usize>,
    /// Of single instructions, by their first lines. Instructions do not overlap.
    narrow: BTreeMap<u32, Vec<usize>>,
}

/// Excuses the findings that `held` covers, but for those that are `required`, and notes which waivers are needed.
pub(super) fn excuse(findings: &mut [Finding], held: &mut [Held], required: impl Fn(&Finding) -> bool) {
    let mut groups: BTreeMap<(String, Option<String>), Group> = BTreeMap::new();
    for (index, one) in held.iter().enumerate() {
        let group = groups.entry((one.waiver.rule.to_ascii_lowercase(), one.file.clone())).or_default();
        match one.waiver.lines {
            Some((first, _)) => group.narrow.entry(first).or_default().push(index),
            None => group.wide.push(index),
        }
    }
    for finding in findings.iter_mut() {
        let demanded = required(finding);
        for index in candidates(finding, &groups) {
            let Some(one) = held.get_mut(index).filter(|one| one.waiver.covers(finding)) else { continue };
            one.needed = true;
            if finding.excused.is_none() && one.refusal.is_none() && !demanded {
                finding.excused = Some(by(&one.waiver));
            }
        }
    }
}

/// The waivers that may be about a finding, by its names, file and line.
fn candidates(finding: &Finding, groups: &BTreeMap<(String, Option<String>), Group>) -> Vec<usize> {
    let aliases = finding.aliases();
    let of_engine = aliases.iter().any(|alias| is_engine_check(alias)).then_some("all");
    let own = [finding.rule.code, finding.rule.name];
    let mut found = Vec::new();
    for id in own.into_iter().chain(aliases.iter().copied()).chain(of_engine) {
        for file in [None, Some(finding.place.path.clone())] {
            let Some(group) = groups.get(&(id.to_ascii_lowercase(), file)) else { continue };
            found.extend(group.wide.iter().take(MOST_FOR_ONE));
            let before = group.narrow.range(..=finding.place.line).next_back();
            found.extend(before.into_iter().flat_map(|(_, all)| all.iter().take(MOST_FOR_ONE)));
        }
    }
    found
}

fn by(waiver: &Waiver) -> Excuse {
    let origin = &waiver.origin;
    let by = match (&origin.field, origin.line) {
        (Some(field), 0) => format!("{} {field}", origin.path),
        (_, 0) => origin.path.clone(),
        (_, line) => format!("{}:{line}", origin.path),
    };
    Excuse::Waived { reason: waiver.reason.clone(), by }
}
