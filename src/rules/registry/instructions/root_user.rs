//! `root-user`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports the last `USER` of the stage that is built where it is root.
    ///
    /// ## Why is this bad?
    /// The service then runs as root. A flaw in it gives an attacker every right in the container, and often a way
    /// out of it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd --uid 10001 app
    /// USER root
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd --uid 10001 app
    /// USER 10001
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#user>
    /// - <https://docs.docker.com/build/building/best-practices/#user>
    IMG221 "root-user" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3002", "CKV_DOCKER_8", "DS-0002"],
        remedy: "switch to an unprivileged user at the end, such as USER 10001",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let Some(target) = file.target() else { return };
    let stages = file.graph.chain(target).into_iter().rev();
    let users = stages.flat_map(|stage| {
        let users =
            file.of_stage(stage).filter(|step| !step.onbuild && step.instruction.keyword == Keyword::User);
        users.last()
    });
    let Some(step) = users.take(1).last() else { return };
    let written = step.instruction.arguments.as_str();
    let known = file.expanded(step, written);
    let user = known.as_deref().unwrap_or(written).split(':').next().unwrap_or_default();
    if matches!(user, "root" | "0") {
        let span = step.instruction.place(0..written.len());
        found.add(file.place_at(step, span), format!("the image runs as {}", shown(written)));
    }
}
