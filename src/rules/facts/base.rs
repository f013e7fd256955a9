//! The images that a Dockerfile starts from, as their registries know them.

use std::collections::BTreeMap;

use crate::rules::Fact;

/// What is known of base images, by the reference as the Dockerfile has it after expansion.
#[derive(Debug, Clone, Default)]
pub struct BaseFacts {
    /// The images; one whose registry did not answer is [`Fact::Missing`].
    pub images: BTreeMap<String, Fact<BaseFact>>,
    /// The platform that is built for, `os/architecture[/variant]`.
    pub platform: Option<String>,
}

/// One base image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseFact {
    /// Whether the registry has it.
    pub state: BaseState,
    /// What the tag resolves to now, `sha256:…`, where the reference has a digest too and that is of another image.
    pub tag_moved_to: Option<String>,
}

/// What a registry says of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseState {
    /// It is there.
    Present {
        /// What the reference resolves to now, `sha256:…`.
        digest: String,
        /// The platforms that it is for, `os/architecture[/variant]`; empty where they are not known.
        platforms: Vec<String>,
    },
    /// There is no such image.
    Absent,
}

impl BaseFacts {
    /// What is known of a reference.
    pub fn known(&self, reference: &str) -> Option<&BaseFact> {
        self.images.get(reference)?.as_ref().ok()
    }
}
