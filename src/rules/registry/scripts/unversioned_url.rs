//! `unversioned-url`.

use crate::dockerfile::{Keyword, Span};
use crate::rules::analysis::{Analysis, Operand, Step};
use crate::rules::words::{
    downloads, inside, is_git, is_proof, is_remote, is_unversioned, shown_url, verifies,
};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `curl`, `wget` and `ADD` with an address that names `latest` or a branch, or that has no version
    /// in it. Keys, checksums, and what is compared with a checksum are left alone.
    ///
    /// ## Why is this bad?
    /// The same commit gives another image tomorrow, and nobody can build again what runs today.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -fsSLO https://example.com/releases/latest/download/tool.tar.gz
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ARG TOOL_VERSION=1.2.3
    /// RUN curl -fsSLO https://example.com/releases/v${TOOL_VERSION}/download/tool.tar.gz
    /// ```
    ///
    /// ## References
    /// - <https://reproducible-builds.org/docs/volatile-inputs/>
    IMG411 "unversioned-url" {
        level: Warning,
        items: [Repeatable],
        aliases: [],
        remedy: "name a version in the address, or compare what comes with a checksum",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in &file.steps {
        let first = match step.instruction.keyword {
            Keyword::Run => in_script(step),
            Keyword::Add => in_add(file, step),
            _ => None,
        };
        if let Some((span, url)) = first {
            let message = format!("what {} gives changes with time", shown_url(&url));
            found.add(file.place_at(step, span), message);
        }
    }
}

fn changes(url: &str) -> bool {
    is_unversioned(url) && !is_proof(url)
}

fn in_script(step: &Step<'_>) -> Option<(Span, String)> {
    let scripts: Vec<_> = step.bodies.iter().map(|body| (body, inside(body))).collect();
    if scripts.iter().any(|(_, script)| script.commands.iter().any(verifies)) {
        return None;
    }
    scripts.iter().find_map(|(body, script)| {
        script.commands.iter().find_map(|command| {
            let command = command.unwrapped();
            let word = downloads(&command).into_iter().find(|word| changes(&word.text))?;
            Some((step.span(body, word.range.clone()), word.text.clone()))
        })
    })
}

fn in_add(file: &Analysis<'_>, step: &Step<'_>) -> Option<(Span, String)> {
    if step.instruction.flag("checksum").is_some() {
        return None;
    }
    let mut sources = file.transfer(step)?.sources.into_iter();
    let moving = |source: &Operand| is_remote(&source.text) && !is_git(&source.text) && changes(&source.text);
    sources.find(moving).map(|source| (source.span, source.text))
}
