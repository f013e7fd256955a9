//! `several-healthchecks`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports the second and every later `HEALTHCHECK` of a stage, be it a command or `NONE`.
    ///
    /// ## Why is this bad?
    /// Only the last one counts: what the others look at is never looked at.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// HEALTHCHECK CMD ["check", "web"]
    /// HEALTHCHECK CMD ["check", "queue"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// HEALTHCHECK CMD ["check", "web", "queue"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/>
    /// - <https://docs.docker.com/reference/dockerfile/#healthcheck>
    IMG504 "several-healthchecks" {
        level: Warning,
        items: [Healthcheck],
        aliases: ["DL3012", "MultipleInstructionsDisallowed", "DS-0023"],
        remedy: "keep one HEALTHCHECK in the stage, whose command looks at all that matters",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (step, before) in file.repeated(Keyword::Healthcheck) {
        let message = format!("HEALTHCHECK replaces the one of line {}", before.instruction.line);
        found.add(file.place(step), message);
    }
}
