//! `copy-from-itself`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `COPY --from` of the very stage that it stands in.
    ///
    /// ## Why is this bad?
    /// A stage cannot be copied from before it is built: the builder refuses.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12 AS build
    /// COPY --from=build /a /b
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12 AS base
    /// FROM debian:12 AS build
    /// COPY --from=base /a /b
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#copy---from>
    IMG207 "copy-from-itself" {
        level: Error,
        items: [BestPractice],
        aliases: ["DL3023", "DS-0006"],
        remedy: "name the stage above that has the files",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Copy).filter(|step| !step.onbuild) {
        let Some(index) = step.stage else { continue };
        let Some(flag) = step.instruction.flags.iter().rfind(|flag| flag.name == "from") else { continue };
        let from = flag.value.as_deref().unwrap_or_default();
        let own = file.file.stages.get(index).and_then(|stage| stage.name.as_deref());
        if own == Some(from.to_lowercase().as_str()) || from.parse() == Ok(index) {
            found.add(
                file.place_at(step, flag.span),
                format!("{} copies from itself", file.stage_title(index)),
            );
        }
    }
}
