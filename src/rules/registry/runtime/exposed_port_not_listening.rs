//! `exposed-port-not-listening`.

use crate::rules::facts::RuntimeFacts;
use crate::rules::{Fact, Found, Place, rule};

rule! {
    /// ## What it does
    /// Reports ports that an image exposes and that nothing in its container listens on, or that something listens on for
    /// loopback addresses alone.
    ///
    /// ## Why is this bad?
    /// Whoever publishes the port connects to nothing. A service that listens on 127.0.0.1 answers its own healthcheck and
    /// nobody else: that address is the container's own.
    ///
    /// An `EXPOSE` that comes with the base image cannot be taken back. Where nothing is to serve its port, say so with a
    /// waiver.
    ///
    /// ## Example
    /// ```dockerfile
    /// FROM python:3.12
    /// EXPOSE 8000
    /// CMD ["uvicorn", "app:app", "--host", "127.0.0.1"]
    /// ```
    ///
    /// ## Use instead
    /// ```dockerfile
    /// FROM python:3.12
    /// EXPOSE 8000
    /// CMD ["uvicorn", "app:app", "--host", "0.0.0.0"]
    /// ```
    ///
    /// ## References
    /// - <https://docs.docker.com/reference/dockerfile/#expose>
    /// - <https://docs.docker.com/engine/network/port-publishing/>
    IMG914 "exposed-port-not-listening" {
        level: Warning,
        items: [BestPractice],
        aliases: [],
        remedy: "let the service listen on the port, on all addresses, or take the EXPOSE out (waive a base image's)",
        check: Running(check),
    }
}

fn check(seen: &RuntimeFacts, found: &mut Found<'_>) -> Fact<()> {
    seen.of_service(&seen.ports, |ports| {
        for (protocol, port) in ports.declared() {
            let mut loopback = None;
            let mut reached = false;
            let listeners = ports.listening.iter();
            for listener in listeners.filter(|one| one.port == port && one.protocol == protocol) {
                match listener.is_loopback() {
                    true => loopback = Some(listener.address),
                    false => reached = true,
                }
            }
            let place = || Place::field(&seen.reference, "Config.ExposedPorts");
            match loopback {
                _ if reached => {}
                Some(address) => {
                    let message =
                        format!("it listens on the exposed port {port}/{protocol} for {address} alone");
                    found
                        .add(place(), message)
                        .remedy("let the service listen on all addresses, 0.0.0.0 or ::");
                }
                None => {
                    found.add(place(), format!("nothing listens on the exposed port {port}/{protocol}"));
                }
            }
        }
    })
}
