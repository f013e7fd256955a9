//! `several-cmds`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports the second and every later `CMD` of a stage.
    ///
    /// ## Why is this bad?
    /// Only the last one counts. Whoever wrote the others may believe that they run, too.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["migrate"]
    /// CMD ["serve"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["serve"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/>
    /// - <https://docs.docker.com/reference/dockerfile/#cmd>
    IMG502 "several-cmds" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL4003", "MultipleInstructionsDisallowed", "DS-0016"],
        remedy: "keep the last CMD of the stage and delete the others",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for (step, before) in file.repeated(Keyword::Cmd) {
        found.add(file.place(step), format!("CMD replaces the one of line {}", before.instruction.line));
    }
}
