//! What the parser found, in words for the person who wrote the file.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::later;
use super::problem::{Problem, shown};
use super::tree::{self, Step};

/// An error of TOML's own grammar.
pub(super) fn syntax(error: &toml::de::Error, text: &str) -> Problem {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    let at = Problem::at(span.clone(), message);
    match message {
        "duplicate key" => {
            let key = text.get(span.clone()).unwrap_or_default();
            Problem::at(span, format!("`{}` is already set", shown(key)))
                .help("a key and a table may be written once; a list of tables has double brackets")
        }
        _ if message.starts_with("string values must be quoted") => {
            Problem::at(span, "not a value").help("a string is written in quotes")
        }
        // "`_` may only go between digits, expected nothing": the second half says nothing.
        _ => match message.strip_suffix(", expected nothing") {
            Some(short) => Problem { message: short.to_owned(), ..at },
            None => at,
        },
    }
}

/// An error of our types: an unknown key, a wrong type, a value that breaks its grammar.
///
/// serde says what it found as text alone, so that is read; a text of another form is shown as it is.
pub(super) fn types(error: &toml::de::Error, text: &str, root: &DeTable<'_>) -> Problem {
    let message = error.message();
    let Some(span) = error.span() else {
        return Problem { span: None, message: shown(message), help: None };
    };
    let path = tree::locate(root, &span).unwrap_or_default();
    if let Some(words) = message.strip_prefix("unknown field ") {
        return unknown_key(span, words, &path);
    }
    if let Some(words) = message.strip_prefix("unknown variant ") {
        let (found, known) = found_and_known(words);
        let help = match known.contains(&"buildkit") && found.contains("://") {
            true => "the address of a builder is taken from --builder and IMGBUILD_BUILDER alone".to_owned(),
            false => nearest_or_all(found, &known),
        };
        return Problem::at(span, format!("unknown value `{}`", shown(found))).help(help);
    }
    let value = tree::value_at(root, &path);
    if message == "wanted string or table" {
        return wrong_type(span, "a string", value, text);
    }
    if let Some(words) = message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "))
        && let Some((_, expected)) = words.rsplit_once(", expected ")
    {
        return wrong_type(span, in_plain_words(expected), value, text);
    }
    Problem::at(span, message)
}

fn unknown_key(span: Range<usize>, words: &str, path: &[Step]) -> Problem {
    let (found, known) = found_and_known(words);
    if let Some(why) = later::not_yet(path) {
        return Problem::at(span, format!("`{}` is not supported by this version", shown(found))).help(why);
    }
    Problem::at(span, format!("unknown key `{}`", shown(found))).help(nearest_or_all(found, &known))
}

/// Reads "`x`, expected one of `a`, `b`". The first part is the file's own text and may hold anything.
fn found_and_known(words: &str) -> (&str, Vec<&str>) {
    let (found, expected) = words.rsplit_once(", expected ").unwrap_or((words, ""));
    let found = found.strip_prefix('`').and_then(|found| found.strip_suffix('`')).unwrap_or(found);
    // Names stand at the odd places between backquotes.
    (found, expected.split('`').skip(1).step_by(2).collect())
}

/// A help line that names the nearest of the known words, or all of them.
pub(in crate::config) fn nearest_or_all(found: &str, known: &[&str]) -> String {
    match nearest(found, known) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

/// The word that was probably meant. Dashes, underscores and case do not count: `noCache` is `no-cache`.
pub(in crate::config) fn nearest<'w>(found: &str, known: &[&'w str]) -> Option<&'w str> {
    // Comparing is quadratic in the length, and what is that long is no slip of the pen.
    if found.len() > 64 {
        return None;
    }
    let plain = |word: &str| word.to_lowercase().replace(['-', '_'], "");
    let found = plain(found);
    known
        .iter()
        .map(|word| (strsim::normalized_damerau_levenshtein(&found, &plain(word)), *word))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

fn wrong_type(span: Range<usize>, expected: &str, value: Option<&DeValue<'_>>, text: &str) -> Problem {
    let source = text.get(span.clone()).unwrap_or_default();
    let found = match value {
        Some(DeValue::String(_)) => format!("found {}", shown(source)),
        Some(DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)) => {
            format!("found `{}`", shown(source))
        }
        Some(DeValue::Datetime(_)) => "found a date".to_owned(),
        Some(DeValue::Array(_)) => "found a list".to_owned(),
        Some(DeValue::Table(_)) => "found a table".to_owned(),
        None => "found something else".to_owned(),
    };
    let problem = Problem::at(span, format!("expected {expected}, {found}"));
    let wants_string = expected.contains("string") || expected.contains("in quotes");
    match value {
        Some(DeValue::Integer(_)) if expected.contains("length of time") => {
            problem.help(format!("write it with a unit: \"{}s\"", shown(source)))
        }
        Some(DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)) if wants_string => {
            problem.help(format!("write it in quotes: \"{}\"", shown(source)))
        }
        Some(DeValue::Table(_)) if expected == "a list of tables" && source.starts_with('[') => {
            problem.help("write the header in double brackets")
        }
        Some(DeValue::Array(_)) if expected == "a table" && is_header(source) => {
            problem.help("write the header in single brackets")
        }
        _ => problem,
    }
}

/// A header of a list of tables, and no list of lists.
fn is_header(source: &str) -> bool {
    let inner = source.strip_prefix("[[").and_then(|rest| rest.split(']').next()).map(str::trim);
    inner.is_some_and(|key| key.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// serde's names of types in TOML's words.
fn in_plain_words(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a boolean" => "true or false",
        "path string" => "a string",
        "u8" => "a whole number from 0 to 255",
        "u32" => "a whole number",
        other => other,
    }
}
