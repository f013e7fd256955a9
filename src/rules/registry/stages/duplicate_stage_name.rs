//! `duplicate-stage-name`.

use std::collections::BTreeMap;

use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a stage whose name an earlier stage has. Names of stages have no case.
    ///
    /// ## Why is this bad?
    /// Older builders refuse it. With others the name means the nearest stage above, so that a line that moves
    /// copies from another stage.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM golang:1.23 AS build
    /// FROM node:22 AS build
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM golang:1.23 AS server
    /// FROM node:22 AS pages
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/duplicate-stage-name/>
    /// - <https://docs.docker.com/build/building/multi-stage/>
    IMG107 "duplicate-stage-name" {
        level: Error,
        items: [BestPractice],
        aliases: ["DL3024", "DuplicateStageName", "DS-0012", "CKV_DOCKER_11"],
        remedy: "give each stage a name of its own",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mut first: BTreeMap<&str, u32> = BTreeMap::new();
    for (index, stage) in file.stages() {
        let Some(name) = stage.name.as_deref() else { continue };
        let Some(line) = first.get(name).copied() else {
            first.insert(name, stage.line);
            continue;
        };
        let Some(step) = file.from_of(index) else { continue };
        let written = file.from_words(step).and_then(|words| words.name);
        let span = written.map_or(step.instruction.span, |name| name.span);
        found.add(
            file.place_at(step, span),
            format!("the stage on line {line} is called {} too", shown(name)),
        );
    }
}
