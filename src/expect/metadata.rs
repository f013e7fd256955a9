//! The image's configuration.

use super::Matcher;

/// What the image's configuration must say. An empty list asks for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageCheck {
    /// Variables and their values; one that is not set is null.
    pub env: Vec<(String, Matcher)>,
    /// Variables that must not be set.
    pub unset_env: Vec<String>,
    /// Labels and their values; one that is not set is null.
    pub labels: Vec<(String, Matcher)>,
    /// ENTRYPOINT, word by word; the empty list wants none.
    pub entrypoint: Option<Vec<String>>,
    /// CMD, likewise.
    pub cmd: Option<Vec<String>>,
    /// Exposed ports that must be there: `80`, or `53/udp`. Without a protocol any will do.
    pub exposed: Vec<String>,
    /// Ports that must not be exposed.
    pub unexposed: Vec<String>,
    /// Volumes that must be declared.
    pub volumes: Vec<String>,
    /// Volumes that must not be.
    pub no_volumes: Vec<String>,
    /// WORKDIR.
    pub workdir: Option<Matcher>,
    /// USER.
    pub user: Option<Matcher>,
    /// The size of all layers in bytes.
    pub size: Option<Matcher>,
}
