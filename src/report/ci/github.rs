//! GitHub's workflow commands: `::name key=value,key=value::text`, at the beginning of a line.
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Annotation, Outputs};
use crate::report::escape;
use crate::rules::Level;
use crate::token::token;

/// GitHub cuts an annotation at 64 KiB; nobody reads as much.
const MOST_COLUMNS: usize = 4_000;
/// Lines of an annotation; more belong into the log.
const MOST_LINES: usize = 20;
/// Parts of a secret that are too short are no secrets: a mask of theirs would black out half of the log.
const SHORTEST: usize = 4;

/// The beginning of a group in which no command counts but the one that ends this.
pub(super) fn open(title: &str, token: &str) -> String {
    format!("::group::{title}\n::stop-commands::{token}\n")
}

pub(super) fn close(token: &str) -> String {
    format!("::{token}::\n::endgroup::\n")
}

/// Whole lines in which no command counts.
pub(super) fn shielded(text: &str) -> String {
    let token = token();
    format!("::stop-commands::{token}\n{text}::{token}::\n")
}

/// One annotation, without a line end.
pub(in crate::report) fn annotation(annotation: &Annotation) -> String {
    let kind = match annotation.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "notice",
    };
    let mut properties = Vec::new();
    properties.extend(annotation.path.as_ref().map(|path| format!("file={}", property(path))));
    for (name, number) in [
        ("line", annotation.line),
        ("endLine", annotation.end_line),
        ("col", annotation.column),
        ("endColumn", annotation.end_column),
    ] {
        properties.extend(number.map(|number| format!("{name}={number}")));
    }
    properties.push(format!("title={}", property(&annotation.title)));
    let lines: Vec<String> = annotation.message.lines().take(MOST_LINES).map(data).collect();
    format!("::{kind} {}::{}", properties.join(","), lines.join("%0A"))
}

/// Masks for a secret, each of its lines, and what base64 makes of them.
pub(super) fn masks(secret: &str) -> Vec<String> {
    let whole = secret.trim_end();
    let lines = whole.lines().map(str::trim).filter(|line| *line != whole);
    let mut masks = Vec::new();
    for part in std::iter::once(whole).chain(lines) {
        // What hides in a line would not be one command.
        let is_text = !part.chars().any(|c| escape::is_hidden(c) && !matches!(c, '\r' | '\n'));
        if part.chars().count() >= SHORTEST && is_text {
            masks.push(mask(part));
            masks.push(mask(&STANDARD.encode(part)));
        }
    }
    masks
}

fn mask(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    format!("::add-mask::{text}\n")
}

/// The lines of `GITHUB_OUTPUT`: each value between delimiters that it does not hold.
pub(super) fn outputs(outputs: &Outputs) -> String {
    let mut lines = String::new();
    for (name, value) in outputs.pairs() {
        let delimiter = delimiter(&value);
        lines.push_str(&format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"));
    }
    lines
}

fn delimiter(value: &str) -> String {
    loop {
        let delimiter = format!("ghadelimiter_{}", token());
        if !value.contains(&delimiter) {
            return delimiter;
        }
    }
}

/// A line of a command's text. What GitHub would decode is written so that it comes out as it was.
fn data(text: &str) -> String {
    escape::line(text, MOST_COLUMNS).replace('%', "%25")
}

/// A value in front of it, which ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
