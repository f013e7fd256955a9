//! `unpinned-dnf-package`.

use crate::rules::words::commands::{package_name, report_unpinned};
use crate::rules::words::packages::unpinned_rpms;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports packages that `dnf install` or `microdnf install` installs without a version
    /// (`name-version`), and modules without a stream.
    ///
    /// ## Why is this bad?
    /// The repository serves what is newest on the day of the build. The same commit gives another image
    /// tomorrow.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM fedora:40
    /// RUN dnf install -y httpd && dnf clean all
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM fedora:40
    /// RUN dnf install -y httpd-2.4.62 && dnf clean all
    /// ```
    ///
    /// ## References
    /// - <https://dnf.readthedocs.io/en/latest/command_ref.html>
    IMG321 "unpinned-dnf-package" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3041"],
        remedy: "name the version of each package, such as httpd-2.4.62",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_unpinned(
        file,
        found,
        |command| unpinned_rpms(command, &["dnf", "microdnf"]),
        |finding, word| {
            finding.remedy(format!("name a version: {}-VERSION", package_name(word)));
        },
    );
}
