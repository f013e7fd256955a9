//! `apt-install-without-yes`.

use crate::dockerfile::shell::Command;
use crate::rules::analysis::Step;
use crate::rules::words::commands::{has_verb, report_mended, with_flag};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `apt-get install` without `-y`.
    ///
    /// ## Why is this bad?
    /// apt-get asks before it installs what other packages need. Nobody answers in a build, so that it
    /// stops there.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install curl
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y curl
    /// ```
    ///
    /// ## References
    /// - <https://manpages.debian.org/stable/apt/apt-get.8.en.html>
    IMG303 "apt-install-without-yes" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3014", "DS-0021"],
        remedy: "add -y",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let judge = |_: &Step<'_>, command: &Command| {
        let asks = command.name() == "apt-get" && has_verb(command, &["install"]) && !says_yes(command);
        asks.then(|| "apt-get install asks for confirmation".to_owned())
    };
    report_mended(file, found, "Add -y", judge, |command| with_flag(command, &["install"], "-y"));
}

/// Two levels of quietness mean yes, too.
fn says_yes(command: &Command) -> bool {
    let quiet = command.flags().filter(|flag| matches!(*flag, "q" | "quiet")).count();
    let word = |text: &str| {
        let text = text.to_ascii_lowercase();
        let option = text.strip_prefix("-o").unwrap_or(&text);
        matches!(option.split_once('='), Some(("apt::get::assume-yes", value)) if !matches!(value, "false" | "no" | "0"))
            || text == "-q=2"
    };
    quiet >= 2
        || command.has_flag(&["y", "yes", "assume-yes"])
        || command.args().iter().any(|argument| word(&argument.text))
}
