//! `ungraceful-stop-signal`.

use crate::dockerfile::Keyword;
use crate::rules::analysis::Analysis;
use crate::rules::words::shown;
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports `STOPSIGNAL` with a signal that no program can handle: `SIGKILL` and `SIGSTOP`.
    ///
    /// ## Why is this bad?
    /// `SIGKILL` ends the service in the middle of what it does: requests are cut off, and data is not written. `SIGSTOP`
    /// freezes it until the engine loses patience and kills it.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// STOPSIGNAL SIGKILL
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// STOPSIGNAL SIGTERM
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#stopsignal>
    /// - <https://12factor.net/disposability>
    IMG511 "ungraceful-stop-signal" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "name the signal on which the service ends in order, mostly SIGTERM, or delete the line",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.of(Keyword::Stopsignal) {
        let written = step.instruction.arguments.as_str();
        let known = file.expanded(step, written);
        let signal = known.as_deref().unwrap_or(written).to_ascii_uppercase();
        if matches!(signal.strip_prefix("SIG").unwrap_or(&signal), "KILL" | "9" | "STOP" | "19") {
            let span = step.instruction.place(0..written.len());
            let message =
                format!("no program can handle {}, so the service cannot end in order", shown(written));
            found.add(file.place_at(step, span), message);
        }
    }
}
