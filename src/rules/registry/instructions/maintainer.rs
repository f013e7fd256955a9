//! `maintainer`.

use crate::dockerfile::Keyword;
use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports the instruction `MAINTAINER`.
    ///
    /// ## Why is this bad?
    /// It is deprecated. Tools that read an image look at its labels, and nobody sees what `MAINTAINER` sets.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// MAINTAINER Ada <ada@example.com>
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// LABEL org.opencontainers.image.authors="Ada <ada@example.com>"
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#maintainer-deprecated>
    /// - <https://docs.docker.com/reference/build-checks/maintainer-deprecated/>
    IMG217 "maintainer" {
        level: Warning,
        items: [Labels, BestPractice],
        aliases: ["DL4000", "MaintainerDeprecated", "CKV_DOCKER_6", "DS-0022"],
        remedy: "set the label org.opencontainers.image.authors",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Maintainer).filter(|step| !step.onbuild) {
        let finding = found.add(file.place(step), "MAINTAINER is deprecated");
        let instruction = step.instruction;
        // MAINTAINER takes its text as it is; a label would expand it.
        let is_plain = !instruction.arguments.is_empty() && !instruction.arguments.contains(['$', '\\', '`']);
        if step.stage.is_some() && is_plain && instruction.line == instruction.end_line {
            let text = instruction.arguments.replace('"', "\\\"");
            let text = if file.escape() == '\\' { text } else { text.replace('\\', "`") };
            let is_lower = instruction.keyword_span.of(file.bytes).iter().all(u8::is_ascii_lowercase);
            let label = if is_lower { "label" } else { "LABEL" };
            let edit = Edit {
                span: instruction.span,
                text: format!("{label} org.opencontainers.image.authors=\"{text}\""),
            };
            finding.fix("set the label in place of MAINTAINER", vec![edit]);
        }
    }
}
