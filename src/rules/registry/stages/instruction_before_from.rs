//! `instruction-before-from`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports an instruction above the first `FROM` that is not `ARG`.
    ///
    /// ## Why is this bad?
    /// It belongs to no stage, and the builder refuses the file.
    ///
    /// ## Example
    /// ```dockerfile
    /// ENV A=1
    /// FROM debian:12
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ENV A=1
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#from>
    /// - <https://docs.docker.com/reference/dockerfile/#format>
    IMG114 "instruction-before-from" {
        level: Error,
        items: [BestPractice],
        aliases: ["DL3061"],
        remedy: "move the instruction below the FROM that it belongs to",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    // Stages follow each other without a gap: what has none stands above the first.
    for step in file.steps.iter().take_while(|step| step.stage.is_none()) {
        let Some(instruction) = file.file.instructions.get(step.index) else { continue };
        if !matches!(instruction.keyword, Keyword::Arg | Keyword::Unknown) {
            let name = instruction.keyword.name();
            found.add(file.place(step), format!("{name} stands above the first FROM"));
        }
    }
}
