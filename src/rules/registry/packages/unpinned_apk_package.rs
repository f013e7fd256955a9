//! `unpinned-apk-package`.

use crate::dockerfile::shell::{Command, Word};
use crate::rules::words::commands::{has_verb, operands, package_name, report_unpinned};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports packages that `apk add` installs without a version (`name=version`, `name~version`). Files
    /// (`./a.apk`) name what they are.
    ///
    /// ## Why is this bad?
    /// The repository serves what is newest on the day of the build. The same commit gives another image
    /// tomorrow.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add --no-cache curl
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add --no-cache curl~8.9
    /// ```
    ///
    /// ## References
    /// - <https://docs.alpinelinux.org/user-handbook/0.1a/Working/apk.html>
    /// - <https://docs.docker.com/build/building/best-practices/>
    IMG306 "unpinned-apk-package" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3018"],
        remedy: "name the version of each package: curl=8.9.1-r1 exactly, or curl~8.9, which lets fixes in",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_unpinned(file, found, unpinned, |finding, word| {
        finding.remedy(format!(
            "name a version: {0}=VERSION, or {0}~1.2, which lets fixes in (`apk policy {0}` tells which there are)",
            package_name(word)
        ));
    });
}

fn unpinned(command: &Command) -> Vec<Word> {
    if command.name() != "apk" || !has_verb(command, &["add"]) {
        return Vec::new();
    }
    let with_value = [
        "t",
        "virtual",
        "X",
        "repository",
        "p",
        "root",
        "arch",
        "keys-dir",
        "wait",
        "repositories-file",
        "cache-dir",
        "cache-max-age",
    ];
    operands(command, &["add"], &with_value)
        .into_iter()
        .filter(|word| !is_pinned(&word.text))
        .cloned()
        .collect()
}

/// `name=1`, `name~1`, `name<1` and `name>1`, and files.
fn is_pinned(text: &str) -> bool {
    text.contains(['=', '~', '<', '>']) || text.ends_with(".apk")
}
