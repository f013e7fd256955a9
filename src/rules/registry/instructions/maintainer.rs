//! `maintainer`.

use crate::dockerfile::{BaseImage, Keyword};
use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::words::unquoted;
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

/// What takes the place of `MAINTAINER`.
const AUTHORS: &str = "org.opencontainers.image.authors";

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let labelled = labelled(file);
    for step in file.of(Keyword::Maintainer).filter(|step| !step.onbuild) {
        let finding = found.add(file.place(step), "MAINTAINER is deprecated");
        let instruction = step.instruction;
        // MAINTAINER takes its text as it is; a label would expand it.
        let is_plain = !instruction.arguments.is_empty() && !instruction.arguments.contains(['$', '\\', '`']);
        // What is not UTF-8 reads as something else.
        let written = instruction.place(0..instruction.arguments.len()).of(file.bytes);
        let is_same = written == instruction.arguments.as_bytes();
        // A label that is there already must not be set a second time.
        let is_free = step.stage.is_some_and(|stage| labelled.get(stage) == Some(&false));
        if is_free && is_plain && is_same && instruction.line == instruction.end_line {
            let text = instruction.arguments.replace('"', "\\\"");
            let text = if file.escape() == '\\' { text } else { text.replace('\\', "`") };
            let is_lower = instruction.keyword_span.of(file.bytes).iter().all(u8::is_ascii_lowercase);
            let label = if is_lower { "label" } else { "LABEL" };
            let edit = Edit { span: instruction.span, text: format!("{label} {AUTHORS}=\"{text}\"") };
            finding.fix("set the label in place of MAINTAINER", vec![edit]);
        }
    }
}

/// Which stages set the label, or may: by themselves, or by the stage that they continue.
fn labelled(file: &Analysis<'_>) -> Vec<bool> {
    let mut labelled = vec![false; file.file.stages.len()];
    for step in file.of(Keyword::Label).filter(|step| !step.onbuild) {
        let Some(own) = step.stage.and_then(|stage| labelled.get_mut(stage)) else { continue };
        let pairs = step.instruction.pairs(file.escape()).unwrap_or_default();
        *own = *own
            || pairs.iter().any(|pair| {
                let key = unquoted(&pair.name, file.escape());
                key == AUTHORS || key.contains('$')
            });
    }
    for (index, base) in file.graph.bases.iter().enumerate() {
        if let BaseImage::Stage(parent) = base
            && *parent < index
            && labelled.get(*parent) == Some(&true)
            && let Some(own) = labelled.get_mut(index)
        {
            *own = true;
        }
    }
    labelled
}
