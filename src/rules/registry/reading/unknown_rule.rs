//! `unknown-rule`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// Reports the id of a rule, in a waiver or under `[checks]`, that no rule answers to.
    ///
    /// ## Why is this bad?
    /// A slip in an id leaves the rule as strict as before, or as loose.
    ///
    /// ## Example
    /// ```dockerfile
    /// # imgbuild ignore=IMG1O5 reason="the vendor publishes no digest"
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
    /// - <https://docs.docker.com/build/checks/>
    IMG003 "unknown-rule" {
        level: Warning,
        items: [],
        aliases: [],
        remedy: "see the list of rules with `imgbuild explain`",
        check: Reading,
    }
}
