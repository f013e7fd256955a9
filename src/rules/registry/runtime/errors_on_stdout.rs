//! `errors-on-stdout`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::said;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a container that prints errors, by the level that their lines begin with, on standard output and nothing on
    /// standard error.
    ///
    /// ## Why is this bad?
    /// The engine keeps the two apart. Where errors have a stream of their own, they are found without reading the rest,
    /// and the output of a job can be used as it is.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["sh", "-c", "exec server 2>&1"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["server"]
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/logs>
    /// - <https://docs.docker.com/reference/cli/docker/container/logs/>
    IMG908 "errors-on-stdout" {
        level: Info,
        items: [Logs],
        aliases: [],
        remedy: "let the service print errors on standard error",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_either(&seen.logs, |logs| {
        let Some(line) = logs.errors_on_stdout.first().filter(|_| logs.stderr_lines == 0) else { return };
        found
            .add(
                Place::file(&seen.reference),
                "it prints errors on standard output, and nothing on standard error",
            )
            .evidence(said(line));
    })
}
