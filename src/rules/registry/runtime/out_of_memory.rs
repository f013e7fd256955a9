//! `out-of-memory`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::bytes;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a container of which the kernel killed a process because it used more memory than its limit. Engines learn of
    /// that a moment late, and at times not at all: where a container ends with exit code 137 and nobody says why, it is
    /// started once more with four times the memory, and what stays up then was killed for memory.
    ///
    /// ## Why is this bad?
    /// A process that is killed writes nothing to its log, and exit code 137 looks like a stop that took too long. Nothing
    /// else says why the service is gone.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM eclipse-temurin:21
    /// CMD ["java", "-Xmx8g", "-jar", "/app.jar"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM eclipse-temurin:21
    /// CMD ["java", "-XX:MaxRAMPercentage=75", "-jar", "/app.jar"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/containers/resource_constraints/>
    IMG917 "out-of-memory" {
        level: Error,
        items: [BestPractice],
        aliases: [],
        remedy: "let the program go by the container's limit, or give the test more by `memory`",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    let killed = seen.start.as_ref().is_ok_and(|start| start.oom);
    let limits = seen.limits.as_ref().ok();
    let mut report = || {
        let message = "the kernel killed a process of it for more memory than it may use (OOM)";
        let finding = found.add(Place::file(&seen.reference), message);
        if let Some(limits) = limits.filter(|limits| limits.memory_limit > 0) {
            finding.evidence(format!("it might use {}", bytes(limits.memory_limit)));
        }
    };
    if killed {
        return seen.of_either(&seen.start, |_| report());
    }
    seen.of_either(&seen.limits, |limits| {
        if limits.oom {
            report();
        }
    })
}
