//! One thing that is wrong with a file, and how it is shown: place, line, caret, help.

use std::fmt::Write as _;
use std::ops::Range;

/// More are counted, not shown; after so many wrong keys the rest of a file is not judged.
pub(super) const ENOUGH: usize = 20;
/// Characters of a source line that are shown; of a longer one, the part around the caret.
const WIDTH: usize = 100;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The bytes of the file it is about; `None` is the file as a whole.
    pub span: Option<Range<usize>>,
    /// A lowercase fragment. May hold hostile text that went through [`shown`].
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    pub(super) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Problem { span: Some(span), message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Text of the file for use in a message: control and direction characters escaped, cut where it is long.
pub(super) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(60).map(visible).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}

fn visible(c: char) -> String {
    match c {
        '\t' => "    ".to_owned(),
        '"' | '\'' | '\\' => c.to_string(),
        _ => c.escape_debug().collect(),
    }
}

/// All problems in the order of the file, ready for people. `name` is the file's.
pub(super) fn render(name: &str, text: &str, mut problems: Vec<Problem>) -> String {
    problems.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
    problems.dedup();
    let mut out = String::new();
    if problems.len() > 1 {
        let about = if problems.len() == ENOUGH { "at least " } else { "" };
        let _ = writeln!(out, "{about}{} problems in {name}", problems.len());
    }
    for (nth, problem) in problems.iter().take(ENOUGH).enumerate() {
        if nth > 0 {
            out.push('\n');
        }
        render_one(&mut out, name, text, problem);
    }
    if let Some(more) = problems.len().checked_sub(ENOUGH).filter(|more| *more > 0) {
        let _ = write!(out, "\n… and {more} more");
    }
    out
}

/// Line and column of a byte, both from 1, the column in characters; and the line itself.
pub(super) fn position(text: &str, byte: usize) -> (usize, usize, &str) {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    let end = after.find('\n').map_or(text.len(), |newline| at.saturating_add(newline));
    let line = before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1);
    let column = text.get(start..at).unwrap_or_default().chars().count().saturating_add(1);
    (line, column, text.get(start..end).unwrap_or_default().trim_end_matches('\r'))
}

fn render_one(out: &mut String, name: &str, text: &str, problem: &Problem) {
    // Writing to a String cannot fail.
    let Some(span) = &problem.span else {
        let _ = write!(out, "{name}: {}", problem.message);
        return;
    };
    let (line, column, source) = position(text, span.start);
    let marked = text.get(span.clone()).unwrap_or_default();
    let marked = marked.lines().next().unwrap_or_default().chars().count().max(1);

    let skipped = column.saturating_sub(WIDTH / 2);
    let skipped = if source.chars().nth(WIDTH).is_some() { skipped } else { 0 };
    let mut shown = String::new();
    let (mut indent, mut carets) = (0_usize, 0_usize);
    if skipped > 0 {
        shown.push('…');
        indent = 1;
    }
    for (at, c) in source.chars().enumerate().skip(skipped).take(WIDTH) {
        let c = visible(c);
        let width = c.chars().count();
        let nth = at.saturating_add(1);
        if nth < column {
            indent = indent.saturating_add(width);
        } else if nth < column.saturating_add(marked) {
            carets = carets.saturating_add(width);
        }
        shown.push_str(&c);
    }
    if source.chars().nth(skipped.saturating_add(WIDTH)).is_some() {
        shown.push('…');
    }

    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let _ = write!(
        out,
        "{name}:{line}:{column}: {message}\n{gutter} |\n{number} | {shown}\n{gutter} | {space}{caret}",
        message = problem.message,
        space = " ".repeat(indent),
        caret = "^".repeat(carets.max(1)),
    );
    if let Some(help) = &problem.help {
        let _ = write!(out, "\n{gutter} = help: {help}");
    }
}

/// A file name for use in a message. It comes from a repository that anybody may have written.
pub(super) fn shown_name(name: &str) -> String {
    name.chars().map(visible).collect()
}
