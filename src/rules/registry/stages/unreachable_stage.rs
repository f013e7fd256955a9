//! `unreachable-stage`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a stage that the stage which is built does not use. A stage that sets `CMD` or `ENTRYPOINT` is taken for
    /// another one that is built, by `--target`.
    ///
    /// ## Why is this bad?
    /// Nobody builds it, so nobody notices when it breaks; older builders run it all the same. Often a `COPY
    /// --from` was meant to name it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM golang:1.23 AS build
    /// RUN go build -o /app
    /// FROM debian:12
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM golang:1.23 AS build
    /// RUN go build -o /app
    /// FROM debian:12
    /// COPY --from=build /app /app
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/multi-stage/>
    IMG115 "unreachable-stage" {
        level: Info,
        items: [BestPractice],
        aliases: [],
        remedy: "take the stage out, or use it with FROM or COPY --from",
        check: Text(check),
    }
}

/// Each costs a walk over the stages that it uses.
const MOST_TARGETS: usize = 64;

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mut used = file.graph.used_by(file.expectations.target.as_deref());
    let starts = |index: &usize| {
        file.of_stage(*index)
            .any(|step| matches!(step.instruction.keyword, Keyword::Cmd | Keyword::Entrypoint))
    };
    let others: Vec<usize> = file
        .stages()
        .map(|(index, _)| index)
        .filter(|index| !used.contains(index) && starts(index))
        .collect();
    if used.is_empty() || others.len() > MOST_TARGETS {
        return;
    }
    for other in others {
        used.extend(file.graph.used_by(Some(&other.to_string())));
    }
    for (index, _) in file.stages().filter(|(index, _)| !used.contains(index)) {
        if let Some(step) = file.from_of(index) {
            found.add(file.place(step), format!("nothing that is built uses {}", file.stage_title(index)));
        }
    }
}
