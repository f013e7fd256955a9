//! `undeclared-port`.

use std::collections::BTreeSet;

use crate::rules::facts::RuntimeFacts;
use crate::rules::words::in_a_row;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports ports that a service listens on and that its image does not expose. What listens on loopback addresses
    /// alone is left out, and so are UDP ports from the range out of which clients get theirs.
    ///
    /// ## Why is this bad?
    /// `EXPOSE` is how an image tells which ports it serves: to people, to proxies that find services by it, and to
    /// whoever writes the rules of a firewall. A port that is missing there is one that nobody expects to be open, such as
    /// a debugger's.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 80
    /// CMD ["server", "--port=8080"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM debian:12
    /// EXPOSE 8080
    /// CMD ["server", "--port=8080"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#expose>
    IMG913 "undeclared-port" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "add EXPOSE for what others reach, and let the rest listen on 127.0.0.1",
        check: Running(check),
    }
}

/// The first port of those that Linux gives to clients.
const OF_CLIENTS: u16 = 32_768;
/// More ports help nobody.
const MOST: usize = 8;

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_service(&seen.ports, |ports| {
        let declared = ports.declared();
        let open = ports.listening.iter().filter(|listener| {
            let of_client = listener.protocol == "udp" && listener.port >= OF_CLIENTS;
            !listener.is_loopback() && !of_client
        });
        let open: BTreeSet<(u16, &str)> = open
            .map(|listener| (listener.port, listener.protocol.as_str()))
            .filter(|(port, protocol)| !declared.contains(&(*protocol, *port)))
            .collect();
        if open.is_empty() {
            return;
        }
        let mut names: Vec<String> =
            open.iter().take(MOST).map(|(port, protocol)| format!("{port}/{protocol}")).collect();
        if open.len() > MOST {
            names.push(format!("{} more", open.len() - MOST));
        }
        let what = if declared.is_empty() { "exposes no port" } else { "does not expose that" };
        let message = format!("it listens on {}, and the image {what}", in_a_row(&names));
        found.add(Place::field(&seen.reference, "Config.ExposedPorts"), message);
    })
}
