//! From bytes to instructions.

use std::ops::Range;

use super::directives::DirectiveReader;
use super::flags::flags;
use super::lines::{Lines, Logical, MAX_COMMENTS, MAX_LOGICAL, trim_end, trim_start};
use super::{Dockerfile, Flag, Instruction, Keyword, LineIndex, Problem, Span, check, heredoc, stages};

/// More instructions than anybody writes; a file of ten megabytes could hold five million.
const MAX_INSTRUCTIONS: usize = 200_000;
/// Nobody reads more problems than this.
const MAX_PROBLEMS: usize = 1_000;

/// Reads a Dockerfile. It never fails: what a builder would refuse becomes a [`Problem`], and reading goes on behind
/// it.
pub fn parse(bytes: &[u8]) -> Dockerfile {
    let mut problems = Vec::new();
    let mut instructions = Vec::new();
    let mut reader = DirectiveReader::default();
    let mut lines = Lines::new(bytes);
    while let Some(line) = lines.next() {
        let directive = reader.line(line, &mut problems);
        if directive || line.is_blank() {
            continue;
        }
        if line.is_comment() {
            lines.comment(line);
            continue;
        }
        if instructions.len() == MAX_INSTRUCTIONS {
            let message = format!("more than {MAX_INSTRUCTIONS} instructions");
            problems.push(Problem::malformed(line.number, line.span(), message));
            break;
        }
        // The only escape characters are ASCII.
        let escape = if reader.directives.escape == '`' { b'`' } else { b'\\' };
        let logical = Logical::read(line, &mut lines, escape);
        if logical.cut {
            let message = format!("the instruction is longer than {MAX_LOGICAL} bytes");
            problems.push(Problem::malformed(logical.line, logical.span, message));
        }
        let mut instruction = instruction(&logical, 0..logical.text.len(), 0);
        instruction.end_line = lines.number();
        read_heredocs(&mut instruction, &logical, &mut lines, &mut problems);
        if problems.len() < MAX_PROBLEMS {
            let written = first_word(&logical.text);
            problems.extend(check::instruction(&instruction, &written, &reader.directives));
        }
        instructions.push(instruction);
    }
    for (line, span) in lines.too_long.drain(..).take(MAX_PROBLEMS) {
        problems.push(Problem::malformed(line, span, "the line is longer than 65535 bytes"));
    }
    if let Some((line, span)) = lines.dropped {
        let message = format!("more than {MAX_COMMENTS} comments");
        problems.push(Problem::malformed(line, span, message));
    }
    let stages = stages::stages(&instructions, &mut problems);
    if instructions.is_empty() {
        let message = "the file holds no instruction".to_owned();
        problems.push(Problem::malformed(1, Span { start: 0, end: bytes.len() }, message));
    }
    problems.sort_by_key(|p| (p.span.start, p.line));
    problems.truncate(MAX_PROBLEMS);
    if !problems.is_empty() {
        let index = LineIndex::new(bytes);
        for problem in &mut problems {
            let at = index.position(problem.span.start);
            (problem.line, problem.column) = (at.line, at.column);
        }
    }
    Dockerfile {
        instructions,
        stages,
        directives: reader.directives,
        comments: lines.comments,
        empty_continuations: lines.empty,
        problems,
    }
}

/// The instruction on the part `range` of a logical line; its heredocs come later.
fn instruction(logical: &Logical, range: Range<usize>, depth: u8) -> Instruction {
    let text = logical.text.get(range.clone()).unwrap_or_default();
    let (word, rest) = split_keyword(text);
    let begin = range.start + (text.len() - trim_start(text).len());
    let keyword = Keyword::of(&String::from_utf8_lossy(word));
    let (flags, taken) = flags(rest);
    // `rest` ends where the trimmed text does.
    let end = range.start + trim_end(text).len();
    let arguments = trim_start(rest.get(taken..).unwrap_or_default());
    let at = end.saturating_sub(arguments.len());
    let flags_at = end.saturating_sub(rest.len());
    let flags = flags
        .into_iter()
        .map(|(name, value, range)| {
            let span = logical.source.place(flags_at + range.start..flags_at + range.end);
            Flag { name, value, span }
        })
        .collect();
    // A trigger that is ONBUILD again is refused by `check`: nothing to descend into.
    let trigger = (keyword == Keyword::Onbuild && depth == 0 && !arguments.is_empty())
        .then(|| Box::new(instruction(logical, at..end, depth + 1)));
    let (arguments, source) = logical.source.decode(arguments, at);
    Instruction {
        keyword,
        keyword_span: logical.source.place(begin..begin + word.len()),
        span: logical.span,
        line: logical.line,
        end_line: logical.line,
        flags,
        arguments,
        heredocs: Vec::new(),
        trigger,
        source,
    }
}

/// The first word and the rest. Unlike elsewhere, only ASCII blanks separate here: a no-break space is part of the word.
fn split_keyword(text: &[u8]) -> (&[u8], &[u8]) {
    let text = trim_end(trim_start(text));
    let blank = |b: &u8| matches!(b, b'\t' | 0x0b | 0x0c | b'\r' | b' ');
    let end = text.iter().position(blank).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}

fn first_word(text: &[u8]) -> String {
    String::from_utf8_lossy(split_keyword(text).0).into_owned()
}

fn read_heredocs(
    instruction: &mut Instruction,
    logical: &Logical,
    lines: &mut Lines<'_>,
    problems: &mut Vec<Problem>,
) {
    let inner = instruction.trigger.as_deref().unwrap_or(instruction);
    if !inner.keyword.takes_heredocs() || matches!(inner.form(), super::Form::Exec(_)) {
        return;
    }
    let mut problem = |message: String| {
        problems.push(Problem::malformed(logical.line, logical.span, message));
    };
    let mut heredocs = match heredoc::opened(&String::from_utf8_lossy(&logical.text)) {
        Ok(heredocs) => heredocs,
        Err(error) => return problem(format!("cannot read the here-document: {error}")),
    };
    for document in &mut heredocs {
        match heredoc::read_body(document, lines) {
            Some(end) => instruction.span.end = end,
            None => {
                problem(format!(
                    "the here-document is not terminated: no line holds {:?} alone",
                    document.name
                ));
                instruction.span.end = instruction.span.end.max(document.body.end);
                break;
            }
        }
    }
    instruction.end_line = lines.number();
    instruction.heredocs = heredocs;
    if let Some(trigger) = instruction.trigger.as_mut() {
        trigger.span = instruction.span;
        trigger.end_line = instruction.end_line;
        trigger.heredocs = instruction.heredocs.clone();
    }
}

#[cfg(test)]
mod tests;
