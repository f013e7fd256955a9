//! `unpinned-apt-package`.

use crate::dockerfile::shell::{Command, Word};
use crate::rules::words::commands::{has_verb, operands, package_name, report_unpinned};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports packages that `apt-get install` installs without a version (`name=version`, `name/release`).
    /// Files (`./a.deb`) name what they are.
    ///
    /// ## Why is this bad?
    /// The repository serves what is newest on the day of the build. The same commit gives another image
    /// tomorrow, and a build that worked yesterday can fail.
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
    /// RUN apt-get update && apt-get install -y curl=7.88.1-10+deb12u12
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#apt-get>
    /// - <https://manpages.debian.org/stable/apt/apt-get.8.en.html>
    IMG301 "unpinned-apt-package" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3008"],
        remedy: "name the version of each package, such as curl=7.88.1-10+deb12u12, or install from a snapshot of the archive",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_unpinned(file, found, unpinned, |finding, word| {
        finding.remedy(format!(
            "name a version: {0}=VERSION (`apt-cache policy {0}` in the base image tells which)",
            package_name(word)
        ));
    });
}

fn unpinned(command: &Command) -> Vec<Word> {
    if command.name() != "apt-get" || !has_verb(command, &["install"]) {
        return Vec::new();
    }
    let words = operands(command, &["install"], &["o", "option", "t", "target-release", "c", "config-file"]);
    words.into_iter().filter(|word| !is_pinned(&word.text)).cloned().collect()
}

fn is_pinned(text: &str) -> bool {
    text.contains(['=', '/']) || text.ends_with(".deb")
}
