//! The contents of an image, as a value.

use super::{OsRelease, Package};
use crate::rules::facts::FileFacts;

/// What an image holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Every package, sorted; none occurs twice.
    pub packages: Vec<Package>,
    /// The distribution, where the image has one.
    pub os: Option<OsRelease>,
    /// What of its files matters for its practices.
    pub files: FileFacts,
    /// What was left out, and why, as lowercase fragments: "/var/lib/rpm/Packages: Berkeley DB is not read".
    pub notes: Vec<String>,
}
