//! `shell-script-problem`.

use crate::rules::rule;

rule! {
    /// ## What it does
    /// Passes on what ShellCheck finds in the shell of `RUN`, here-documents included, where `shellcheck`
    /// is on PATH. Each finding goes by ShellCheck's own code (`SC2046`), and can be waived by it.
    /// A comment `# shellcheck disable=…` within a script is not honoured, a waiver above the instruction is.
    ///
    /// ## Why is this bad?
    /// A slip in shell, such as a variable that is split at blanks or a `cd` that fails unseen, breaks the
    /// image on the day when a name has a blank in it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN rm -rf $TMPDIR/*
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN rm -rf "${TMPDIR:?}"/*
    /// ```
    ///
    /// ## References
    /// - <https://www.shellcheck.net/wiki/>
    IMG009 "shell-script-problem" {
        level: Info,
        items: [BestPractice],
        aliases: [],
        remedy: "see the page of the code: it has examples and exceptions",
        check: Reading,
    }
}
