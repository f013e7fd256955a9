//! `zypper-cache-left-behind`.

use crate::rules::words::caches::{Tool, report_tool};
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` that calls `zypper install` and does not clean zypper's cache behind it.
    ///
    /// ## Why is this bad?
    /// Packages and metadata stay in the layer. They serve nothing at run time, and cleaning in a later
    /// `RUN` leaves them in the layer below.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper --non-interactive install curl=8.6.0
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM opensuse/leap:15.6
    /// RUN zypper --non-interactive install curl=8.6.0 && zypper clean --all
    /// ```
    ///
    /// ## References
    /// - <https://doc.opensuse.org/documentation/leap/reference/html/book-reference/cha-sw-cl.html>
    /// - <https://docs.docker.com/build/cache/optimize/#use-cache-mounts>
    IMG317 "zypper-cache-left-behind" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3036", "DS-0020"],
        remedy: "end the same RUN with `zypper clean --all`, or mount a cache on /var/cache/zypp",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    let (fills, empties, mounts) = (&["install", "in"], &["clean", "cc"], &["/var/cache/zypp"]);
    report_tool(file, found, &Tool { name: "zypper", fills, empties, mounts });
}
