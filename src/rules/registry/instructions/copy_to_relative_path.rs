//! `copy-to-relative-path`.

use crate::dockerfile::{BaseImage, Keyword};
use crate::rules::analysis::Analysis;
use crate::rules::analysis::Transfer;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `COPY` to a relative path in a stage that has set no `WORKDIR`.
    ///
    /// ## Why is this bad?
    /// The path is relative to whatever folder the base image left behind. A new version of the base moves the
    /// files without a word.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM node:22
    /// COPY . app
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM node:22
    /// WORKDIR /app
    /// COPY . .
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#copy>
    /// - <https://docs.docker.com/reference/dockerfile/#workdir>
    IMG208 "copy-to-relative-path" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3045"],
        remedy: "set WORKDIR to an absolute path above, or copy to an absolute path",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mut is_set: Vec<bool> = Vec::new();
    for (index, _) in file.stages() {
        let mut known = match file.graph.bases.get(index) {
            Some(BaseImage::Stage(parent)) => is_set.get(*parent).copied().unwrap_or_default(),
            _ => false,
        };
        for step in file.of_stage(index).filter(|step| !step.onbuild) {
            match step.instruction.keyword {
                Keyword::Workdir => known = true,
                Keyword::Copy if !known => {
                    if let Some(Transfer { destination, .. }) = file.transfer(step)
                        && is_relative(&destination.text)
                    {
                        found.add(
                            file.place_at(step, destination.span),
                            format!("{} is relative, and no WORKDIR is set above", shown(&destination.text)),
                        );
                    }
                }
                _ => {}
            }
        }
        is_set.push(known);
    }
}

/// Drives are of Windows; what a variable stands for is its own matter.
fn is_relative(path: &str) -> bool {
    let mut chars = path.chars();
    !matches!(
        (chars.next(), chars.next()),
        (Some('/' | '$'), _) | (Some('a'..='z' | 'A'..='Z'), Some(':'))
    )
}
