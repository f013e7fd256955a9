//! `never-healthy`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::{said, seconds};
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a service whose HEALTHCHECK never says that it is healthy.
    ///
    /// ## Why is this bad?
    /// What waits for the service to be healthy waits for ever, and an orchestrator replaces its containers again and
    /// again. Mostly the healthcheck is wrong, and not the service: the program that it calls is not in the image.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM alpine:3.20
    /// COPY server /usr/local/bin/server
    /// HEALTHCHECK CMD ["curl", "--fail", "http://localhost:8080/"]
    /// CMD ["server"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM alpine:3.20
    /// COPY server /usr/local/bin/server
    /// HEALTHCHECK CMD ["wget", "-q", "-O", "/dev/null", "http://localhost:8080/"]
    /// CMD ["server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#healthcheck>
    IMG902 "never-healthy" {
        level: Error,
        items: [Healthcheck],
        aliases: [],
        remedy: "run the HEALTHCHECK's command in the container by hand, and mend the command or the service",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_service(&seen.health, |health| {
        if health.healthy {
            return;
        }
        let place = Place::field(&seen.reference, "Config.Healthcheck");
        let waited = seconds(health.after_ms);
        let Some((exit, output)) = health.probes.last() else {
            let message = "its HEALTHCHECK never says that it is healthy: none of its runs came to an end";
            found.add(place, message).evidence(format!("waited for {waited}"));
            return;
        };
        let missing = matches!(exit, 126 | 127) || output.contains("executable file not found");
        let because = if missing { ": the command cannot be run" } else { "" };
        let finding = found.add(place, format!("its HEALTHCHECK never says that it is healthy{because}"));
        let output = said(output);
        let output = if output.is_empty() { "no output".to_owned() } else { output };
        finding.evidence(format!("exit code {exit} after {waited}: {output}"));
        if missing {
            finding.remedy("call a program that is in the image, or put the one that is called into it");
        }
    })
}
