//! The pages below `docs/rules/`.

use crate::rules::Rule;

/// The page of `rule` in Markdown.
pub fn page(rule: &Rule) -> String {
    rule.documentation.to_owned()
}

/// The table of all rules in Markdown, which links to their pages.
pub fn index() -> String {
    String::new()
}
