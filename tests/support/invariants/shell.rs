//! What holds for every text that the shell splitter reads.

use std::ops::Range;

use imgbuild::dockerfile::shell::{Command, Context, Script, Word, parse};

/// Panics where a promise of `parse` is broken for `bytes`.
pub(crate) fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let script = parse(&text);
    ordered(&script, &text);
    for command in &script.commands {
        holds_for(command, &text);
        assert!(!command.context.has(Context::ShellString));
    }
    assert_eq!(parse(&text), script);
    let all = script.clone().with_inner(&text);
    assert!(all.commands.len() >= script.commands.len());
    assert!(script.complete || !all.complete);
    ordered(&all, &text);
}

/// Commands stand in the order in which they begin.
fn ordered(script: &Script, text: &str) {
    let mut last = 0;
    for command in &script.commands {
        within(&command.range, &(0..text.len()), text);
        assert!(last <= command.range.start, "{:?} begins before {last}", command.range);
        last = command.range.start;
    }
}

fn holds_for(command: &Command, text: &str) {
    assert!(!command.range.is_empty());
    let parts = command.words.len() + command.assignments.len() + command.redirects.len();
    assert!(parts > 0, "nothing at {:?}", command.range);
    let mut last = command.range.start;
    for word in &command.words {
        within(&word.range, &command.range, text);
        assert!(!word.range.is_empty() && last <= word.range.start, "{:?} begins before {last}", word.range);
        last = word.range.end;
    }
    for assignment in &command.assignments {
        within(&assignment.value.range, &command.range, text);
    }
    for redirect in &command.redirects {
        within(&redirect.target.range, &command.range, text);
        if let Some(body) = &redirect.body {
            within(body, &(redirect.target.range.end..text.len()), text);
        }
    }
    asked(command, text);
}

/// The questions of rules have answers.
fn asked(command: &Command, text: &str) {
    assert!(command.raw_name().ends_with(command.name()));
    assert!(command.flags().all(|flag| command.has_flag(&[flag]) || flag.len() <= 1));
    let positional: Vec<&Word> = command.positional(&["o", "output"]);
    assert!(positional.len() <= command.args().len());
    if let Some(value) = command.flag_value(&["o", "output"]) {
        within(&value.range, &command.range, text);
    }
    let unwrapped = command.unwrapped();
    assert!(unwrapped.words.len() <= command.words.len());
    assert_eq!(unwrapped.words.is_empty(), command.words.is_empty());
    assert!(command.inner_script().is_none_or(|script| command.words.iter().any(|word| word.text == script)));
}

fn within(range: &Range<usize>, outer: &Range<usize>, text: &str) {
    assert!(text.get(range.clone()).is_some(), "{range:?} is no part of the text");
    assert!(outer.start <= range.start && range.end <= outer.end, "{range:?} is not in {outer:?}");
}
