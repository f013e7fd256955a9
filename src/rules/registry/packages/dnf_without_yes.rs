//! `dnf-without-yes`.

use crate::dockerfile::shell::Command;
use crate::rules::analysis::Step;
use crate::rules::words::commands::{has_verb, report_mended, with_flag};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `dnf` or `microdnf` `install`, `groupinstall` and `localinstall` without `-y`.
    ///
    /// ## Why is this bad?
    /// dnf asks before it installs. Nobody answers in a build, so that it stops there.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM fedora:40
    /// RUN dnf install httpd-2.4.62
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM fedora:40
    /// RUN dnf install -y httpd-2.4.62
    /// ```
    ///
    /// ## References
    /// - <https://dnf.readthedocs.io/en/latest/command_ref.html>
    IMG319 "dnf-without-yes" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3038"],
        remedy: "add -y",
        check: Text(check),
    }
}

const VERBS: [&str; 3] = ["install", "groupinstall", "localinstall"];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let judge = |_: &Step<'_>, command: &Command| {
        let asks = matches!(command.name(), "dnf" | "microdnf")
            && has_verb(command, &VERBS)
            && !command.has_flag(&["y", "assumeyes"])
            && !command.args().iter().any(|word| word.text.contains("assumeyes=1"));
        asks.then(|| format!("{} install asks for confirmation", command.name()))
    };
    report_mended(file, found, "Add -y", judge, |command| with_flag(command, &VERBS, "-y"));
}
