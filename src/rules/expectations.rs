//! What the settings ask of a repository's images beyond the rules' own defaults.

use std::collections::BTreeMap;

use crate::config::model::LabelType;

/// The values that rules go by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// Where base images may come from; empty means that nobody said.
    pub trusted_registries: Vec<String>,
    /// Labels that the image must have, with the type of each.
    pub labels: BTreeMap<String, LabelType>,
    /// The most bytes that the layers may take, uncompressed.
    pub max_size: Option<u64>,
    /// The most layers.
    pub max_layers: Option<usize>,
    /// Init systems and process managers that the image may start.
    pub allow_services: Vec<String>,
    /// Whether the configuration has tests of the image; `None` where no configuration was read.
    pub has_tests: Option<bool>,
    /// Whether it is said to work with a root file system that cannot be written.
    pub read_only: bool,
    /// Whether it has to run hardened: read-only root, no capabilities, no new privileges, an unprivileged user.
    pub hardened: bool,
    /// The stage that is built; `None` is the last one.
    pub target: Option<String>,
    /// Build arguments that the configuration sets.
    pub build_args: BTreeMap<String, String>,
}
