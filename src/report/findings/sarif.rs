//! `--format sarif`: SARIF 2.1.0, which code scanning and editors read.

mod model;
mod place;
mod results;
mod rules;

use std::collections::BTreeMap;

use model::{Descriptor, Driver, Failure, Invocation, Log, Message, Notification, Reference, Run, Tool};

use super::Results;
use super::json::written;
use crate::rules::Rule;

/// The results as a SARIF log that ends with a newline. Findings that do not count are in it, suppressed.
pub fn sarif(results: &Results<'_>) -> String {
    log(results, None)
}

/// The log of a run that ended before it judged anything, and `why`. It has no results: an empty list would say that
/// nothing was found, and close what is known.
pub fn sarif_unjudged(results: &Results<'_>, why: &str) -> String {
    log(results, Some(why))
}

fn log(results: &Results<'_>, unjudged: Option<&str>) -> String {
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
                execution_successful: unjudged.is_none(),
                tool_configuration_notifications: notifications.collect(),
                tool_execution_notifications: unjudged
                    .map(|why| Failure { level: "error", message: Message { text: why.to_owned() } })
                    .into_iter()
                    .collect(),
            }],
            column_kind: "unicodeCodePoints",
            results: unjudged.is_none().then(|| results::all(results, &table)),
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
