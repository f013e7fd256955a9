//! `legacy-key-value`.

use crate::dockerfile::{Keyword, Pair, Span};
use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Step;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `ENV` and `LABEL` in the old form, a name and a value with a blank between.
    ///
    /// ## Why is this bad?
    /// The value is then the whole rest of the line, so that a second pair, or a comment behind it, silently
    /// becomes part of it. The form is deprecated.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// ENV LANG C.UTF-8
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ENV LANG=C.UTF-8
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/legacy-key-value-format/>
    /// - <https://docs.docker.com/reference/dockerfile/#env>
    IMG214 "legacy-key-value" {
        level: Info,
        items: [BestPractice],
        aliases: ["LegacyKeyValueFormat"],
        remedy: "write NAME=value",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.steps.iter().filter(|step| !step.onbuild) {
        if !matches!(step.instruction.keyword, Keyword::Env | Keyword::Label) {
            continue;
        }
        let pairs = step.instruction.pairs(file.escape()).unwrap_or_default();
        let Some(pair) = pairs.first().filter(|pair| pair.legacy) else { continue };
        let keyword = step.instruction.keyword.name();
        let message = format!("{keyword} sets {} in the old form, without =", shown(&pair.name));
        let finding = found.add(file.place(step), message);
        if let Some(edits) = edits(file, step, pair) {
            finding.fix("write NAME=value", edits);
        }
    }
}

/// The new form of a pair whose value means the same there.
fn edits(file: &Analysis<'_>, step: &Step<'_>, pair: &Pair) -> Option<Vec<Edit>> {
    let value = pair.value.as_deref()?;
    let is_special = |c: char| c == '"' || c == '\'' || c == file.escape() || c == '\\';
    // The old form ends a name at ASCII blanks only, the new one at every blank and at the first `=`.
    let splits = |c: char| c.is_whitespace() || matches!(c, '=' | '$');
    if value.is_empty() || pair.name.contains(is_special) || pair.name.contains(splits) {
        return None;
    }
    let quote = if is_quoted(value, file.escape()) {
        ""
    } else if value.contains(is_special) {
        return None;
    } else if value.contains(char::is_whitespace) {
        "\""
    } else {
        ""
    };
    let arguments = step.instruction.arguments.len();
    let blanks = step.instruction.place(pair.name.len()..arguments - value.len());
    let end = step.instruction.place(arguments - value.len()..arguments).end;
    if blanks.start == blanks.end || !blanks.of(file.bytes).iter().all(|b| matches!(b, b' ' | b'\t')) {
        return None;
    }
    let mut edits = vec![Edit { span: blanks, text: format!("={quote}") }];
    if !quote.is_empty() {
        edits.push(Edit { span: Span { start: end, end }, text: quote.to_owned() });
    }
    Some(edits)
}

/// Whether it is one quoted piece from end to end.
fn is_quoted(value: &str, escape: char) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        inner.is_some_and(|inner| !inner.contains([quote, escape, '\\']))
    })
}
