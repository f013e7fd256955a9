//! What a repository holds, as far as a registry can be asked: tags, the manifests behind them, what those list, and what
//! refers to them. Manifests without a tag that nothing leads to are seen by no client.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::{Digest, TagShape, tag_shape};

/// Tags and manifests of one repository at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// Every tag, and what it points to.
    pub tags: BTreeMap<String, Digest>,
    /// Every manifest that a tag leads to.
    pub nodes: BTreeMap<Digest, Node>,
}

/// One manifest or index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// What an index lists, also where the repository does not have it.
    pub children: BTreeSet<Digest>,
    /// What it refers to, where it is attached to something.
    pub subject: Option<Digest>,
    /// Labels of the image; of an index, those of its first image. Only what has a tag was asked for them.
    pub labels: BTreeMap<String, String>,
    /// Configuration and layers, with their sizes in bytes.
    pub blobs: BTreeMap<Digest, u64>,
}

impl Graph {
    /// The tags of each manifest that has some, sorted.
    pub(super) fn tags_of_each(&self) -> BTreeMap<&Digest, Vec<&str>> {
        let mut tags: BTreeMap<&Digest, Vec<&str>> = BTreeMap::new();
        for (tag, digest) in &self.tags {
            tags.entry(digest).or_default().push(tag);
        }
        tags
    }

    /// What hangs on each manifest: it refers to it, or has a tag that is named after it.
    pub(super) fn attached(&self) -> BTreeMap<&Digest, BTreeSet<&Digest>> {
        let mut attached: BTreeMap<&Digest, BTreeSet<&Digest>> = BTreeMap::new();
        for (digest, node) in &self.nodes {
            if let Some(subject) = &node.subject {
                attached.entry(subject).or_default().insert(digest);
            }
        }
        for (tag, digest) in &self.tags {
            let named = followed(tag).and_then(|subject| self.nodes.get_key_value(&subject));
            if let Some((subject, _)) = named {
                attached.entry(subject).or_default().insert(digest);
            }
        }
        attached
    }
}

/// The manifest that a tag like `sha256-HEX` or `sha256-HEX.sig` is named after.
pub(super) fn followed(tag: &str) -> Option<Digest> {
    if tag_shape(tag) != TagShape::Digest {
        return None;
    }
    let hex = tag.strip_prefix("sha256-")?.split('.').next()?;
    format!("sha256:{hex}").parse().ok()
}
