//! What stays in a registry.

use crate::config::model::Age;
use crate::config::origin::Sourced;

/// What `imgbuild clean --registry` keeps beside what is in use, versions, and the newest of what lives.
#[derive(Debug, Clone, PartialEq)]
pub struct Retention {
    /// How many of the newest images of each branch; never 0.
    pub keep_newest: Sourced<u32>,
    /// How long anything.
    pub keep_within: Sourced<Age>,
    /// How long images of a pull request, after the newest one.
    pub pull_requests: Sourced<Age>,
    /// Tags, in which `*` stands for anything.
    pub keep: Sourced<Vec<String>>,
}
