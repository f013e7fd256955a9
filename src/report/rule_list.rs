//! All rules on a page, and rules as data.

use serde_json::{Value, json};

use super::OutputMode;
use super::look::Look;
use crate::rules::registry::RULES;
use crate::rules::{Rule, documentation};

/// Every rule on a line, for stdout: code, level, name, and what other tools call it.
pub fn rule_list(mode: &OutputMode) -> String {
    let look = Look::from(mode);
    let mut text = String::new();
    for rule in RULES {
        let line = format!("{}  {:<7}  {}  {}", rule.code, rule.level, rule.name, rule.aliases.join(" "));
        text.push_str(&look.fit(line.trim_end()));
        text.push('\n');
    }
    text + &look.message("", "`imgbuild explain RULE` tells more of one", 0).join("\n") + "\n"
}

/// The same as one JSON document.
pub fn rule_list_json() -> String {
    let rules: Vec<Value> = RULES.iter().map(|rule| value(rule)).collect();
    json!({ "schema": 1, "rules": rules }).to_string() + "\n"
}

/// One rule as a JSON document.
pub fn rule_json(rule: &Rule) -> String {
    value(rule).to_string() + "\n"
}

fn value(rule: &Rule) -> Value {
    json!({
        "rule": rule.code, "name": rule.name, "aliases": rule.aliases, "level": rule.level, "items": rule.items,
        "remedy": rule.remedy, "documentation": documentation(rule),
    })
}
