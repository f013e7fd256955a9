//! `unpinned-pip-package`.

use crate::dockerfile::shell::{Command, Word};
use crate::rules::words::commands::{operands, package_name, report_unpinned};
use crate::rules::words::python::pip_install;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports packages that `pip install` installs without a version, and repositories without a commit or
    /// tag. Projects and archives that are there (`.`, `./dist/a.whl`) and installs with `-r`, `-c` or `-e`
    /// are left alone.
    ///
    /// ## Why is this bad?
    /// The index serves what is newest on the day of the build. The same commit gives another image
    /// tomorrow.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM python:3.12
    /// RUN pip install --no-cache-dir flask
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM python:3.12
    /// RUN pip install --no-cache-dir flask==3.0.3
    /// ```
    ///
    /// ## References
    /// - <https://pip.pypa.io/en/stable/topics/repeatable-installs/>
    /// - <https://pip.pypa.io/en/stable/cli/pip_install/>
    IMG308 "unpinned-pip-package" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3013"],
        remedy: "name the version of each package, such as flask==3.0.3, or install from a lock file with -r",
        check: Text(check),
    }
}

/// The flags whose value is the next word, as far as the value could be taken for a package.
const WITH_VALUE: &[&str] = &[
    "r",
    "c",
    "e",
    "i",
    "f",
    "t",
    "b",
    "d",
    "C",
    "requirement",
    "constraint",
    "editable",
    "index-url",
    "extra-index-url",
    "find-links",
    "trusted-host",
    "target",
    "prefix",
    "root",
    "src",
    "build",
    "proxy",
    "no-binary",
    "only-binary",
    "platform",
    "python-version",
    "python",
    "implementation",
    "abi",
    "progress-bar",
    "upgrade-strategy",
    "cache-dir",
    "timeout",
    "default-timeout",
    "retries",
    "cert",
    "client-cert",
    "log",
    "log-file",
    "global-option",
    "install-option",
    "exists-action",
    "config-settings",
    "use-feature",
    "use-deprecated",
    "report",
    "keyring-provider",
    "group",
    "download",
    "root-user-action",
];

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_unpinned(file, found, unpinned, |finding, word| {
        if !word.text.contains("://") {
            finding.remedy(format!(
                "name a version: {}==VERSION, or install from a lock file with -r",
                package_name(word)
            ));
        }
    });
}

fn unpinned(command: &Command) -> Vec<Word> {
    let Some(args) = pip_install(command) else { return Vec::new() };
    let pip =
        Command { words: [command.words.get(..1).unwrap_or_default(), args].concat(), ..command.clone() };
    if pip.has_flag(&["r", "requirement", "c", "constraint", "e", "editable"]) {
        return Vec::new();
    }
    let words = operands(&pip, &["install"], WITH_VALUE);
    words.into_iter().filter(|word| !is_pinned(&word.text)).cloned().collect()
}

fn is_pinned(text: &str) -> bool {
    let schemes = ["git+", "hg+", "svn+", "bzr+", "git://"];
    if schemes.iter().any(|scheme| text.starts_with(scheme)) {
        // A user's name has an `@` behind it, too, before the path.
        let path = text.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        return path.is_some_and(|(_, path)| path.contains('@'));
    }
    let has_version = text.contains(['<', '>']) || ["==", "~=", "!="].iter().any(|op| text.contains(op));
    has_version || text.contains(" @ ") || text.contains("@git+") || is_local(text)
}

/// Paths, URLs of single files, and archives.
fn is_local(text: &str) -> bool {
    let name = text.split('[').next().unwrap_or_default();
    let archives = [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"];
    matches!(name, "." | "..") || name.contains('/') || archives.iter().any(|ending| name.ends_with(ending))
}
