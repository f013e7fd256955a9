//! Which probes are made, and on what.

use std::collections::BTreeSet;

use crate::expect::{ImageKind, ProbeSet, TestSpec};

/// What the probes go by.
#[derive(Debug, Clone)]
pub struct ProbePlan {
    /// How many of them.
    pub set: ProbeSet,
    /// What the image is for, where somebody said it; else it is guessed.
    pub kind: Option<ImageKind>,
    /// Whether the image is said to work with a root file system that cannot be written.
    pub read_only: bool,
    /// Whether it has to run hardened: read-only root, no capabilities, no new privileges, an unprivileged user.
    pub hardened: bool,
    /// Names of executables that may run beside the service.
    pub companions: BTreeSet<String>,
    /// What the containers of probes get, and what else has to run: those of the first test that starts one.
    pub like: Option<TestSpec>,
    /// How findings name the image.
    pub reference: String,
}
