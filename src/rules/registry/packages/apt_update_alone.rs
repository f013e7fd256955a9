//! `apt-update-alone`.

use crate::dockerfile::Keyword;
use crate::dockerfile::shell::Command;
use crate::rules::words::commands::has_verb;
use crate::rules::{Analysis, Found, rule};

rule! {
    /// ## What it does
    /// Reports a `RUN` that fetches apt's package lists, and that neither installs anything nor runs a
    /// program that might.
    ///
    /// ## Why is this bad?
    /// The builder takes the lists from its cache for as long as the line stays the same. A later `RUN`
    /// then installs from old lists: packages that have gone from the archive, or versions with known
    /// faults.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update
    /// RUN apt-get install -y --no-install-recommends curl
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get update && apt-get install -y --no-install-recommends curl
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#apt-get>
    IMG325 "apt-update-alone" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DS-0017", "CKV_DOCKER_5"],
        remedy: "install in the same RUN: apt-get update && apt-get install …",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run).filter(|step| !step.has_scratch_mount(&["/var/lib/apt"])) {
        let mut alone = None;
        for (body, command) in step.commands() {
            let bare = command.unwrapped();
            if is_update(&bare) {
                alone.get_or_insert((body, command));
            } else if alone.is_some() && !is_harmless(&bare) {
                alone = None;
                break;
            }
        }
        if let Some((body, command)) = alone {
            let place = file.place_at(step, step.span(body, command.range.clone()));
            found.add(place, format!("{} update stands in a RUN of its own", command.unwrapped().name()));
        }
    }
}

fn is_apt(command: &Command) -> bool {
    matches!(command.name(), "apt-get" | "apt" | "aptitude")
}

fn is_update(command: &Command) -> bool {
    is_apt(command) && has_verb(command, &["update"])
}

/// Whether the command surely installs nothing.
fn is_harmless(command: &Command) -> bool {
    let harmless = [
        "",
        "rm",
        "echo",
        "printf",
        "true",
        ":",
        "set",
        "export",
        "sleep",
        "date",
        "mkdir",
        "cd",
        "apt-cache",
    ];
    harmless.contains(&command.name())
        || is_apt(command) && has_verb(command, &["clean", "autoclean", "autoremove", "check"])
}
