//! `unpinned-zypper-package`.

use crate::dockerfile::shell::{Command, Word};
use crate::rules::words::commands::{has_verb, operands, package_name, report_unpinned};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports packages that `zypper install` installs without a version (`name=version`). Files
    /// (`./a.rpm`) name what they are.
    ///
    /// ## Why is this bad?
    /// The repository serves what is newest on the day of the build. The same commit gives another image
    /// tomorrow.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper --non-interactive install curl
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
    IMG318 "unpinned-zypper-package" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3037"],
        remedy: "name the version of each package, such as curl=8.6.0",
        check: Text(check),
    }
}

const WITH_VALUE: &[&str] = &[
    "t",
    "type",
    "from",
    "r",
    "repo",
    "root",
    "R",
    "installroot",
    "p",
    "plus-repo",
    "releasever",
    "C",
    "cache-dir",
    "D",
    "reposd-dir",
    "c",
    "config",
];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_unpinned(file, found, unpinned, |finding, word| {
        finding.remedy(format!("name a version: {}=VERSION", package_name(word)));
    });
}

fn unpinned(command: &Command) -> Vec<Word> {
    let verbs = ["install", "in"];
    if command.name() != "zypper" || !has_verb(command, &verbs) {
        return Vec::new();
    }
    let is_loose = |word: &&Word| !word.text.contains(['=', '<', '>']) && !word.text.ends_with(".rpm");
    operands(command, &verbs, WITH_VALUE).into_iter().filter(is_loose).cloned().collect()
}
