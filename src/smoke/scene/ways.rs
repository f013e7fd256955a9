//! The ways from here to a port of a container.

use crate::engine::{Container, Engine};

/// `host:port` for each way in to `port` of the container, the likeliest first.
///
/// Which of them works depends on where the engine runs: its own addresses, or the port that the engine publishes. What
/// answers is the container either way.
pub(in crate::smoke) fn ways(
    engine: &Engine,
    container: &Container,
    network: Option<&str>,
    port: u16,
) -> Vec<String> {
    let engine_host = engine.endpoint().published_host();
    if network == Some("host") {
        return vec![joined(engine_host, port)];
    }
    let own = container.addresses.values().filter(|address| !address.is_empty());
    let own = own.map(|address| joined(address, port));
    // Published on the engine's loopback, so that only an engine of this machine leads there. It comes first: where the
    // engine runs in a virtual machine, the container's address may be somebody else's here.
    let published = container.ports.get(&port).filter(|_| !engine.info().remote);
    published.map(|host_port| joined("127.0.0.1", *host_port)).into_iter().chain(own).collect()
}

fn joined(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
