//! `inconsistent-instruction-casing`.

use crate::dockerfile::{Keyword, Span};
use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Step;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a keyword that is written in another case than most keywords of the file, or in a mixed one.
    ///
    /// ## Why is this bad?
    /// Keywords have no case for the builder. Whoever reads the file looks for them by their shape and overlooks
    /// the one that has another.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN true
    /// workdir /app
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN true
    /// WORKDIR /app
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/consistent-instruction-casing/>
    IMG215 "inconsistent-instruction-casing" {
        level: Info,
        items: [BestPractice],
        aliases: ["ConsistentInstructionCasing"],
        remedy: "write all keywords in one case",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let known = |step: &&Step<'_>| {
        file.file.instructions.get(step.index).is_some_and(|i| i.keyword != Keyword::Unknown)
    };
    let (mut lower, mut upper) = (0_usize, 0_usize);
    for step in file.steps.iter().filter(known) {
        let written = keyword(file, step).of(file.bytes);
        lower += usize::from(written.iter().all(u8::is_ascii_lowercase));
        upper += usize::from(written.iter().all(u8::is_ascii_uppercase));
    }
    let to_lower = lower > upper;
    let case = |text: &str| if to_lower { text.to_ascii_lowercase() } else { text.to_ascii_uppercase() };
    for step in file.steps.iter().filter(known) {
        let span = keyword(file, step);
        let written = String::from_utf8_lossy(span.of(file.bytes));
        let wanted = case(&written);
        if written == wanted {
            continue;
        }
        let mut edits = vec![Edit { span, text: wanted.clone() }];
        // The other keyword of the line follows.
        let words = (step.instruction.keyword == Keyword::From).then(|| file.from_words(step)).flatten();
        if let Some(word) = words.and_then(|words| words.keyword).filter(|word| word.text != case(&word.text))
        {
            edits.push(Edit { span: word.span, text: case(&word.text) });
        }
        let message = format!("{written} is written in another case than most keywords of the file");
        found
            .add(file.place_at(step, span), message)
            .remedy(format!("write {wanted}"))
            .fix("write the keyword in the case of the others", edits);
    }
}

/// The keyword of the whole line: for what stands behind `ONBUILD` that one.
fn keyword(file: &Analysis<'_>, step: &Step<'_>) -> Span {
    file.file.instructions.get(step.index).map_or(step.instruction.keyword_span, |i| i.keyword_span)
}
