//! `copy-from-undefined-stage`.

use std::collections::BTreeSet;

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `COPY --from` of a name that is no stage above and no image with a tag or digest.
    ///
    /// ## Why is this bad?
    /// The builder takes the name for an image and downloads its newest version from the default registry: a
    /// mistyped stage becomes a stranger's image. A number beyond the stages and a variable fail.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM golang:1.23 AS build
    /// FROM debian:12
    /// COPY --from=biuld /app /app
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM golang:1.23 AS build
    /// FROM debian:12
    /// COPY --from=build /app /app
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#copy---from>
    /// - <https://docs.docker.com/build/building/multi-stage/>
    IMG206 "copy-from-undefined-stage" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3022"],
        remedy: "name a stage that is defined above, or an image with its tag",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for (index, stage) in file.stages() {
        names.extend(stage.name.as_deref());
        for step in file.of_stage(index) {
            if step.onbuild || step.instruction.keyword != Keyword::Copy {
                continue;
            }
            let Some(flag) = step.instruction.flags.iter().rfind(|flag| flag.name == "from") else {
                continue;
            };
            let from = flag.value.as_deref().unwrap_or_default();
            let is_stage = match from.parse::<usize>() {
                Ok(number) => number <= index,
                Err(_) => names.contains(from.to_lowercase().as_str()),
            };
            if !is_stage && !from.contains(':') {
                found.add(
                    file.place_at(step, flag.span),
                    format!("{} is no stage that is defined above", shown(from)),
                );
            }
        }
    }
}
