//! How strict the rules are here: levels, waivers, what a policy demands.

use std::collections::{BTreeMap, BTreeSet};

use super::waiver::Waiver;
use super::{Baseline, Level, Rule};
use crate::config::model::Date;

/// Everything that decides what the verdicts come to.
#[derive(Debug, Clone, Default)]
pub struct Regime {
    /// The level of each rule that somebody set one for, by code; `None` is off.
    pub levels: BTreeMap<String, Option<Level>>,
    /// What a policy demands.
    pub policy: Demands,
    /// The waivers of the configuration.
    pub waivers: Vec<Waiver>,
    /// Whether waivers that stand in the files themselves hold.
    pub inline: InlineTrust,
    /// Findings that were there before.
    pub baseline: Option<Baseline>,
    /// The least level that stops; `None` where nothing does.
    pub fail_on: Option<Level>,
    /// The day of the run, in UTC.
    pub today: Option<Date>,
}

/// What a policy demands of everybody who is under it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demands {
    /// Codes of rules that may not be waived or switched off, nor be lowered below their least level.
    pub required: BTreeSet<String>,
    /// The least level of rules, by code.
    pub least: BTreeMap<String, Level>,
    /// The most waivers in force, those in files included, in whosever words.
    pub most_waivers: Option<usize>,
    /// The most days that a waiver may still run.
    pub most_days: Option<u32>,
    /// Whether each waiver has to name its last day.
    pub until_required: bool,
    /// Each list holds the only rules that may be waived, ids or beginnings of ids with `*`; every list has to allow one.
    pub waivable: Vec<Vec<String>>,
    /// Who demands it, for messages.
    pub source: String,
}

/// Whether waivers in the files that are judged hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum InlineTrust {
    /// They do.
    #[default]
    All,
    /// On a pull request only those that the base branch has, too: how often each [key](Waiver::key) is there, by file.
    Only(BTreeMap<String, BTreeMap<String, usize>>),
}

impl Regime {
    /// The level in force of a finding of `rule` that is of the level `own` where nobody sets another; `None` where the
    /// rule is off. What a policy demands is never off, and never below its least level.
    pub fn level(&self, rule: &Rule, own: Level) -> Option<Level> {
        let demanded = self.policy.least.get(rule.code).copied();
        let required = self.policy.required.contains(rule.code);
        let least = demanded.or(required.then_some(rule.level));
        let level = match self.levels.get(rule.code) {
            Some(Some(level)) => *level,
            Some(None) => return least,
            None => own,
        };
        Some(least.map_or(level, |least| level.max(least)))
    }
}
