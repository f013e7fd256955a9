//! Graphs for tests.

use std::collections::BTreeMap;

use super::graph::{Graph, Node};
use crate::image::{Digest, label};

/// When it is in these tests.
pub(super) const NOW: i64 = 1_700_000_000;
pub(super) const DAY: i64 = 86_400;

pub(super) fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// The unique tag of a run of `reference`, so many days ago.
pub(super) fn run(reference: &str, days: i64) -> String {
    format!("{reference}-abc1234-{}", NOW - days * DAY)
}

impl Graph {
    /// Adds an image that imgbuild made of `branch`, with these tags.
    pub(super) fn image(&mut self, name: &str, branch: &str, tags: &[&str]) -> &mut Node {
        for tag in tags {
            self.tags.insert((*tag).to_owned(), digest(name));
        }
        let labels: BTreeMap<String, String> = [(label::TOOL_VERSION, "1"), (label::GIT_BRANCH, branch)]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into();
        let blobs = [(digest(&format!("{name}'s layer")), 100), (digest("a base"), 1000)].into();
        self.nodes.entry(digest(name)).or_insert(Node { labels, blobs, ..Node::default() })
    }

    /// Adds a manifest without a tag that belongs to `subject`.
    pub(super) fn referrer(&mut self, name: &str, subject: &str) {
        self.nodes.insert(digest(name), Node { subject: Some(digest(subject)), ..Node::default() });
    }
}
