//! `zypper-cache-left-behind`.

use crate::dockerfile::shell::Command;
use crate::rules::words::caches::{Effect, removes, report_left};
use crate::rules::words::commands::has_verb;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` that calls `zypper install` and does not clean zypper's cache behind it.
    ///
    /// ## Why is this bad?
    /// Packages and metadata stay in the layer. They serve nothing at run time, and cleaning in a later
    /// `RUN` leaves them in the layer below.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper --non-interactive install curl=8.6.0
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper --non-interactive install curl=8.6.0 && zypper clean --all
    /// ```
    ///
    /// ## References
    /// - <https://doc.opensuse.org/documentation/leap/reference/html/book-reference/cha-sw-cl.html>
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG317 "zypper-cache-left-behind" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3036", "DS-0020"],
        remedy: "end the same RUN with `zypper clean --all`, or mount a cache on /var/cache/zypp",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_left(
        file,
        found,
        |step| !step.has_scratch_mount(&["/var/cache/zypp"]),
        effect,
        |_| "the cache of zypper install stays in the layer".to_owned(),
    );
}

fn effect(command: &Command) -> Effect {
    let is_zypper = command.name() == "zypper";
    if is_zypper && has_verb(command, &["clean", "cc"]) || removes(command, &["/var/cache"]) {
        Effect::Empties
    } else if is_zypper && has_verb(command, &["install", "in"]) {
        Effect::Fills
    } else {
        Effect::None
    }
}
