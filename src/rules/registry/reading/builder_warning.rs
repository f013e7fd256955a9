//! `builder-warning`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// Passes on what BuildKit's own build checks say of the Dockerfile while it builds (Docker Engine 27 and later, or a
    /// frontend from `docker/dockerfile:1.8` on). Each finding goes by the check's own name (`UndefinedVar`), and can be
    /// waived by it. What another rule says of the same instruction is not said twice, whether that finding counts or is
    /// waived; a check whose rule here was given a level has that level. What `# check=skip=…` names, the builder leaves out
    /// itself.
    ///
    /// It is known once the image is built, and judged before anything is tested or published.
    ///
    /// ## Why is this bad?
    /// The checks are made by those who make the builder: what they warn of is built in another way than it reads, or will
    /// not build one day.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// COPY $src /src
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// ARG src=.
    /// COPY $src /src
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/build-checks/>
    IMG010 "builder-warning" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "see the page of the check: it says what to write instead",
        check: Builder,
    }
}
