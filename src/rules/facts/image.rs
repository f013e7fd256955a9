//! An image by its configuration and its history.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::{Expectations, Fact};

/// One image.
#[derive(Debug, Clone, Default)]
pub struct ImageFacts {
    /// How findings name it.
    pub reference: String,
    /// `Config.User`; empty is root.
    pub user: String,
    /// `Config.Env`, `NAME=value` as it is. Values never go into a finding.
    pub env: Vec<String>,
    /// `Config.Entrypoint`.
    pub entrypoint: Vec<String>,
    /// `Config.Cmd`.
    pub cmd: Vec<String>,
    /// `Config.ExposedPorts`, `port/protocol`.
    pub exposed_ports: BTreeSet<String>,
    /// `Config.Volumes`.
    pub volumes: BTreeSet<String>,
    /// `Config.WorkingDir`.
    pub working_dir: String,
    /// `Config.StopSignal`.
    pub stop_signal: Option<String>,
    /// `Config.Healthcheck.Test`; `None` where there is no healthcheck, `None` or `["NONE"]` where it is switched off.
    pub healthcheck: Option<Vec<String>>,
    /// `Config.Labels`.
    pub labels: BTreeMap<String, String>,
    /// The labels of the base image, where it is known.
    pub base_labels: Option<Fact<BTreeMap<String, String>>>,
    /// The steps that made it, the oldest first.
    pub history: Vec<HistoryEntry>,
    /// The size of all layers in bytes, uncompressed, as the engine tells it.
    pub size: u64,
    /// How many layers it has.
    pub layers: usize,
    /// What the settings expect of it.
    pub expectations: Expectations,
}

/// One step of an image's history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The instruction as the builder noted it. May hold the values of build arguments.
    pub created_by: String,
    /// Whether it made no layer, or one without a byte.
    pub empty_layer: bool,
}
