//! What is attached to a published image, and what is believed of it.

use std::fmt;
use std::path::PathBuf;

use crate::config::model::EvidenceKind;
use crate::config::origin::Sourced;

/// `[evidence]`, and the key to sign with.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceSettings {
    /// Whether provenance is attached.
    pub provenance: Sourced<bool>,
    /// Whether the results of tests are.
    pub tests: Sourced<bool>,
    /// Whether an SBOM is.
    pub sbom: Sourced<bool>,
    /// Whether a signature is set in the form of older versions of cosign, too.
    pub classic_signature: Sourced<bool>,
    /// Keys that are believed, as PEM; nobody has looked into them.
    pub verify_keys: Vec<Sourced<String>>,
    /// What is demanded of an image.
    pub require: Sourced<Vec<EvidenceKind>>,
    /// The repositories that it may be of; `None` is any.
    pub sources: Option<Sourced<Vec<String>>>,
    /// The builders that it may be by; `None` is any.
    pub builders: Option<Sourced<Vec<String>>>,
    /// Where the key to sign with is. Its text is no setting: it is read where it is used, and never shown.
    pub sign_key: Option<Sourced<KeySource>>,
}

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// In a variable of the environment, by its name.
    Variable(String),
}

impl fmt::Display for KeySource {
    /// As on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::File(path) => path.display().fmt(f),
            KeySource::Variable(name) => write!(f, "env://{name}"),
        }
    }
}
