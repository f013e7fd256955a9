//! `unpinned-yum-package`.

use crate::rules::words::commands::{package_name, report_unpinned};
use crate::rules::words::packages::unpinned_rpms;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports packages that `yum install` installs without a version (`name-version`), and modules without
    /// a stream.
    ///
    /// ## Why is this bad?
    /// The repository serves what is newest on the day of the build. The same commit gives another image
    /// tomorrow.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd && yum clean all
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd-2.4.6 && yum clean all
    /// ```
    ///
    /// ## References
    /// - <https://man7.org/linux/man-pages/man8/yum.8.html>
    IMG314 "unpinned-yum-package" {
        level: Warning,
        items: [Repeatable],
        aliases: ["DL3033"],
        remedy: "name the version of each package, such as httpd-2.4.6",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    report_unpinned(
        file,
        found,
        |command| unpinned_rpms(command, &["yum"]),
        |finding, word| {
            finding.remedy(format!("name a version: {}-VERSION", package_name(word)));
        },
    );
}
