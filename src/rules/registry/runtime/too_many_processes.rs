//! `too-many-processes`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a container that came to have as many processes and threads as it may have, or nearly as many: what could
    /// not start one more is gone when it is looked at.
    ///
    /// ## Why is this bad?
    /// The next process or thread cannot be started, and programs fail in ways that say nothing of it. Something starts
    /// workers by the number of the machine's processors, leaks threads, or never reaps its children.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["sh", "-c", "while true; do worker & done"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["worker", "--processes=4"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/cli/docker/container/run/#pids-limit>
    IMG918 "too-many-processes" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "set the number of workers and threads, and put tini in front of a service that does not reap its children",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_either(&seen.limits, |limits| {
        let nearly = limits.pids_limit.saturating_sub(limits.pids_limit / 64);
        if limits.pids_limit > 0 && limits.pids >= nearly {
            let message = format!("it came to its limit of {} processes and threads", limits.pids_limit);
            found.add(Place::file(&seen.reference), message);
        }
    })
}
