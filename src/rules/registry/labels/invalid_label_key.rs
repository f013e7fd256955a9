//! `invalid-label-key`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::{listed, shown, unquoted};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports the key of a label that does not begin with a lower-case letter and end with a letter or a digit,
    /// that holds other characters than these, `.`, `-`, `_` and `/`, that repeats dots or dashes, or that stands
    /// in a namespace that Docker keeps for itself.
    ///
    /// ## Why is this bad?
    /// Tools find labels by their exact keys. `Version` and `version` are two labels, and what filters and
    /// templates can name is narrower than what the builder accepts.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL Version=1.2
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL org.opencontainers.image.version=1.2
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/manage-resources/labels/#key-format-recommendations>
    /// - <https://docs.docker.com/reference/dockerfile/#label>
    IMG701 "invalid-label-key" {
        level: Warning,
        items: [Labels],
        aliases: ["DL3048"],
        remedy: "write keys of lower-case letters, digits, dots, dashes and slashes, below a domain that is yours",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Label).filter(|step| !step.onbuild) {
        let pairs = step.instruction.pairs(file.escape()).unwrap_or_default();
        let keys: Vec<String> = pairs.iter().map(|pair| unquoted(&pair.name, file.escape())).collect();
        let wrong: Vec<String> =
            keys.iter().filter_map(|key| Some(format!("{} {}", shown(key), wrong(key)?))).collect();
        if !wrong.is_empty() {
            found.add(file.place(step), format!("the key of a label is not well formed: {}", listed(&wrong)));
        }
    }
}

/// What is wrong with a key.
fn wrong(key: &str) -> Option<&'static str> {
    const RESERVED: [&str; 3] = ["com.docker.", "io.docker.", "org.dockerproject."];
    let ends_well = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if RESERVED.iter().any(|space| key.starts_with(space)) {
        Some("is in a namespace of Docker")
    } else if !key.starts_with(|c: char| c.is_ascii_lowercase()) {
        Some("does not begin with a lower-case letter")
    } else if !key.ends_with(ends_well) {
        Some("does not end with a lower-case letter or a digit")
    } else if !key.chars().all(|c| ends_well(c) || "._-/".contains(c)) {
        Some("holds other characters than lower-case letters, digits and . _ - /")
    } else if key.contains("..") || key.contains("--") {
        Some("repeats a dot or a dash")
    } else {
        None
    }
}
