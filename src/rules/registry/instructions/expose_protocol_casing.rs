//! `expose-protocol-casing`.

use crate::dockerfile::{Keyword, Span};
use crate::rules::Edit;
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Operand;
use crate::rules::words::listed;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports an `EXPOSE` whose protocol has upper-case letters.
    ///
    /// ## Why is this bad?
    /// Tools compare the text: `80/TCP` and `80/tcp` are two ports for those that do not fold the case.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 80/TCP
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 80/tcp
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/expose-proto-casing/>
    /// - <https://docs.docker.com/reference/dockerfile/#expose>
    IMG210 "expose-protocol-casing" {
        level: Info,
        items: [BestPractice],
        aliases: ["ExposeProtoCasing"],
        remedy: "write the protocol in lower case",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Expose).filter(|step| !step.onbuild) {
        let mut wrong = Vec::new();
        let mut edits = Vec::new();
        for Operand { text, span } in file.operands(step) {
            let Some((port, protocol)) = text.rsplit_once('/') else { continue };
            if protocol.contains('$') || !protocol.contains(|c: char| c.is_ascii_uppercase()) {
                continue;
            }
            if span.of(file.bytes) == text.as_bytes() {
                let start = span.start + port.len() + 1;
                edits.push(Edit { span: Span { start, end: span.end }, text: protocol.to_ascii_lowercase() });
            }
            wrong.push(text);
        }
        if wrong.is_empty() {
            continue;
        }
        let is_fixed = edits.len() == wrong.len();
        let finding =
            found.add(file.place(step), format!("the protocol of {} has upper-case letters", listed(&wrong)));
        if is_fixed {
            finding.fix("write the protocol in lower case", edits);
        }
    }
}
