//! `unused-waiver`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// Reports a waiver of our own that no finding needs.
    ///
    /// ## Why is this bad?
    /// It would accept the next finding of that rule unseen, for a reason that was about another one.
    ///
    /// ## Example
    /// ```dockerfile
    /// # imgbuild ignore=IMG102 reason="the newest is wanted"
    /// FROM alpine:3.20
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM alpine:3.20
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/checks/>
    IMG006 "unused-waiver" {
        level: Warning,
        items: [],
        aliases: [],
        remedy: "take the waiver out",
        check: Reading,
    }
}
