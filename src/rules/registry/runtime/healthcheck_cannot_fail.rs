//! `healthcheck-cannot-fail`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::seconds;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a service whose HEALTHCHECK goes on saying that all is well while every process of the service is frozen.
    ///
    /// ## Why is this bad?
    /// It looks for a process, a file or an open socket, and all of them outlive a service that hangs. Nothing will ever
    /// replace such a container, and everybody believes that something watches it.
    ///
    /// It is run for some seconds after the freeze. One that goes by a sign of life which may be older than that, such as a
    /// file that the service touches, is better waived than weakened.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM nginx:1.27
    /// HEALTHCHECK CMD ["pgrep", "nginx"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM nginx:1.27
    /// HEALTHCHECK CMD ["curl", "--fail", "--silent", "--max-time", "2", "http://localhost/"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#healthcheck>
    IMG903 "healthcheck-cannot-fail" {
        level: Warning,
        items: [Healthcheck],
        aliases: [],
        remedy: "let the HEALTHCHECK ask the service for an answer, with a time limit, and fail where none comes",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    let mut untold = None;
    let answer = seen.of_service(&seen.frozen, |frozen| {
        if frozen.unhealthy {
            return;
        }
        let waited = seconds(frozen.waited_ms);
        if frozen.stopped == 0 || frozen.passed == 0 {
            untold = Some(format!("its HEALTHCHECK said nothing of a frozen service within {waited}"));
            return;
        }
        let place = Place::field(&seen.reference, "Config.Healthcheck");
        found.add(place, "its HEALTHCHECK succeeds while the service is frozen").evidence(format!(
            "{} with {} stopped, within {waited}",
            counted(frozen.passed, "run succeeded", "runs succeeded"),
            counted(frozen.stopped, "process", "processes"),
        ));
    });
    untold.map_or(answer, Fact::Missing)
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
