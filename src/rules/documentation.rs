//! A rule's doc comment, read as documentation.

use super::Rule;

/// The headings that every rule's documentation has, in this order.
pub const HEADINGS: [&str; 5] = ["What it does", "Why is this bad?", "Example", "Use instead", "References"];

/// The documentation of `rule` as Markdown, without the blank that a doc comment has in front of each line.
pub fn documentation(rule: &Rule) -> String {
    let lines = rule.documentation.lines();
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// The address of the first of the references.
pub fn first_reference(documentation: &str) -> Option<String> {
    let references = section(documentation, "References");
    let (_, behind) = references.split_once('<')?;
    behind.split_once('>').map(|(url, _)| url.to_owned())
}

/// The text below the heading `## title`, trimmed; empty where there is none.
pub fn section(documentation: &str, title: &str) -> String {
    let mut inside = false;
    let mut fenced = false;
    let mut text = Vec::new();
    for line in documentation.lines() {
        // A comment of an example is no heading.
        fenced ^= line.starts_with("```");
        match line.strip_prefix("## ").filter(|_| !fenced) {
            Some(heading) => inside = heading.trim() == title,
            None if inside => text.push(line),
            None => {}
        }
    }
    text.join("\n").trim().to_owned()
}
