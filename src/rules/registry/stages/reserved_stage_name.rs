//! `reserved-stage-name`.

use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a stage called `scratch` or `context`.
    ///
    /// ## Why is this bad?
    /// Both names mean something already: the empty image, and the files that are sent to the builder. Lines that
    /// name the stage get the other thing.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12 AS scratch
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12 AS base
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/reserved-stage-name/>
    IMG108 "reserved-stage-name" {
        level: Error,
        items: [BestPractice],
        aliases: ["ReservedStageName", "DL3063"],
        remedy: "give the stage another name",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (index, stage) in file.stages() {
        let Some(name) = stage.name.as_deref().filter(|name| matches!(*name, "scratch" | "context")) else {
            continue;
        };
        let Some(step) = file.from_of(index) else { continue };
        let written = file.from_words(step).and_then(|words| words.name);
        let span = written.map_or(step.instruction.span, |name| name.span);
        found.add(file.place_at(step, span), format!("the stage name {name} is reserved"));
    }
}
