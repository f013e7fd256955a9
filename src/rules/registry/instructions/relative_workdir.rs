//! `relative-workdir`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::{shown, unquoted};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `WORKDIR` that is no absolute path.
    ///
    /// ## Why is this bad?
    /// It continues the folder that was set before, perhaps by the base image. A line added above, or a new version
    /// of the base, moves everything below.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR app
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /app
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#workdir>
    /// - <https://docs.docker.com/reference/build-checks/workdir-relative-path/>
    IMG201 "relative-workdir" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3000", "WorkdirRelativePath", "DS-0009"],
        remedy: "write the whole path, such as WORKDIR /app",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Workdir).filter(|step| !step.onbuild) {
        let written = step.instruction.arguments.as_str();
        let plain = unquoted(written, file.escape());
        // Only what a variable stands for in this file can be judged.
        let path = if plain.starts_with('$') { file.expanded(step, written) } else { Some(plain) };
        let Some(path) = path.filter(|path| is_relative(path)) else { continue };
        let span = step.instruction.place(0..written.len());
        found.add(file.place_at(step, span), format!("the working directory {} is relative", shown(&path)));
    }
}

fn is_relative(path: &str) -> bool {
    let mut chars = path.chars();
    let is_absolute =
        matches!((chars.next(), chars.next()), (Some('/'), _) | (Some('a'..='z' | 'A'..='Z'), Some(':')));
    !path.is_empty() && !is_absolute
}
