//! `apt-recommended-packages`.

use crate::dockerfile::shell::Command;
use crate::rules::words::commands::{has_verb, report};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `apt-get install` without `--no-install-recommends`.
    ///
    /// ## Why is this bad?
    /// Recommended packages come along that nobody asked for: they make the image larger, and each is one
    /// more that can have a vulnerability.
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
    /// RUN apt-get update && apt-get install -y --no-install-recommends curl ca-certificates
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages>
    /// - <https://manpages.debian.org/stable/apt/apt-get.8.en.html>
    IMG304 "apt-recommended-packages" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3015", "DS-0029"],
        remedy: "add --no-install-recommends, and name those recommended packages that are needed",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report(file, found, |_, command| {
        let takes_all =
            command.name() == "apt-get" && has_verb(command, &["install"]) && !leaves_recommended(command);
        takes_all.then(|| "apt-get install takes recommended packages along".to_owned())
    });
}

fn leaves_recommended(command: &Command) -> bool {
    command.has_flag(&["no-install-recommends"])
        || command.args().iter().any(|word| {
            let text = word.text.to_ascii_lowercase();
            let option = text.strip_prefix("-o").or_else(|| text.strip_prefix("--option=")).unwrap_or(&text);
            matches!(option.split_once('='), Some(("apt::install-recommends", "false" | "no" | "0" | "off")))
                || text == "--install-recommends=false"
        })
}
