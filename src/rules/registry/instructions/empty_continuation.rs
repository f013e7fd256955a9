//! `empty-continuation`.

use crate::dockerfile::Span;
use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports an instruction with an empty line behind a line that ends with the escape character.
    ///
    /// ## Why is this bad?
    /// The builder skips the line and goes on with the next one, which may be an instruction of its own by mistake.
    /// Builders have announced that this will be an error.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN true && \
    ///
    ///     true
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN true && \
    ///     true
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/no-empty-continuation/>
    IMG216 "empty-continuation" {
        level: Warning,
        items: [BestPractice],
        aliases: ["NoEmptyContinuation"],
        remedy: "take the empty line out; a comment line may stand there",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mut empty = file.file.empty_continuations.iter().copied().peekable();
    for step in &file.steps {
        let last = file.file.instructions.get(step.index).map_or(0, |instruction| instruction.end_line);
        let mut edits = Vec::new();
        let mut first = None;
        while let Some(line) = empty.next_if(|line| *line <= last) {
            first.get_or_insert(line);
            let start = file.lines.line_span(line).start;
            let end = file.lines.line_span(line + 1).start;
            edits.push(Edit { span: Span { start, end }, text: String::new() });
        }
        let Some(line) = first else { continue };
        found
            .add(
                file.place(step),
                format!("line {line} is empty, inside of a continued {}", step.instruction.keyword.name()),
            )
            .fix("take the empty lines out", edits);
    }
}
