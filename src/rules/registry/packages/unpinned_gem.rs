//! `unpinned-gem`.

use crate::dockerfile::shell::{Command, Word};
use crate::rules::words::commands::{has_verb, operands, package_name, report_unpinned};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports gems that `gem install` installs without a version: `name:version`, or `--version` for a
    /// single one. Files (`./a.gem`) name what they are.
    ///
    /// ## Why is this bad?
    /// The registry serves what is newest on the day of the build. The same commit gives another image
    /// tomorrow.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM ruby:3.3
    /// RUN gem install bundler
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM ruby:3.3
    /// RUN gem install bundler:2.5.18
    /// ```
    ///
    /// ## References
    /// - <https://guides.rubygems.org/command-reference/#gem-install>
    IMG311 "unpinned-gem" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3028"],
        remedy: "name the version of each gem, such as bundler:2.5.18",
        check: Text(check),
    }
}

const WITH_VALUE: &[&str] = &[
    "i",
    "install-dir",
    "n",
    "bindir",
    "document",
    "build-root",
    "P",
    "trust-policy",
    "g",
    "file",
    "platform",
    "s",
    "source",
    "p",
    "http-proxy",
    "B",
    "bulk-threshold",
    "config-file",
    "without",
];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_unpinned(file, found, unpinned, |finding, word| {
        finding.remedy(format!("name a version: {}:VERSION", package_name(word)));
    });
}

fn unpinned(command: &Command) -> Vec<Word> {
    let verbs = ["install", "i"];
    if command.name() != "gem" || !has_verb(command, &verbs) || command.has_flag(&["v", "version"]) {
        return Vec::new();
    }
    // What follows `--` is for the compiler of an extension.
    let end = command.words.iter().position(|word| word.text == "--").unwrap_or(command.words.len());
    let words = command.words.get(..end).unwrap_or_default().to_vec();
    let gem = Command { words, ..command.clone() };
    let words = operands(&gem, &verbs, WITH_VALUE);
    words.into_iter().filter(|w| !w.text.contains(':') && !w.text.ends_with(".gem")).cloned().collect()
}
