//! What the command line said, as plain values: `cli` fills this in, and nothing here knows clap.

use std::path::PathBuf;

use super::settings::{Builder, Profile, Push};
use crate::expect::{ImageKind, ProbeSet};

/// The flags that stand for a setting. `None` is a flag that was not given. Relative paths start at the working folder.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "each is the flag of the same name")]
pub struct Flags {
    pub profile: Option<Profile>,
    pub repository: Option<String>,
    pub context: Option<PathBuf>,
    pub dockerfile: Option<PathBuf>,
    pub target: Option<String>,
    pub platform: Option<String>,
    pub variant: Option<String>,
    /// `--tag TEMPLATE`, in order; they come behind the file's.
    pub tags: Vec<String>,
    pub network: Option<String>,
    pub push: Option<Push>,
    /// `--sign-key PATH|env://NAME`, as written.
    pub sign_key: Option<String>,
    /// `--build-arg NAME=VALUE`, in order; the last of a name wins.
    pub build_args: Vec<(String, String)>,
    /// `--label KEY=VALUE`, in order; the last of a key wins.
    pub labels: Vec<(String, String)>,
    pub no_cache: Option<bool>,
    pub builder: Option<Builder>,
    /// `--secret id=ID,env=NAME`, `--ssh`, `--cache-from`, `--cache-to`, each in order, as written.
    pub secrets: Vec<String>,
    pub ssh: Vec<String>,
    pub cache_from: Vec<String>,
    pub cache_to: Vec<String>,
    /// `--build-context NAME=VALUE`, in order; the last of a name wins.
    pub contexts: Vec<(String, String)>,
    pub pull: Option<bool>,
    pub reproducible: Option<bool>,
    pub report: Option<PathBuf>,
    pub junit: Option<PathBuf>,
    pub report_dir: Option<PathBuf>,
    pub kind: Option<ImageKind>,
    pub probes: Option<ProbeSet>,
    pub hardened: Option<bool>,
    /// `--structure-test FILE`, in order; they come behind the file's.
    pub structure_tests: Vec<PathBuf>,
    /// `--goss FILE`, likewise.
    pub goss: Vec<PathBuf>,
}
