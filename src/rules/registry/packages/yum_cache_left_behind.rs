//! `yum-cache-left-behind`.

use crate::dockerfile::shell::Command;
use crate::rules::words::caches::{Effect, removes, report_left};
use crate::rules::words::commands::has_verb;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` that calls `yum install` and does not clean yum's cache behind it.
    ///
    /// ## Why is this bad?
    /// Packages and metadata stay in the layer. They serve nothing at run time, and cleaning in a later
    /// `RUN` leaves them in the layer below.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd-2.4.6
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd-2.4.6 && yum clean all
    /// ```
    ///
    /// ## References
    /// - <https://man7.org/linux/man-pages/man8/yum.8.html>
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG313 "yum-cache-left-behind" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3032", "DS-0015"],
        remedy: "end the same RUN with `yum clean all`, or mount a cache on /var/cache/yum",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_left(
        file,
        found,
        |step| !step.has_scratch_mount(&["/var/cache/yum", "/var/cache/dnf"]),
        effect,
        |_| "the cache of yum install stays in the layer".to_owned(),
    );
}

fn effect(command: &Command) -> Effect {
    let is_yum = command.name() == "yum";
    if is_yum && has_verb(command, &["clean"]) || removes(command, &["/var/cache"]) {
        Effect::Empties
    } else if is_yum && has_verb(command, &["install"]) {
        Effect::Fills
    } else {
        Effect::None
    }
}
