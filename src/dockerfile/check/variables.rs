//! Words whose variables or quotes cannot be read.

use std::ops::Range;

use super::super::expand::expand;
use super::super::words::{Pair, assignments, declarations, shown};
use super::super::{Form, Instruction, Keyword};
use super::{BLANKS, Found};

/// Tells which words of `instruction` no builder can expand. Whether a variable has a value is another question.
pub(super) fn check(instruction: &Instruction, escape: char, found: &mut Found) {
    let arguments = instruction.arguments.as_str();
    let suspicious = |text: &str| text.contains(['$', '\'', '"', escape]);
    let flags = instruction.flags.iter().any(|flag| flag.value.as_deref().is_some_and(|v| v.contains('$')));
    if !suspicious(arguments) && !flags {
        return;
    }
    let mut try_expand = |text: &str, range: Range<usize>, named: &dyn Fn() -> String| {
        if suspicious(text)
            && !found.full()
            && let Err(error) = expand(text, escape, &|_| Some("x".to_owned()))
        {
            let name = instruction.keyword.name();
            let message = format!("{name}: cannot expand {}: {}", named(), error.short());
            found.add(instruction.place(range), message);
        }
    };
    let pairs = match instruction.keyword {
        Keyword::Env | Keyword::Label => assignments(arguments, escape).unwrap_or_default(),
        Keyword::Arg => declarations(arguments, escape),
        _ => Vec::new(),
    };
    for Pair { name, value, range, .. } in pairs {
        try_expand(&name, range.clone(), &|| format!("the name {}", shown(&name)));
        // Any value may be a secret, whatever its name says: it is not repeated.
        try_expand(&value.unwrap_or_default(), range, &|| format!("the value of {}", shown(&name)));
    }
    let mut word = |text: &str, range| try_expand(text, range, &|| word_named(text));
    match instruction.keyword {
        Keyword::User | Keyword::Workdir | Keyword::Stopsignal => word(arguments, 0..arguments.len()),
        Keyword::Add | Keyword::Copy | Keyword::Volume => match instruction.form() {
            Form::Exec(words) => words.iter().for_each(|text| word(text, 0..arguments.len())),
            _ => split(arguments).for_each(|(text, range)| word(text, range)),
        },
        Keyword::Expose => split(arguments).for_each(|(text, range)| word(text, range)),
        Keyword::From => split(arguments).take(1).for_each(|(text, range)| word(text, range)),
        _ => {}
    }
    if !matches!(instruction.keyword, Keyword::Add | Keyword::Copy | Keyword::From | Keyword::Run) {
        return;
    }
    for flag in &instruction.flags {
        let value = flag.value.as_deref().unwrap_or_default();
        if value.contains('$')
            && !found.full()
            && let Err(error) = expand(value, escape, &|_| Some("x".to_owned()))
        {
            let name = instruction.keyword.name();
            let flag_name = shown(&flag.name);
            let message = format!("{name}: cannot expand the flag {flag_name}: {}", error.short());
            found.add(flag.span, message);
        }
    }
}

/// How a message names a word. A URL with an `@` may hold a login.
fn word_named(text: &str) -> String {
    if text.contains("://") && text.contains('@') {
        "the URL".to_owned()
    } else {
        format!("the word {}", shown(text))
    }
}

/// The words between blanks, quotes or not, and their places.
pub(in crate::dockerfile) fn split(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut at = 0;
    text.split(BLANKS)
        .map(move |word| {
            let start = at;
            at += word.len() + 1;
            (word, start..start + word.len())
        })
        .filter(|(word, _)| !word.is_empty())
}
