//! `does-not-restart`.

use crate::rules::facts::{RuntimeFacts, VariantSeen};
use crate::rules::words::said;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a service whose container does not come up again when it was stopped and is started once more.
    ///
    /// ## Why is this bad?
    /// A restart policy, a reboot and `docker restart` start the same container again, with the files that it left. Mostly
    /// it is a pid file of the last run, from which the service concludes that it is running already.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM ruby:3.3
    /// CMD ["rails", "server"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM ruby:3.3
    /// CMD ["sh", "-c", "rm -f tmp/pids/server.pid && exec rails server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/engine/containers/start-containers-automatically/>
    /// - <https://docs.docker.com/reference/cli/docker/container/restart/>
    IMG912 "does-not-restart" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "let the start cope with what the last run left: remove pid and lock files, and make what is made twice",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_service(&seen.restart, |restart| {
        if restart.came_up {
            return;
        }
        let stale = stale_pid_file(restart);
        let because =
            if stale.is_some() { ": a file of the last run says that it is running already" } else { "" };
        let message = format!("it does not come up again after a stop{because}");
        let finding = found.add(Place::file(&seen.reference), message);
        finding.evidence(said(stale.unwrap_or(&restart.why)));
        if stale.is_some() {
            finding.remedy("remove the pid file before the service starts, or keep it below /run on a tmpfs");
        }
    })
}

/// The last line that tells of a pid or lock file in the way.
fn stale_pid_file(restart: &VariantSeen) -> Option<&str> {
    let lines = restart.log.iter().rev().chain([&restart.why]).map(String::as_str);
    lines.into_iter().find(|line| {
        let line = line.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
        let names_file = has(&["pid file", "pidfile", ".pid", "lock file", "lockfile", ".lock"]);
        has(&["already running", "already started"])
            || names_file && has(&["exist", "already", "running", "stale"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_pid_file_is_recognised() {
        for (line, expected) in [
            ("A server is already running. Check /app/tmp/pids/server.pid.", true),
            ("httpd (pid 7) already running", true),
            ("FATAL: lock file \"postmaster.pid\" already exists", true),
            ("PID file /run/x exists", true),
            ("cannot open /data/app.pid: permission denied", false),
            ("relation \"users\" already exists", false),
            ("", false),
        ] {
            let restart = VariantSeen { log: vec![line.to_owned()], ..VariantSeen::default() };
            assert_eq!(stale_pid_file(&restart).is_some(), expected, "{line}");
        }
    }
}
