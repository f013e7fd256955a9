//! `untrusted-waiver`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// On a pull request, reports a waiver in a Dockerfile that the base branch does not have. It holds
    /// once it is merged.
    ///
    /// ## Why is this bad?
    /// Whoever changes the code could otherwise wave the change through in the same commit.
    ///
    /// ## Example
    /// ```dockerfile
    /// # on a pull request that adds this line
    /// # imgbuild ignore=IMG601 reason="only a test key"
    /// COPY . .
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// COPY src/ src/
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/checks/>
    IMG008 "untrusted-waiver" {
        level: Warning,
        items: [],
        aliases: [],
        remedy: "have the waiver merged first, by somebody who may",
        check: Reading,
    }
}
