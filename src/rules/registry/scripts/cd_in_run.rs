//! `cd-in-run`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::called_name;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `cd` in a `RUN`.
    ///
    /// ## Why is this bad?
    /// `cd` holds to the end of its `RUN` only: the next instruction is where it was before, which is easily
    /// overlooked. `WORKDIR` holds on, creates the folder, and stops the build where it cannot.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN cd /src && make
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// WORKDIR /src
    /// RUN make
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#workdir>
    IMG409 "cd-in-run" {
        level: Info,
        items: [BestPractice],
        aliases: ["DL3003", "DS-0013"],
        remedy: "use WORKDIR, or a flag of the program such as make -C or git -C",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run).filter(|step| !step.onbuild) {
        if let Some((body, command)) = step.commands().find(|(_, command)| called_name(command) == "cd") {
            let place = file.place_at(step, step.span(body, command.range.clone()));
            found.add(place, "RUN changes its folder with cd");
        }
    }
}
