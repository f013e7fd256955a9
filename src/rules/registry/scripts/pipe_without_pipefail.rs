//! `pipe-without-pipefail`.

use crate::dockerfile::shell::{Command, Context};
use crate::dockerfile::{Form, Keyword};
use crate::rules::analysis::{Analysis, Step};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` with a pipe, where neither the `SHELL` in force nor a `set` before the pipe switches
    /// `pipefail` on.
    ///
    /// ## Why is this bad?
    /// A shell looks at the last command of a pipe only. If the download in `curl … | tar …` breaks off and
    /// `tar` is content with what it got, the step succeeds, and the image is broken.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN gzip -dc /tmp/data.gz | sort > /data
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// SHELL ["/bin/bash", "-o", "pipefail", "-c"]
    /// RUN gzip -dc /tmp/data.gz | sort > /data
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#using-pipes>
    IMG405 "pipe-without-pipefail" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL4006"],
        remedy: "put SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"] before it (on Alpine and BusyBox: \"/bin/ash\")",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run).filter(|step| !step.onbuild && !is_set(step)) {
        let pipe = step.bodies.iter().find_map(|body| {
            let set = body.script.commands.iter().find(|command| sets(command));
            let end = set.map_or(usize::MAX, |command| command.range.start);
            body.script.pipes.first().filter(|pipe| **pipe < end).map(|pipe| (body, *pipe))
        });
        if let Some((body, pipe)) = pipe {
            let place = file.place_at(step, step.span(body, pipe..pipe + 1));
            found.add(place, "RUN has a pipe, and only the failure of its last command is seen");
        }
    }
}

/// Whether it is on from the start: by `SHELL`, or by the JSON form that names a shell of its own.
fn is_set(step: &Step<'_>) -> bool {
    let own = match step.instruction.form() {
        Form::Exec(words) => words,
        _ => Vec::new(),
    };
    asks(words(&step.shell)) || asks(words(&own))
}

/// The words of `SHELL`; those of its `-c` too, which may begin with `set`.
fn words(shell: &[String]) -> impl Iterator<Item = &str> {
    shell.iter().skip(1).flat_map(|word| word.split_whitespace())
}

/// Whether the command switches it on for those behind it.
fn sets(command: &Command) -> bool {
    let apart = [Context::Subshell, Context::Substitution, Context::Function];
    command.name() == "set"
        && !apart.iter().any(|context| command.context.has(*context))
        && asks(command.args().iter().map(|word| word.text.as_str()))
}

/// Whether `-o pipefail` or `-euo pipefail` is among the words.
fn asks<'a>(words: impl Iterator<Item = &'a str>) -> bool {
    let mut option = false;
    let mut asks = false;
    for word in words {
        asks |= option && word == "pipefail";
        option = word.starts_with('-') && !word.starts_with("--") && word.contains('o');
    }
    asks
}
