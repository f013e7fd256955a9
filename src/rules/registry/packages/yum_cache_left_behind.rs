//! `yum-cache-left-behind`.

use crate::rules::words::caches::{Tool, report_tool};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` that calls `yum install` and does not clean yum's cache behind it.
    ///
    /// ## Why is this bad?
    /// Packages and metadata stay in the layer. They serve nothing at run time, and cleaning in a later
    /// `RUN` leaves them in the layer below.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM centos:7
    /// RUN yum install -y httpd-2.4.6
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
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG313 "yum-cache-left-behind" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3032", "DS-0015"],
        remedy: "end the same RUN with `yum clean all`, or mount a cache on /var/cache/yum",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let mounts = &["/var/cache/yum", "/var/cache/dnf"];
    report_tool(file, found, &Tool { name: "yum", fills: &["install"], empties: &["clean"], mounts });
}
