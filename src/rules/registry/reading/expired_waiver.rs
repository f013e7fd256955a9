//! `expired-waiver`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// Reports a waiver whose last day has passed. It does not hold any more.
    ///
    /// ## Why is this bad?
    /// The day was named so that somebody looks again.
    ///
    /// ## Example
    /// ```dockerfile
    /// # imgbuild ignore=IMG105 reason="until the vendor's next release" until=2020-01-01
    /// FROM alpine:3.20
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM alpine:3.20@sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/checks/>
    IMG005 "expired-waiver" {
        level: Warning,
        items: [],
        aliases: [],
        remedy: "mend the finding, or give the waiver a new last day and say why in its reason",
        check: Reading,
    }
}
