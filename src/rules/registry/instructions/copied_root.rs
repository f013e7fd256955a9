//! `copied-root`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `COPY --from` of the whole file system, from `/` to `/`.
    ///
    /// ## Why is this bad?
    /// Everything of the other stage arrives: caches, build tools and whatever secrets are left in it. Its
    /// environment, user and ports do not.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM golang:1.23 AS build
    /// FROM scratch
    /// COPY --from=build / /
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM golang:1.23 AS build
    /// FROM scratch
    /// COPY --from=build /out/app /app
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#copy---from>
    /// - <https://docs.docker.com/build/building/multi-stage/>
    IMG224 "copied-root" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3067"],
        remedy: "copy the folders that are needed, or continue the other stage with FROM",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Copy).filter(|step| !step.onbuild) {
        let Some(from) = step.instruction.flag("from") else { continue };
        let Some(transfer) = file.transfer(step) else { continue };
        if transfer.destination.text == "/" && transfer.sources.iter().any(|source| source.text == "/") {
            found.add(file.place(step), format!("the whole file system of {} is copied", shown(from)));
        }
    }
}
