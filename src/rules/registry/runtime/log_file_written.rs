//! `log-file-written`.

use crate::rules::facts::{LogFileSeen, RuntimeFacts};
use crate::rules::words::{bytes, listed, said, shown};
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a container that writes its log to files: files below `/var/log`, and those that are called like logs, that
    /// grew while it ran.
    ///
    /// ## Why is this bad?
    /// The engine collects what the container prints, sends it on and limits its size. A file in the container is seen by
    /// nobody, grows until the disk is full, and is gone with the container.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["server", "--log-file=/var/log/server.log"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// RUN ln -sf /dev/stdout /var/log/server.log
    /// CMD ["server", "--log-file=/var/log/server.log"]
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/logs>
    /// - <https://docs.docker.com/engine/logging/>
    IMG907 "log-file-written" {
        level: Warning,
        items: [Logs],
        aliases: [],
        remedy: "let the service print its log; one that can only write a file gets a link to /dev/stdout",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_either(&seen.logs, |logs| {
        let growing: Vec<&LogFileSeen> = logs.files.iter().filter(|file| file.after > file.before).collect();
        let Some(first) = growing.first() else { return };
        let paths: Vec<&str> = growing.iter().map(|file| file.path.as_str()).collect();
        let silent =
            if logs.stdout_lines == 0 && logs.stderr_lines == 0 { ", and prints nothing" } else { "" };
        let message = format!("it writes its log to {}{silent}", listed(&paths));
        let size = bytes(first.after.saturating_sub(first.before));
        found.add(Place::file(&seen.reference), message).evidence(format!(
            "{} grew by {size}: {}",
            shown(&first.path),
            said(&first.last_line)
        ));
    })
}
