//! Where a rule puts what it finds.

use super::{Finding, Place, Rule};

/// More findings of one rule in one file help nobody.
const MOST: usize = 1_000;

/// The findings of one rule while it looks.
#[derive(Debug)]
pub struct Found<'a> {
    rule: &'static Rule,
    findings: &'a mut Vec<Finding>,
    first: usize,
}

impl<'a> Found<'a> {
    /// Findings of `rule` go behind those that are there.
    pub fn new(rule: &'static Rule, findings: &'a mut Vec<Finding>) -> Self {
        let first = findings.len();
        Found { rule, findings, first }
    }

    /// Adds a finding; what is returned takes further details. `message` is a lowercase fragment.
    pub fn add(&mut self, place: Place, message: impl Into<String>) -> &mut Finding {
        // The one beyond the most is kept apart from the others by being replaced each time.
        self.findings.truncate(self.first + MOST);
        self.findings.push(Finding {
            rule: self.rule,
            alias: None,
            level: self.rule.level,
            message: message.into(),
            place,
            evidence: None,
            remedy: self.rule.remedy.to_owned(),
            fix: None,
            excused: None,
            fingerprint: String::new(),
        });
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }
}
