//! `[promote]`: what may go to the release registry.

use schemars::JsonSchema;
use serde::Deserialize;

/// `[promote]`: what `imgbuild promote` lets through.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Promote {
    /// The branches that an image's commit has to be on, one of them at least, as the remote has them: `["main"]`. `*`
    /// stands for anything but `/`, `**` for anything. Default: `["main", "release/*"]`.
    pub branches: Option<Vec<String>>,
}
