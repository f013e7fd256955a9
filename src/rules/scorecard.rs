//! The fifteen practices, and how each one stands.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::registry::RULES;
use super::{Check, Item, Judgement, Level};

/// How a practice stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// It was judged, and nothing of weight was found.
    Enforced,
    /// What was found was accepted by somebody.
    Waived,
    /// A warning or an error stands, or the run itself showed that it is broken.
    Failed,
    /// Nothing that judges it could: why.
    NotChecked,
}

/// One line of the scorecard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// The practice.
    pub item: Item,
    /// Its number in the checklist, 1 to 15.
    pub number: usize,
    /// The practice in a few words.
    pub title: String,
    /// How it stands.
    pub state: ItemState,
    /// Findings of its rules that count, and are no mere information.
    pub findings: usize,
    /// Findings that were accepted.
    pub waived: usize,
    /// Why it was not checked, or what of it was not.
    pub note: Option<String>,
}

/// What a run showed of a practice by itself, beyond the rules, and in which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// It saw to it: how.
    Kept(String),
    /// It did not: how.
    Broken(String),
    /// It did not come to that: why.
    Open(String),
}

/// How each practice stands; `shown` is what a run adds to the rules.
pub fn scorecard(judgement: &Judgement, shown: &BTreeMap<Item, Shown>) -> Vec<Score> {
    Item::ALL.into_iter().map(|item| score(item, judgement, shown.get(&item))).collect()
}

fn score(item: Item, judgement: &Judgement, shown: Option<&Shown>) -> Score {
    let of_item =
        || judgement.findings.iter().filter(|f| f.rule.items.contains(&item) && f.level > Level::Info);
    let findings = of_item().filter(|f| f.stands()).count();
    let waived = of_item().count() - findings;
    // Rules about waivers and unreadable files judge no practice.
    let judges =
        RULES.iter().filter(|rule| rule.items.contains(&item) && !matches!(rule.check, Check::Reading));
    let judged = judges.clone().any(|rule| judgement.ran.contains(rule.code));
    let skipped =
        judgement.skipped.iter().find(|(rule, _)| rule.items.contains(&item)).map(|(_, why)| why.clone());
    let (state, note) = match shown {
        Some(Shown::Broken(how)) => (ItemState::Failed, Some(how.clone())),
        _ if findings > 0 => (ItemState::Failed, None),
        _ if waived > 0 => (ItemState::Waived, None),
        Some(Shown::Kept(how)) => {
            let left = skipped.map(|why| format!("; in part: {why}")).unwrap_or_default();
            (ItemState::Enforced, Some(format!("{how}{left}")))
        }
        Some(Shown::Open(why)) => (ItemState::NotChecked, Some(why.clone())),
        None if judged => (ItemState::Enforced, skipped.map(|why| format!("in part: {why}"))),
        None => {
            let why = skipped.unwrap_or_else(|| "nothing to judge it by".to_owned());
            (ItemState::NotChecked, Some(why))
        }
    };
    Score { item, number: item.number(), title: item.title().to_owned(), state, findings, waived, note }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_showed_counts_with_the_rules() {
        let of = |shown: Shown| {
            let scores = scorecard(&Judgement::default(), &BTreeMap::from([(Item::Tests, shown)]));
            let score = scores.into_iter().find(|score| score.item == Item::Tests).unwrap();
            (score.state, score.note)
        };
        let why = || "2 of 3".to_owned();
        assert_eq!(of(Shown::Broken(why())), (ItemState::Failed, Some(why())));
        assert_eq!(of(Shown::Open(why())), (ItemState::NotChecked, Some(why())));
        assert_eq!(of(Shown::Kept(why())), (ItemState::Enforced, Some(why())));
    }
}
