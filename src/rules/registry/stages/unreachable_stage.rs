//! `unreachable-stage`.

use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a stage that the stage which is built does not use.
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

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let used = file.graph.used_by(file.expectations.target.as_deref());
    if used.is_empty() {
        return;
    }
    for (index, _) in file.stages().filter(|(index, _)| !used.contains(index)) {
        if let Some(step) = file.from_of(index) {
            found.add(file.place(step), format!("nothing that is built uses {}", file.stage_title(index)));
        }
    }
}
