//! `zypper-dist-upgrade`.

use crate::rules::words::commands::{has_verb, report};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `zypper dist-upgrade` (`dup`).
    ///
    /// ## Why is this bad?
    /// It turns the base image into another release, whatever its tag says, and gives another image each
    /// day.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM opensuse/tumbleweed:20240901
    /// RUN zypper --non-interactive dist-upgrade
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM opensuse/tumbleweed:20241001
    /// ```
    ///
    /// ## References
    /// - <https://doc.opensuse.org/documentation/leap/reference/html/book-reference/cha-sw-cl.html>
    IMG316 "zypper-dist-upgrade" {
        level: Warning,
        items: [BestPractice, Repeatable],
        aliases: ["DL3035"],
        remedy: "start from a newer base image",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report(file, found, |_, command| {
        let upgrades = command.name() == "zypper" && has_verb(command, &["dist-upgrade", "dup"]);
        upgrades.then(|| "zypper replaces the packages of the base image".to_owned())
    });
}
