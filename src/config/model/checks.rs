//! `[checks]`: how strict the checks are, and what is waived.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// `[checks]`. On a pull request these are the base branch's.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Checks {
    /// The least severe finding that stops a run. Default: `"error"`.
    pub fail_on: Option<FailOn>,
    /// Findings that are accepted, each with a reason. Default: none.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub ignore: Option<Vec<Waiver>>,
}

/// The least severe finding that stops a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// Every finding stops.
    Info,
    /// Warnings and errors stop.
    Warning,
    /// Errors stop.
    Error,
    /// Nothing stops.
    Never,
}

impl FailOn {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            FailOn::Info => "info",
            FailOn::Warning => "warning",
            FailOn::Error => "error",
            FailOn::Never => "never",
        }
    }
}

/// One accepted finding: `{ rule = "IMG105", path = "Dockerfile", until = 2027-01-01, reason = "…" }`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Waiver {
    /// The rule's code: `"IMG105"`.
    #[schemars(required)]
    pub rule: Option<String>,
    /// Only in this file, relative to the repository's root. Default: everywhere.
    pub path: Option<String>,
    /// The last day on which it holds, a TOML date without quotes: `2027-01-01`. Default: without end.
    pub until: Option<Date>,
    /// Why the finding is accepted. Required, never empty.
    #[schemars(required)]
    pub reason: Option<String>,
}

/// A day of the calendar, without a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, 0 to 9999.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const WANTED: &str = "expected a date without quotes, like 2027-01-01";
        match toml::value::Datetime::deserialize(deserializer) {
            Ok(toml::value::Datetime { date: Some(date), time: None, offset: None }) => {
                Ok(Date { year: date.year, month: date.month, day: date.day })
            }
            Ok(_) => Err(D::Error::custom(format_args!("{WANTED}, found one with a time"))),
            Err(_) => Err(D::Error::custom(WANTED)),
        }
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date",
            "description": "A TOML date, without quotes: 2027-01-01.",
        })
    }
}
