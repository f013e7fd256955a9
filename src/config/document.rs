//! A configuration file that was read: its tables, and where each key stands.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::model::Model;
use super::origin::Place;

/// A configuration file whose every value was checked by itself. Whether values fit each other, the environment and
/// the flags is for [`resolve`](fn@super::resolve) to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Where it lies; `None` where it did not come from the file system.
    pub path: Option<PathBuf>,
    /// The tables.
    pub model: Model,
    pub(super) name: Arc<str>,
    pub(super) places: BTreeMap<String, Place>,
}

impl Document {
    /// The file as messages name it: its path in the repository, or `REVISION:PATH`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where `key` is set: `image.build.args.RUST_VERSION`, `image.test[0].name`. The line is 0 where it is not.
    pub fn place(&self, key: &str) -> Place {
        self.places.get(key).cloned().unwrap_or_else(|| Place { file: Arc::clone(&self.name), line: 0 })
    }
}
