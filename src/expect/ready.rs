//! When a container counts as started.

use std::time::Duration;

use super::{HttpCheck, Pattern};

/// Whether the image's HEALTHCHECK decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Health {
    /// It does where the image has one.
    WhereDeclared,
    /// It does, and an image without one fails.
    Required,
    /// It does not.
    Ignored,
}

/// When a container counts as started: once all of it holds, within the deadline.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadySpec {
    /// Whether the HEALTHCHECK decides.
    pub health: Health,
    /// An answer that must come; its own `within` does not matter here.
    pub http: Option<HttpCheck>,
    /// What its log must hold in one line.
    pub log: Option<Pattern>,
    /// TCP ports that must listen.
    pub ports: Vec<u16>,
    /// How long the container must stay up where nothing else of this decides.
    pub settle: Duration,
    /// The longest to wait.
    pub within: Duration,
}
