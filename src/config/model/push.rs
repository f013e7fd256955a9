//! `[push]`: how long a registry is put up with.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Period;

/// `[push]`: how long a registry that fails or stalls is put up with.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Push {
    /// How long a failed request or push may be tried again, where trying again can help: `"2m"`. Default: `"30s"`.
    pub retry_for: Option<Period>,
    /// The longest that a push may stand still: `"2m"`. Default: `"60s"`.
    pub idle_timeout: Option<Period>,
    /// The longest that the push of one image may take: `"20m"`. Default: `"1h"`.
    pub timeout: Option<Period>,
}
