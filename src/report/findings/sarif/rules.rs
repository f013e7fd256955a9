//! A rule as SARIF describes it.

use super::model::{Configuration, Descriptor, Help, Message, RuleProperties};
use crate::rules::{Level, Rule, documentation, first_reference, section};

/// The description of `rule`. Its help is its documentation, and further help is at the first of its references.
pub(super) fn descriptor(rule: &Rule) -> Descriptor {
    let text = documentation(rule);
    let about = section(&text, "What it does");
    let reason = section(&text, "Why is this bad?");
    let mut tags = vec!["docker".to_owned()];
    tags.extend(rule.items.iter().map(|item| format!("practice-{}", item.number())));
    Descriptor {
        id: rule.code,
        name: rule.name,
        short_description: Message { text: first_sentence(&about) },
        full_description: Message { text: format!("{}\n\n{}", joined(&about), joined(&reason)) },
        help: Help { text: rule.remedy, markdown: text.clone() },
        help_uri: first_reference(&text),
        default_configuration: Configuration { level: level(rule.level) },
        properties: RuleProperties { tags, items: rule.items, aliases: rule.aliases },
    }
}

/// SARIF's word for a level.
pub(super) const fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}

fn first_sentence(text: &str) -> String {
    let text = joined(text);
    match text.find(". ") {
        Some(end) => text.get(..=end).unwrap_or_default().to_owned(),
        None => text,
    }
}

/// Text whose lines were wrapped, on one line.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
