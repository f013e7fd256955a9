//! `ignores-stop-signal`.

use crate::rules::facts::{RuntimeFacts, StopSeen};
use crate::rules::words::{is_shell, program, seconds, shown};
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports a service that does not end on its stop signal within the grace period, so that the engine has to kill it;
    /// and one that ends with another exit code than 0, 130, 143 or that of the signal.
    ///
    /// ## Why is this bad?
    /// Each update takes as long as the grace period, and then requests are cut off and data is not written. A shell does
    /// not pass the signal on, and process 1 ignores each signal that it has no handler for.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// CMD migrate && server
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// CMD ["sh", "-c", "migrate && exec server"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/cli/docker/container/stop/>
    /// - <https://docs.docker.com/reference/dockerfile/#stopsignal>
    /// - <https://12factor.net/disposability>
    IMG911 "ignores-stop-signal" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "handle the signal in the service, name the one it handles by STOPSIGNAL, or put tini in front of it",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_service(&seen.stop, |stop| {
        let killed = stop.killed || stop.took_ms >= stop.grace_ms;
        if !killed && is_orderly(stop) {
            return;
        }
        let place = Place::field(&seen.reference, "Config.StopSignal");
        let signal = shown(&stop.signal);
        let shell = first_shell(seen).filter(|_| killed);
        let message = match shell {
            _ if !killed => format!("it ends on {signal} with exit code {}", stop.exit),
            Some(shell) => format!("it does not end on {signal}: the shell {shell} is its first process"),
            None => format!("it does not end on {signal}"),
        };
        let (took, grace) = (seconds(stop.took_ms), seconds(stop.grace_ms));
        let finding = found.add(place, message);
        finding.evidence(format!("exit code {} after {took}, with a grace period of {grace}", stop.exit));
        if shell.is_some() {
            finding
                .remedy("write ENTRYPOINT and CMD in exec form, and start the service by exec in a script");
        } else if !killed {
            finding.remedy("end with exit code 0 when the stop signal comes");
        }
    })
}

/// The shell that the first process is, where processes were seen.
fn first_shell(seen: &RuntimeFacts) -> Option<&str> {
    let processes = seen.processes.as_ref().ok()?;
    let first = processes.samples.last()?.iter().find(|process| process.pid == processes.first)?;
    Some(program(first)).filter(|name| is_shell(name))
}

/// Whether the exit code is one of a service that was asked to stop.
fn is_orderly(stop: &StopSeen) -> bool {
    matches!(stop.exit, 0 | 130 | 143) || number(&stop.signal).is_some_and(|number| stop.exit == 128 + number)
}

/// The number of a signal, by its name or written as it is.
fn number(signal: &str) -> Option<i64> {
    const NUMBERS: [(&str, i64); 10] = [
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("ABRT", 6),
        ("KILL", 9),
        ("USR1", 10),
        ("USR2", 12),
        ("ALRM", 14),
        ("TERM", 15),
        ("WINCH", 28),
    ];
    let name = signal.strip_prefix("SIG").unwrap_or(signal);
    if let Some(real_time) = name.strip_prefix("RTMIN") {
        let above: u8 = if real_time.is_empty() { 0 } else { real_time.strip_prefix('+')?.parse().ok()? };
        return Some(34 + i64::from(above)).filter(|number| (34..=64).contains(number));
    }
    let known = NUMBERS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    known.or_else(|| name.parse().ok().filter(|number| (1..=64).contains(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_numbers() {
        for (signal, expected) in [
            ("SIGTERM", Some(15)),
            ("QUIT", Some(3)),
            ("15", Some(15)),
            ("SIGRTMIN+3", Some(37)),
            ("SIGRTMIN", Some(34)),
            ("SIGRTMIN+9223372036854775807", None),
            ("SIGFOO", None),
            ("", None),
        ] {
            assert_eq!(number(signal), expected, "{signal}");
        }
    }
}
