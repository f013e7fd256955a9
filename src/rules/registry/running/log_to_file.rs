//! `log-to-file`.

use crate::rules::analysis::Analysis;
use crate::rules::words::{log_file, shown};
use crate::rules::{Found, rule};

rule! {
    /// ## What it does
    /// Reports a `CMD` or an `ENTRYPOINT` of the image that is built that writes its log to a file: by a redirection, by
    /// `tee`, by an option such as `--log-file=`; or that shows a log which a service in the background writes
    /// (`tail -f app.log`).
    ///
    /// ## Why is this bad?
    /// The engine collects what the container prints, sends it on and limits its size. A file in the container is seen by
    /// nobody, grows until the disk is full, and is gone with the container.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["serve", "--log-file=/var/log/serve.log"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["serve", "--log-file=/dev/stdout"]
    /// ```
    ///
    /// ## References
    /// - <https://12factor.net/logs>
    /// - <https://docs.docker.com/engine/logging/>
    IMG508 "log-to-file" {
        level: Warning,
        items: [Logs],
        aliases: [],
        remedy: "let the service print its log; one that can only write a file gets /dev/stdout or /proc/1/fd/1",
        check: Text(check),
    }
}

fn check(file: &Analysis<'_>, found: &mut Found<'_>) {
    for step in file.starters() {
        let script = file.started(step);
        let Some((command, log)) = script.commands.iter().find_map(|c| Some((c, log_file(c)?))) else {
            continue;
        };
        let place = file.place_at(step, file.started_span(step, command));
        let name = step.instruction.keyword.name();
        let log = shown(&log);
        let message = match command.unwrapped().name() {
            "tail" => format!("{name} shows the log {log}, which a service writes to a file"),
            _ => format!("{name} writes its log to {log}"),
        };
        found.add(place, message);
    }
}
