//! `apt-lists-left-behind`.

use crate::dockerfile::shell::Command;
use crate::rules::analysis::Step;
use crate::rules::words::caches::{Effect, removes, report_left};
use crate::rules::words::commands::has_verb;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` that fetches apt's package lists and does not delete them, in stages whose layers
    /// reach an image. A cache mount on `/var/lib/apt/lists` keeps them out of the layer, too.
    ///
    /// ## Why is this bad?
    /// The lists take tens of megabytes, are out of date in days, and serve nothing at run time. Deleting
    /// them in a later `RUN` leaves them in the layer below.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y curl
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y curl \
    ///  && rm -rf /var/lib/apt/lists/*
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#apt-get>
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG302 "apt-lists-left-behind" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3009", "DKL-DI-0005"],
        remedy: "end the same RUN with `rm -rf /var/lib/apt/lists/*`, or mount a cache on /var/lib/apt/lists and /var/cache/apt",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let inherited = file.inherited();
    let may = |step: &Step<'_>| {
        let stays = step.stage.is_none_or(|stage| inherited.get(stage).copied().unwrap_or(true));
        let both =
            || step.has_scratch_mount(&["/var/cache/apt"]) && step.has_scratch_mount(&["/var/lib/apt"]);
        stays && !step.has_scratch_mount(&["/var/lib/apt/lists"]) && !both()
    };
    report_left(file, found, may, effect, |command| {
        format!("the lists that {} update fetches stay in the layer", command.name())
    });
}

fn effect(command: &Command) -> Effect {
    if matches!(command.name(), "apt-get" | "apt" | "aptitude") && has_verb(command, &["update"]) {
        Effect::Fills
    } else if removes(command, &["/var/lib/apt", "/var/lib/{", "/var/lib/*"]) {
        Effect::Empties
    } else {
        Effect::None
    }
}
