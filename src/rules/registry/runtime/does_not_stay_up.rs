//! `does-not-stay-up`.

use crate::rules::facts::{RuntimeFacts, StartSeen};
use crate::rules::words::said;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a service whose container cannot start, or ends by itself. A batch job is not asked: it is there to end.
    /// The setting `image.kind` says what the image is, where the guess is wrong.
    ///
    /// ## Why is this bad?
    /// The image was built, and it does not work: a library is missing, a file is not where the program looks for it, a
    /// setting has no default. Whoever deploys it finds out.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// COPY server /usr/local/bin/server
    /// CMD ["service", "server", "start"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// COPY server /usr/local/bin/server
    /// CMD ["server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/containers/run/>
    /// - <https://docs.docker.com/reference/dockerfile/#cmd>
    IMG901 "does-not-stay-up" {
        level: Error,
        items: [BestPractice],
        aliases: [],
        remedy: "start the service in the foreground, and give it what it needs; the last lines of its log say what that is",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_service(&seen.start, |start| {
        if start.up {
            return;
        }
        let finding = found.add(Place::file(&seen.reference), message(start));
        let last = start.log.iter().rev().find(|line| !line.trim().is_empty());
        if let Some(line) = Some(&start.error).filter(|error| !error.is_empty()).or(last) {
            finding.evidence(said(line));
        }
    })
}

fn message(start: &StartSeen) -> String {
    match start.exit {
        _ if !start.error.is_empty() => "its container cannot start".to_owned(),
        _ if start.oom => "its container is killed for more memory than it may use".to_owned(),
        Some(code) => format!("its container ends with exit code {code}, instead of staying up"),
        None => "its container does not stay up".to_owned(),
    }
}
