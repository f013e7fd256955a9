//! `apk-cache-left-behind`.

use crate::dockerfile::shell::Command;
use crate::rules::analysis::Step;
use crate::rules::words::commands::{has_verb, report_mended, with_flag};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `apk add` without `--no-cache`. A cache mount on `/var/cache/apk` does as well.
    ///
    /// ## Why is this bad?
    /// apk writes the index of the repositories into the image. It serves nothing at run time, and an old
    /// one makes later builds miss packages.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk update && apk add curl=8.9.1-r1
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add --no-cache curl=8.9.1-r1
    /// ```
    ///
    /// ## References
    /// - <https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper>
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG307 "apk-cache-left-behind" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3019", "DS-0025", "DKL-DI-0004"],
        remedy: "add --no-cache, which fetches the index afresh and stores nothing",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let judge = |step: &Step<'_>, command: &Command| {
        let caches =
            command.name() == "apk" && has_verb(command, &["add"]) && !command.has_flag(&["no-cache"]);
        let kept = caches && !step.has_scratch_mount(&["/var/cache/apk", "/etc/apk/cache"]);
        kept.then(|| "apk add runs without --no-cache".to_owned())
    };
    report_mended(file, found, "Add --no-cache", judge, |command| with_flag(command, &["add"], "--no-cache"));
}
