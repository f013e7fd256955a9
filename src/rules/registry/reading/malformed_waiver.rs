//! `malformed-waiver`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// Reports a comment that begins like a waiver and cannot be read as one, or that no instruction
    /// follows.
    ///
    /// ## Why is this bad?
    /// Somebody meant to accept a finding, and it is not accepted.
    ///
    /// ## Example
    /// ```dockerfile
    /// # imgbuild ignore IMG105
    /// FROM alpine:3.20
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// # imgbuild ignore=IMG105 reason="the vendor publishes no digest"
    /// FROM alpine:3.20
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#format>
    IMG002 "malformed-waiver" {
        level: Warning,
        items: [],
        aliases: [],
        remedy: "write it as `# imgbuild ignore=IMG105 reason=\"why\" until=2027-01-01`",
        check: Reading,
    }
}
