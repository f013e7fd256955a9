//! `replaced-shell`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Command;
use crate::rules::analysis::Analysis;
use crate::rules::words::called_name;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `ln` that puts a link in the place of `/bin/sh`.
    ///
    /// ## Why is this bad?
    /// Every script of the distribution and of its packages was tested with the shell that `/bin/sh` was. The
    /// next update of that package may put it back. `SHELL` changes what `RUN` uses, and nothing else.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN ln -sf /bin/bash /bin/sh
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// SHELL ["/bin/bash", "-c"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#shell>
    IMG404 "replaced-shell" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL4005"],
        remedy: "use SHELL [\"/bin/bash\", \"-c\"] in place of the link",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run) {
        if let Some((body, command)) = step.commands().find(|(_, command)| links_shell(command)) {
            let place = file.place_at(step, step.span(body, command.range.clone()));
            found.add(place, "RUN puts a link in the place of /bin/sh");
        }
    }
}

fn links_shell(command: &Command) -> bool {
    called_name(command) == "ln"
        && command
            .positional(&["t", "target-directory", "S", "suffix"])
            .last()
            .is_some_and(|link| link.text == "/bin/sh")
}
