//! `yum-without-yes`.

use crate::dockerfile::shell::Command;
use crate::rules::analysis::Step;
use crate::rules::words::commands::{has_verb, report_mended, with_flag};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports `yum install`, `groupinstall` and `localinstall` without `-y`.
    ///
    /// ## Why is this bad?
    /// yum asks before it installs. Nobody answers in a build, so that it stops there.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install httpd-2.4.6
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd-2.4.6
    /// ```
    ///
    /// ## References
    /// - <https://man7.org/linux/man-pages/man8/yum.8.html>
    IMG312 "yum-without-yes" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3030"],
        remedy: "add -y",
        check: Text(check),
    }
}

const VERBS: [&str; 3] = ["install", "groupinstall", "localinstall"];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let judge = |_: &Step<'_>, command: &Command| {
        let asks = command.name() == "yum"
            && has_verb(command, &VERBS)
            && !command.has_flag(&["y", "assumeyes"])
            && !command.args().iter().any(|word| word.text.contains("assumeyes=1"));
        asks.then(|| "yum install asks for confirmation".to_owned())
    };
    report_mended(file, found, "Add -y", judge, |command| with_flag(command, &VERBS, "-y"));
}
