//! `changing-arg-before-run`.

use std::collections::BTreeSet;

use crate::dockerfile::Keyword;
use crate::rules::analysis::{Analysis, Step};
use crate::rules::words::mentions;
use crate::rules::{Found, rule};

/// Names of what is another for every build or commit.
const CHANGING: [&str; 33] = [
    "GIT_SHA",
    "GIT_SHA1",
    "GIT_COMMIT",
    "GIT_COMMIT_SHA",
    "GIT_REF",
    "GIT_REV",
    "GIT_REVISION",
    "GIT_HASH",
    "VCS_REF",
    "COMMIT",
    "COMMIT_SHA",
    "COMMIT_HASH",
    "SHA",
    "REVISION",
    "SOURCE_COMMIT",
    "BUILD_URL",
    "BUILD_DATE",
    "BUILD_TIME",
    "BUILD_TIMESTAMP",
    "BUILD_ID",
    "BUILD_NUMBER",
    "BUILD_NUM",
    "BUILDDATE",
    "BUILDTIME",
    "CI_COMMIT_SHA",
    "CI_COMMIT_SHORT_SHA",
    "CI_PIPELINE_ID",
    "CI_JOB_ID",
    "GITHUB_SHA",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_NUMBER",
    "TIMESTAMP",
    "CREATED",
];

rule! {
    /// ## What it does
    /// Reports an `ARG` that is another for every commit or build (`GIT_SHA`, `BUILD_DATE`, `BUILD_NUMBER` and
    /// the like), where a `RUN` that does not use it stands behind it in the stage.
    ///
    /// ## Why is this bad?
    /// A builder runs a `RUN` again when any `ARG` before it has changed. With each commit, everything behind
    /// this line is made anew: the packages, the dependencies, all of it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// ARG GIT_SHA
    /// RUN make -C /src
    /// LABEL org.opencontainers.image.revision=$GIT_SHA
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN make -C /src
    /// ARG GIT_SHA
    /// LABEL org.opencontainers.image.revision=$GIT_SHA
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#impact-on-build-caching>
    IMG416 "changing-arg-before-run" {
        level: Info,
        items: [BestPractice],
        aliases: [],
        remedy: "move the ARG behind the last RUN that does not use it",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    // Each name once in a stage: what follows the first ARG follows the others, too.
    let mut seen = BTreeSet::new();
    for step in file.of(Keyword::Arg).filter(|step| step.stage.is_some() && !step.onbuild) {
        for pair in step.instruction.pairs(file.file.directives.escape).unwrap_or_default() {
            if !is_changing(&pair.name) || !seen.insert((step.stage, pair.name.clone())) {
                continue;
            }
            // If the first RUN uses the ARG, it and all behind it are done again anyway.
            let behind = file.steps.iter().skip(step.index + 1).take_while(|later| later.stage == step.stage);
            let run =
                behind.into_iter().find(|later| later.instruction.keyword == Keyword::Run && !later.onbuild);
            if let Some(run) = run.filter(|run| !uses(run, &pair.name)) {
                let line = run.instruction.line;
                found.add(
                    file.place_at(step, step.instruction.place(pair.range.clone())),
                    format!("each new value of {} has the RUN of line {line} done again", pair.name),
                );
                break;
            }
        }
    }
}

fn is_changing(name: &str) -> bool {
    CHANGING.iter().any(|known| name == *known || name == known.to_ascii_lowercase())
}

/// Whether the `RUN` names the variable, as its own or as one that it passes on.
fn uses(run: &Step<'_>, name: &str) -> bool {
    mentions(&run.instruction.arguments, name) || run.bodies.iter().any(|body| mentions(&body.text, name))
}
