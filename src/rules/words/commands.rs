//! Findings on the commands of `RUN`: one for an instruction and a rule, whatever the number of commands.

use super::in_a_row;
use crate::dockerfile::shell::{Command, Word};
use crate::dockerfile::{Keyword, Span};
use crate::rules::analysis::{Analysis, Body, Step};
use crate::rules::{Edit, Finding, Found};

/// More parts of one message help nobody.
const MOST: usize = 5;

/// Adds a finding for each `RUN` with commands that `judge` has something to say about. It gets each command without
/// `sudo` and the like; what it says of several commands is told in one message.
pub(in crate::rules) fn report(
    file: &Analysis<'_>,
    found: &mut Found<'_>,
    judge: impl Fn(&Step<'_>, &Command) -> Option<String>,
) {
    report_mended(file, found, "", judge, |_| None);
}

/// [`report`], with a fix of the name `title` where `mend` has one for each of the commands: a word, and what stands in
/// its place then.
pub(in crate::rules) fn report_mended(
    file: &Analysis<'_>,
    found: &mut Found<'_>,
    title: &str,
    judge: impl Fn(&Step<'_>, &Command) -> Option<String>,
    mend: impl Fn(&Command) -> Option<(&Word, String)>,
) {
    for step in file.of(Keyword::Run) {
        let mut first = None;
        let mut said: Vec<String> = Vec::new();
        let mut edits = Some(Vec::new());
        for (body, command) in step.commands() {
            let bare = command.unwrapped();
            let Some(message) = judge(step, &bare) else { continue };
            first.get_or_insert_with(|| step.span(body, command.range.clone()));
            if said.len() < MOST && !said.contains(&message) {
                said.push(message);
            }
            let edit = mend(&bare).and_then(|(word, text)| edit(file, step, body, word, &text));
            edits = edits.zip(edit).map(|(mut edits, edit)| {
                edits.push(edit);
                edits
            });
        }
        let Some(span) = first else { continue };
        let finding = found.add(file.place_at(step, span), said.join("; "));
        if let Some(edits) = edits {
            finding.fix(title, edits);
        }
    }
}

/// The edit that puts `text` in the place of `word`; `None` where the file does not hold the word just so, as in the JSON
/// form and where quotes or line breaks stand in it.
fn edit(file: &Analysis<'_>, step: &Step<'_>, body: &Body, word: &Word, text: &str) -> Option<Edit> {
    let span = step.span(body, word.range.clone());
    if span.of(file.bytes) != word.text.as_bytes() {
        return None;
    }
    Some(match text.strip_prefix(&word.text) {
        Some(added) => Edit { span: Span { start: span.end, end: span.end }, text: added.to_owned() },
        None => Edit { span, text: text.to_owned() },
    })
}

/// The first of the arguments `verbs`, and the same with `flag` behind it.
pub(in crate::rules) fn with_flag<'a>(
    command: &'a Command,
    verbs: &[&str],
    flag: &str,
) -> Option<(&'a Word, String)> {
    let verb = command.args().iter().find(|word| verbs.contains(&word.text.as_str()))?;
    Some((verb, format!("{} {flag}", verb.text)))
}

/// Adds a finding for each `RUN` in which `judge` finds packages without a version: `NAME installs a and b without a
/// version`, at the first of them. Where that one's name is known, the finding is given to `detail` with it.
pub(in crate::rules) fn report_unpinned(
    file: &Analysis<'_>,
    found: &mut Found<'_>,
    judge: impl Fn(&Command) -> Vec<Word>,
    detail: impl Fn(&mut Finding, &Word),
) {
    for step in file.of(Keyword::Run) {
        let mut first = None;
        let mut names: Vec<String> = Vec::new();
        let mut more = 0;
        for (body, command) in step.commands() {
            let bare = command.unwrapped();
            for word in judge(&bare) {
                if names.len() < MOST {
                    let name = package_name(&word);
                    if !names.contains(&name) {
                        names.push(name);
                    }
                } else {
                    more += 1;
                }
                first.get_or_insert_with(|| (step.span(body, word.range.clone()), tool(&bare), word));
            }
        }
        if let Some((span, tool, word)) = first {
            let message = format!("{tool} installs {} without a version", list(&names, more));
            let finding = found.add(file.place_at(step, span), message);
            if word.literal {
                detail(finding, &word);
            }
        }
    }
}

/// The name of what installs: `python -m pip` is pip.
fn tool(command: &Command) -> String {
    let name = command.name();
    if name.starts_with("python") { "pip".to_owned() } else { name.to_owned() }
}

/// `a, b and c`, or `a, b and 7 more`.
fn list(names: &[String], more: usize) -> String {
    let mut parts = names.to_vec();
    parts.extend((more > 0).then(|| format!("{more} more")));
    in_a_row(&parts)
}

/// A word for a message: short, without what `$(…)` runs, and without the user names, passwords and queries of URLs.
pub(in crate::rules) fn package_name(word: &Word) -> String {
    let mut text = word.text.as_str();
    let run = text.find("$(").into_iter().chain(text.find('`')).min();
    let mut tail = "";
    if let Some(at) = run {
        text = text.get(..at).unwrap_or_default();
        tail = "$(…)";
    }
    let mut out = String::new();
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let rest = rest.split('?').next().unwrap_or_default();
            out.push_str(scheme);
            out.push_str("://");
            match rest.rsplit_once('@') {
                Some((_, rest)) => out.extend(["…@", rest]),
                None => out.push_str(rest),
            }
        }
        None => out.push_str(text),
    }
    if out.chars().nth(60).is_some() {
        out = out.chars().take(59).chain(['…']).collect();
    }
    out.push_str(tail);
    out.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Whether one of the command's arguments is one of `verbs`, wherever it stands: options with values may stand before it.
pub(in crate::rules) fn has_verb(command: &Command, verbs: &[&str]) -> bool {
    command.args().iter().any(|word| verbs.contains(&word.text.as_str()))
}

/// The operands that are none of `verbs`. The flags `with_value`, without dashes, take the next word.
pub(in crate::rules) fn operands<'a>(
    command: &'a Command,
    verbs: &[&str],
    with_value: &[&str],
) -> Vec<&'a Word> {
    let mut words = command.positional(with_value);
    words.retain(|word| !verbs.contains(&word.text.as_str()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_without_secrets() {
        for (text, want) in [
            ("curl", "curl"),
            ("git+https://user:pa/ss@host/x@v1", "git+https://…@v1"),
            ("https://host/x?token=abc", "https://host/x"),
            ("x-$(cat secret)", "x-$(…)"),
            ("`cat x`", "$(…)"),
            ("a\nb", "a b"),
        ] {
            assert_eq!(package_name(&Word { text: text.to_owned(), ..Word::default() }), want);
        }
        let long = Word { text: "é".repeat(100), ..Word::default() };
        assert_eq!(package_name(&long).chars().count(), 60);
    }

    #[test]
    fn lists_are_read_aloud() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&names[..1], 0), "a");
        assert_eq!(list(&names[..2], 0), "a and b");
        assert_eq!(list(&names, 0), "a, b and c");
        assert_eq!(list(&names, 4), "a, b, c and 4 more");
        assert_eq!(list(&[], 0), "");
    }
}
