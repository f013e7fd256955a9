//! Instructions grouped into build stages.

use std::ops::Range;

use super::{Instruction, Keyword, Problem, ProblemKind, Stage, check};

/// The stages that `instructions` make; what stands before the first, and malformed `FROM`s, become problems.
pub(super) fn stages(instructions: &[Instruction], problems: &mut Vec<Problem>) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut lost = false;
    for (index, instruction) in instructions.iter().enumerate() {
        let mut problem = |message: &str, span, kind| {
            problems.push(Problem {
                line: instruction.line,
                column: 0,
                span,
                message: message.to_owned(),
                kind,
            });
        };
        if instruction.keyword == Keyword::From {
            let (base, name) = match from(&instruction.arguments) {
                Ok(parts) => parts,
                Err((base, why, range)) => {
                    problem(why, instruction.place(range), ProblemKind::Malformed);
                    (base, None)
                }
            };
            stages.push(Stage {
                name,
                base,
                platform: instruction.flag("platform").map(str::to_owned),
                instructions: index..index + 1,
                line: instruction.line,
            });
        } else if let Some(stage) = stages.last_mut() {
            stage.instructions.end = index + 1;
        } else if !matches!(instruction.keyword, Keyword::Arg | Keyword::Unknown) && !lost {
            // Said once: what follows is wrong for the same reason.
            lost = true;
            let message = "only ARG may stand before the first FROM";
            problem(message, instruction.keyword_span, ProblemKind::BeforeFrom);
        }
    }
    if stages.is_empty()
        && !lost
        && let Some(first) = instructions.first()
    {
        problems.push(Problem::malformed(first.line, first.span, "there is no FROM"));
    }
    stages
}

type Parts = (String, Option<String>);

/// Base and name of a `FROM`; with the problem, the base as far as it can be told, and the bytes that are wrong.
fn from(arguments: &str) -> Result<Parts, (String, &'static str, Range<usize>)> {
    let mut words = check::split(arguments);
    let (first, place) = words.next().unwrap_or_default();
    let base = first.to_owned();
    if matches!(first, "\"\"" | "''") {
        return Err((base, "the image of a FROM is empty", place));
    }
    match (words.next(), words.next(), words.next()) {
        (None, ..) => Ok((base, None)),
        (Some((keyword, _)), Some((name, place)), None) if keyword.eq_ignore_ascii_case("AS") => {
            let name = name.to_lowercase();
            let valid = name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c));
            if valid {
                Ok((base, Some(name)))
            } else {
                let why =
                    "the name of a stage begins with a letter and holds letters, digits, '-', '_' and '.'";
                Err((base, why, place))
            }
        }
        (Some((_, place)), ..) => Err((base, "FROM is followed by an image, or by IMAGE AS NAME", place)),
    }
}
