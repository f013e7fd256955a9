//! `zypper-without-yes`.

use crate::rules::words::commands::{has_verb, report};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `zypper` that installs, removes or patches without `-n` or `-y`.
    ///
    /// ## Why is this bad?
    /// zypper asks before it changes anything. Nobody answers in a build, so that it stops there.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper install curl=8.6.0
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper --non-interactive install curl=8.6.0
    /// ```
    ///
    /// ## References
    /// - <https://doc.opensuse.org/documentation/leap/reference/html/book-reference/cha-sw-cl.html>
    IMG315 "zypper-without-yes" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3034"],
        remedy: "add --non-interactive behind zypper",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report(file, found, |_, command| {
        let verbs = ["install", "in", "remove", "rm", "source-install", "si", "patch"];
        let asks = command.name() == "zypper"
            && has_verb(command, &verbs)
            && !command.has_flag(&["n", "non-interactive", "y", "no-confirm"]);
        asks.then(|| "zypper asks for confirmation".to_owned())
    });
}
