//! What a test needs beside the image's own container.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CommandLine, Ready};
use crate::config::model::Size;

/// A file, a folder or a temporary file system for a container: `bind` or `tmpfs`, one of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mount {
    /// A file or folder of the repository, relative to this file, where it is mounted, and `ro` where it must not be
    /// written: `"./testdata:/data:ro"`. An engine on another machine does not see it.
    pub bind: Option<String>,
    /// Where an empty temporary file system is mounted: `"/scratch"`.
    pub tmpfs: Option<String>,
    /// Its options: `"size=16m,mode=1777"`. Default: the engine's.
    pub options: Option<String>,
}

/// Another container that a test needs, on the test's network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// Its image, which the engine has or can pull: `"postgres:17"`. Required.
    #[schemars(required)]
    pub image: Option<String>,
    /// The name by which the others reach it: `"db"`. Required.
    #[schemars(required)]
    pub alias: Option<String>,
    /// Its environment, added to its image's own: `{ POSTGRES_PASSWORD = "test" }`.
    pub env: Option<BTreeMap<String, String>>,
    /// Replaces its image's CMD. Default: its image's own.
    pub cmd: Option<CommandLine>,
    /// Who it runs as, `"1000:1000"` or a name of its image. Default: as its image says.
    pub user: Option<String>,
    /// When it counts as started; the next one starts then.
    #[serde(default, deserialize_with = "crate::config::model::shape::table")]
    pub ready: Option<Ready>,
    /// Files, folders and temporary file systems for it.
    #[serde(default, deserialize_with = "crate::config::model::shape::tables")]
    pub mounts: Option<Vec<Mount>>,
    /// Its root file system cannot be written. Default: `false`.
    pub read_only: Option<bool>,
    /// The most memory that it may use: `"512MB"`. Default: the limit of all tests.
    pub memory: Option<Size>,
}
