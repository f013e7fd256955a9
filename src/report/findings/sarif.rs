//! `--format sarif`: SARIF 2.1.0, which code scanning and editors read.

mod model;
mod place;
mod results;
mod rules;

use std::collections::BTreeMap;

use model::{Descriptor, Driver, Invocation, Log, Message, Notification, Reference, Run, Tool};

use super::Results;
use super::json::written;
use crate::rules::Rule;

/// The results as a SARIF log that ends with a newline. Findings that do not count are in it, suppressed.
pub fn sarif(results: &Results<'_>) -> String {
    let table = Table::of(results);
    let judgement = results.judgement;
    let notifications = judgement.skipped.iter().map(|(rule, why)| Notification {
        level: "note",
        message: Message { text: format!("not checked: {why}") },
        associated_rule: Reference { id: rule.code, index: table.index(rule) },
    });
    written(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver { name: "imgbuild", version: results.version, rules: table.descriptors() },
            },
            invocations: [Invocation {
                execution_successful: true,
                tool_configuration_notifications: notifications.collect(),
            }],
            column_kind: "unicodeCodePoints",
            results: results::all(results, &table),
        }],
    })
}

/// The rules that a log names, and where each is in its list.
struct Table {
    rules: BTreeMap<&'static str, (usize, &'static Rule)>,
}

impl Table {
    fn of(results: &Results<'_>) -> Table {
        let judgement = results.judgement;
        let ran = judgement.ran.iter().filter_map(|code| crate::rules::registry::find(code));
        let skipped = judgement.skipped.iter().map(|(rule, _)| *rule);
        let found = judgement.findings.iter().map(|finding| finding.rule);
        let by_code: BTreeMap<_, _> = ran.chain(skipped).chain(found).map(|rule| (rule.code, rule)).collect();
        let numbered = by_code.into_iter().enumerate();
        Table { rules: numbered.map(|(index, (code, rule))| (code, (index, rule))).collect() }
    }

    fn index(&self, rule: &Rule) -> usize {
        self.rules.get(rule.code).map_or(0, |(index, _)| *index)
    }

    fn descriptors(&self) -> Vec<Descriptor> {
        self.rules.values().map(|(_, rule)| rules::descriptor(rule)).collect()
    }
}

#[cfg(test)]
mod tests;
