//! `waiver-without-reason`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// Reports a waiver of our own that gives no reason. It does not hold. Waivers in the words of other
    /// tools need none.
    ///
    /// ## Why is this bad?
    /// A finding that is accepted without a reason is accepted for ever: nobody can tell when the reason
    /// has gone.
    ///
    /// ## Example
    /// ```dockerfile
    /// # imgbuild ignore=IMG105
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
    IMG004 "waiver-without-reason" {
        level: Error,
        items: [],
        aliases: [],
        remedy: "add reason=\"…\": who reads it next has to know why",
        check: Reading,
    }
}
