//! `invalid-dockerfile`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// Reports what a builder would refuse: an unknown instruction or flag, a here-document without an end,
    /// an `ENV` without a value. An instruction above the first `FROM` is told by `instruction-before-from`.
    ///
    /// ## Why is this bad?
    /// The image cannot be built. Reading goes on behind the error, so that everything else that is wrong
    /// is told in the same run.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUNN apk add --no-cache curl
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM alpine:3.20
    /// RUN apk add --no-cache curl
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/>
    IMG001 "invalid-dockerfile" {
        level: Error,
        items: [BestPractice],
        aliases: ["DL1000", "DL3043"],
        remedy: "mend the line: a builder refuses the whole file",
        check: Reading,
    }
}
