//! `several-entrypoints`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports the second and every later `ENTRYPOINT` of a stage.
    ///
    /// ## Why is this bad?
    /// Only the last one counts. Whoever wrote the others may believe that they run first.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// ENTRYPOINT ["tini", "--"]
    /// ENTRYPOINT ["serve"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ENTRYPOINT ["tini", "--", "serve"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/>
    /// - <https://docs.docker.com/reference/dockerfile/#entrypoint>
    IMG503 "several-entrypoints" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL4004", "MultipleInstructionsDisallowed", "DS-0007"],
        remedy: "keep the last ENTRYPOINT of the stage; what comes first goes before it in the same array or into a script",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (step, before) in file.repeated(Keyword::Entrypoint) {
        let message = format!("ENTRYPOINT replaces the one of line {}", before.instruction.line);
        found.add(file.place(step), message);
    }
}
