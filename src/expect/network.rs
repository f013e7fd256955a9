//! Ports that listen, and addresses that can be reached from inside.

use std::time::Duration;

use super::Matcher;

/// Which sockets are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Protocol {
    /// TCP of either version of IP.
    AnyTcp,
    /// UDP of either version of IP.
    AnyUdp,
    Tcp,
    Tcp6,
    Udp,
    Udp6,
}

/// A port, judged by the socket table of the container's network namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct PortCheck {
    /// Which sockets.
    pub protocol: Protocol,
    /// The port inside the container.
    pub port: u16,
    /// Whether something must listen.
    pub listening: bool,
    /// Whether it must listen on all addresses, so that others can reach it.
    pub everywhere: bool,
    /// The addresses that it listens on, as a list.
    pub addresses: Option<Matcher>,
    /// How long to wait for it.
    pub within: Duration,
}

/// An address that must (or must not) accept a connection from inside the container.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressCheck {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Host and port.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether it can be reached, as a boolean.
    pub reachable: Matcher,
    /// How long one try may take.
    pub within: Duration,
}
