//! `waiver-against-policy`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// Reports a waiver that the policy in force does not allow: of a rule that it demands, longer than it
    /// lets waivers run, without a last day, or one too many. It does not hold.
    ///
    /// ## Why is this bad?
    /// A policy that every repository can waive is none.
    ///
    /// ## Example
    /// ```dockerfile
    /// # with a policy that demands IMG105
    /// # imgbuild ignore=IMG105 reason="we like it so"
    /// FROM alpine:3.20
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM alpine:3.20@sha256:1e42bbe2508154c9126d48c2b8a75420c3544343bf86fd041fb7527e017a4b4a
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/policies/>
    IMG007 "waiver-against-policy" {
        level: Error,
        items: [],
        aliases: [],
        remedy: "mend the finding, or ask whoever owns the policy",
        check: Reading,
    }
}
