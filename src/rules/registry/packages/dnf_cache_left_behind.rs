//! `dnf-cache-left-behind`.

use crate::rules::words::caches::{Tool, report_tool};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` in which `dnf` or `microdnf` installs or upgrades, and that does not clean the same
    /// tool's cache behind it.
    ///
    /// ## Why is this bad?
    /// Packages and metadata stay in the layer. They serve nothing at run time, and cleaning in a later
    /// `RUN` leaves them in the layer below.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM fedora:40
    /// RUN dnf install -y httpd-2.4.62
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
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG320 "dnf-cache-left-behind" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3040", "DS-0019"],
        remedy: "end the same RUN with `dnf clean all`, or mount a cache on /var/cache/dnf and /var/cache/libdnf5",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let fills = &["install", "upgrade", "reinstall"];
    let mounts = &["/var/cache/libdnf5", "/var/cache/dnf", "/var/cache/yum"];
    for name in ["dnf", "microdnf"] {
        report_tool(file, found, &Tool { name, fills, empties: &["clean"], mounts });
    }
}
