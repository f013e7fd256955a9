//! `downloading-entrypoint-script`.

use crate::dockerfile::LineIndex;
use crate::dockerfile::shell;
use crate::rules::analysis::fetching::fetches;
use crate::rules::facts::ContextFacts;
use crate::rules::{Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a script of the context that `ENTRYPOINT` or `CMD` runs and that fetches software: by a package manager, by `git clone`,
    /// or by `curl` and `wget` into a file or a shell. Requests whose answer is not kept, such as waiting for a service, are no matter.
    ///
    /// ## Why is this bad?
    /// The container then runs something else than what was built and tested, and it does not start where the network, the
    /// server or the version is gone.
    ///
    /// ## Example
    /// ```text
    /// # docker-entrypoint.sh
    /// #!/bin/sh
    /// pip install -r requirements.txt
    /// exec python app.py
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// # docker-entrypoint.sh
    /// #!/bin/sh
    /// exec python app.py
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/build-release-run>
    /// - <https://docs.docker.com/build/building/best-practices/>
    IMG612 "downloading-entrypoint-script" {
        level: Warning,
        items: [NoDownloads, Repeatable],
        aliases: [],
        remedy: "do it in a RUN, so that the image holds what it needs",
        check: Context(check),
    }
}

fn check(context: &ContextFacts, found: &mut Found<'_>) {
    for (path, text) in context.scripts.iter().filter(|(_, text)| is_shell(text)) {
        let script = shell::parse(text).with_inner(text);
        let mut first = None;
        let mut more = 0;
        for (at, command) in script.commands.iter().enumerate() {
            let next = script.commands.get(at + 1).filter(|next| next.pipeline == command.pipeline);
            match (fetches(command, next), &first) {
                (Some(what), None) => first = Some((what, command.range.start)),
                (Some(_), Some(_)) => more += 1,
                (None, _) => {}
            }
        }
        let Some((what, start)) = first else { continue };
        let position = LineIndex::new(text.as_bytes()).position(start);
        let place = Place { line: position.line, column: position.column, ..context.place(path) };
        let others = if more > 0 { format!(", and {more} more commands like it") } else { String::new() };
        let message = format!("{path} line {} runs {what} when the container starts{others}", position.line);
        found.add(place, message);
    }
}

/// A script without an interpreter is the shell's.
fn is_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let Some(interpreter) = first.strip_prefix("#!") else { return true };
    let mut words = interpreter.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    words.any(|word| matches!(word, "sh" | "bash" | "ash" | "dash" | "ksh" | "zsh"))
}
