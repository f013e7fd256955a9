//! `[policy]`: what a file demands of those that extend it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Level;

/// `[policy]`: what holds for every file that extends this one, and for every run whose `IMGBUILD_POLICY` names it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PolicyTable {
    /// Rules that may not be switched off or waived: `["IMG105"]`. Default: none.
    pub require: Option<Vec<String>>,
    /// The least level of single rules, by id: `{ IMG105 = "error" }`. A rule whose level is lower is raised to it, and
    /// to lower it in a file is an error. Default: none.
    pub levels: Option<BTreeMap<String, Level>>,
    /// Keys that neither a file above nor a flag or variable may set, and everything below them, in profiles too:
    /// `["checks.fail-on", "registries"]`. Default: none.
    pub lock: Option<Vec<String>>,
    /// Limits for waivers. Default: none.
    #[serde(default, deserialize_with = "super::shape::table")]
    pub waivers: Option<WaiverLimits>,
}

/// `[policy.waivers]`: limits for what `checks.ignore` may hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WaiverLimits {
    /// The most waivers that may be in force: `5`. Default: no limit.
    pub max: Option<u32>,
    /// The most days from today on that a waiver may last: `90`. One without `until` lasts for ever. Default: no limit.
    pub max_days: Option<u32>,
    /// Whether each waiver must say until when it holds. Default: `false`.
    pub require_until: Option<bool>,
    /// The only rules that may be waived, by id; a `*` at the end stands for anything: `["IMG3*", "DL3008"]`.
    /// Default: any.
    pub allow: Option<Vec<String>>,
}
