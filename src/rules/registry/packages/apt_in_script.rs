//! `apt-in-script`.

use crate::dockerfile::shell::{Command, Word};
use crate::rules::analysis::Step;
use crate::rules::words::commands::report_mended;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `apt` in `RUN`, where `apt-get` and `apt-cache` do the same.
    ///
    /// ## Why is this bad?
    /// `apt` is made for people at a terminal: it warns itself that its options and its output may change
    /// from one release to the next.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt update && apt install -y curl
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y curl
    /// ```
    ///
    /// ## References
    /// - <https://manpages.debian.org/stable/apt/apt.8.en.html>
    IMG305 "apt-in-script" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3027", "CKV_DOCKER_9"],
        remedy: "call apt-get, or apt-cache for `apt search` and `apt show`",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let judge = |_: &Step<'_>, command: &Command| {
        (command.name() == "apt").then(|| "apt is meant for people, not for scripts".to_owned())
    };
    report_mended(file, found, "Call apt-get", judge, as_apt_get);
}

/// Only what both do alike: their `upgrade` differs, and `apt-get` has no `list`.
fn as_apt_get(command: &Command) -> Option<(&Word, String)> {
    let alike = ["install", "update", "remove", "purge", "autoremove", "clean", "autoclean", "build-dep"];
    let name = command.words.first().filter(|name| name.text == "apt")?;
    alike.contains(&command.subcommand()).then(|| (name, "apt-get".to_owned()))
}
