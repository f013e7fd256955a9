//! Which probes are made, and on what.

use std::collections::BTreeSet;

use crate::expect::{ImageKind, Mount, ProbeSet, TestSpec};

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

impl ProbePlan {
    /// Whether its containers would disturb others of the same test: they write to the same folders of this machine.
    pub(in crate::smoke) fn disturbs(&self) -> bool {
        let Some(test) = &self.like else { return false };
        let services = test.services.iter().map(|service| &service.container);
        let mut mounts = services.chain([&test.container]).flat_map(|container| &container.mounts);
        mounts.any(|mount| match mount {
            Mount::Bind(bind) => {
                !bind.split(':').skip(2).any(|options| options.split(',').any(|o| o == "ro"))
            }
            Mount::Tmpfs(..) => false,
        })
    }
}
