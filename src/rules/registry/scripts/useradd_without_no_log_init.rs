//! `useradd-without-no-log-init`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Command;
use crate::rules::analysis::Analysis;
use crate::rules::words::called_name;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `useradd` with a user id that is or may be large (more than five digits, or a variable), without
    /// `--no-log-init`.
    ///
    /// ## Why is this bad?
    /// `useradd` enters the user in `/var/log/faillog` and `/var/log/lastlog`, files with a place for every id
    /// up to the largest. They are sparse on disk, but archived into a layer they can take gigabytes, and a
    /// build can fail for want of space.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd -u 1000000 app
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd --no-log-init -u 1000000 app
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#user>
    IMG406 "useradd-without-no-log-init" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3046"],
        remedy: "add --no-log-init to useradd",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run) {
        if let Some((body, command)) = step.commands().find(|(_, command)| makes_sparse_logs(command)) {
            let place = file.place_at(step, step.span(body, command.range.clone()));
            found.add(place, "useradd is given an id that may be large, and no --no-log-init");
        }
    }
}

fn makes_sparse_logs(command: &Command) -> bool {
    if called_name(command) != "useradd" || command.has_flag(&["l", "no-log-init"]) {
        return false;
    }
    command.flag_value(&["u", "uid"]).is_some_and(|id| !id.literal || id.text.chars().count() > 5)
}
