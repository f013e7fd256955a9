//! `docs/rules/` is what the rules say of themselves.

#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use imgbuild::report::rule_pages::{index, page};
use imgbuild::rules::registry::RULES;
use support::committed;

/// Pages that people write.
const WRITTEN: [&str; 1] = ["differences.md"];

#[test]
fn the_committed_pages_are_the_rules_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let mut made: BTreeMap<String, String> =
        RULES.iter().map(|rule| (format!("{}.md", rule.code), page(rule))).collect();
    made.insert("README.md".to_owned(), index());
    committed::compare(&folder, &made, &WRITTEN, "rule_pages");
}
