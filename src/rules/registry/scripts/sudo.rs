//! `sudo`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::called_name;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `sudo` in a `RUN`.
    ///
    /// ## Why is this bad?
    /// A build runs as root unless `USER` says otherwise, so `sudo` is not needed there. Installed for this,
    /// it stays in the image and lets a container's user become root. It handles terminals and signals in its
    /// own way.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// RUN sudo install -d /srv/data
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// USER root
    /// RUN install -d /srv/data
    /// USER 1000
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/build/building/best-practices/#user>
    IMG402 "sudo" {
        level: Warning,
        items: [BestPractice],
        aliases: ["DL3004", "DS-0010", "CKV2_DOCKER_1"],
        remedy: "switch with USER root and back; in an entrypoint, use gosu or setpriv",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Run) {
        if let Some((body, command)) = step.commands().find(|(_, command)| called_name(command) == "sudo") {
            let place = file.place_at(step, step.span(body, command.range.clone()));
            found.add(place, "RUN calls sudo");
        }
    }
}
