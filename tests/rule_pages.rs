//! `docs/rules/` is what the rules say of themselves.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use imgbuild::report::rule_pages::{index, page};
use imgbuild::rules::registry::RULES;

/// Pages that people write.
const WRITTEN: [&str; 1] = ["differences.md"];

#[test]
fn the_committed_pages_are_the_rules_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    let mut made: BTreeMap<String, String> =
        RULES.iter().map(|rule| (format!("{}.md", rule.code), page(rule))).collect();
    made.insert("README.md".to_owned(), index());
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &made {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let committed: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .filter(|(name, _)| !WRITTEN.contains(&name.as_str()))
        .collect();
    let differing =
        made.iter().filter(|(name, text)| committed.get(*name) != Some(text)).map(|(name, _)| name);
    let stale = committed.keys().filter(|name| !made.contains_key(*name));
    let wrong: Vec<&String> = differing.chain(stale).collect();
    assert!(
        wrong.is_empty(),
        "docs/rules is out of date: {wrong:?}: run UPDATE=1 cargo test --test rule_pages, and remove pages of no rule"
    );
}
