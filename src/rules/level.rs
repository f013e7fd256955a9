//! How much a finding matters.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding matters; ordered from the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Worth knowing.
    Info,
    /// A practice is broken, and the image may be fine for now.
    Warning,
    /// The image is wrong, unsafe or not what it says it is.
    Error,
}

impl Level {
    /// The word in files and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(word: &str) -> Result<Level, ()> {
        [Level::Info, Level::Warning, Level::Error].into_iter().find(|l| l.as_str() == word).ok_or(())
    }
}
