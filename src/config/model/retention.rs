//! `[retention]`: what stays in a registry.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Age;

/// `[retention]`: what `imgbuild clean --registry` keeps, beside versions, the branches that live, and what is in use.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retention {
    /// How many of the newest images of each branch that lives stay, at least 1: `5`. Default: `10`.
    #[schemars(range(min = 1))]
    pub keep_newest: Option<u32>,
    /// How long anything stays, whatever it was built of: `"14d"`. Default: `"7d"`.
    pub keep_within: Option<Age>,
    /// How long the images of a pull request stay after the newest one: `"14d"`. Default: `"30d"`.
    pub pull_requests: Option<Age>,
    /// Tags that stay, in which `*` stands for anything: `["nightly", "*-lts"]`. Default: none.
    pub keep: Option<Vec<String>>,
}
