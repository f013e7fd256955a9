//! `nonsense-command`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::called_name;
use crate::rules::{Found, rule};

const NAMES: [&str; 9] = ["ssh", "vim", "shutdown", "service", "ps", "free", "top", "kill", "mount"];

rule! {
    /// ## What it does
    /// Reports a `RUN` that calls `ssh`, `vim`, `shutdown`, `service`, `ps`, `free`, `top`, `kill` or `mount`.
    ///
    /// ## Why is this bad?
    /// A build has no terminal, no services and no processes but its own. What such a command starts or stops
    /// is gone when the step ends, and what it prints says nothing about a container.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN service nginx start
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["nginx", "-g", "daemon off;"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#run>
    IMG401 "nonsense-command" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3001"],
        remedy: "take it out of the build; what has to run in the container belongs into CMD or ENTRYPOINT",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run) {
        let Some((body, command)) =
            step.commands().find(|(_, command)| NAMES.contains(&called_name(command)))
        else {
            continue;
        };
        let name = called_name(command);
        found.add(
            file.place_at(step, step.span(body, command.range.clone())),
            format!("RUN calls {name}, which makes no sense in a build"),
        );
    }
}
