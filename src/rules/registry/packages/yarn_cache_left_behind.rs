//! `yarn-cache-left-behind`.

use crate::dockerfile::shell::Command;
use crate::rules::analysis::Step;
use crate::rules::words::caches::{Effect, removes, report_left};
use crate::rules::words::commands::has_verb;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` that calls `yarn install` and does not clean yarn's cache behind it, in stages whose
    /// layers reach an image. A cache mount on yarn's folder keeps it out of the layer, too.
    ///
    /// ## Why is this bad?
    /// The cache holds every package a second time. It serves nothing at run time, and cleaning in a later
    /// `RUN` leaves it in the layer below.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM node:22
    /// RUN yarn install --frozen-lockfile
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM node:22
    /// RUN yarn install --frozen-lockfile && yarn cache clean
    /// ```
    ///
    /// ## References
    /// - <https://classic.yarnpkg.com/lang/en/docs/cli/cache/>
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG322 "yarn-cache-left-behind" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3060"],
        remedy: "end the same RUN with `yarn cache clean`, or mount a cache on yarn's cache folder",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let inherited = file.inherited();
    let may = |step: &Step<'_>| {
        let stays = step.stage.is_none_or(|stage| inherited.get(stage).copied().unwrap_or(true));
        stays && !step.has_scratch_mount(&["yarn", "/.cache"])
    };
    report_left(file, found, may, effect, |_| "the cache of yarn install stays in the layer".to_owned());
}

fn effect(command: &Command) -> Effect {
    let is_yarn = command.name() == "yarn";
    if is_yarn && has_verb(command, &["cache"]) || removes(command, &["yarn", "/.cache"]) {
        Effect::Empties
    } else if is_yarn && has_verb(command, &["install"]) {
        Effect::Fills
    } else {
        Effect::None
    }
}
