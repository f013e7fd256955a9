//! `[checks]`: how strict the checks are, and what is waived.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::Size;

/// `[checks]`. On a pull request these are the base branch's.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Checks {
    /// The least severe finding that stops a run. Default: `"error"`.
    pub fail_on: Option<FailOn>,
    /// The level of single rules, by id: `{ IMG105 = "error", DL3008 = "off" }`. Default: each rule's own.
    pub levels: Option<BTreeMap<String, Level>>,
    /// Where base images may come from: registries, with a path or without, `*.` standing for any host below:
    /// `["docker.io", "ghcr.io/acme", "*.example.com"]`. Default: anywhere.
    pub trusted_registries: Option<Vec<String>>,
    /// Labels that the image must have, and what their values must be: `{ "org.opencontainers.image.revision" = "hash" }`.
    /// Default: none beyond those that imgbuild sets.
    pub labels: Option<BTreeMap<String, LabelType>>,
    /// The largest that the image may be, all layers unpacked: `"500MB"`. Default: no limit.
    pub max_size: Option<Size>,
    /// The most layers that the image may have, those of its base included: `40`. Default: no limit.
    pub max_layers: Option<u32>,
    /// Init systems and process managers that this image may start: `["supervisord"]`. Default: none.
    pub allow_services: Option<Vec<String>>,
    /// Programs of the image that may run with the rights of their owner or group (setuid, setgid), by their paths:
    /// `["/usr/bin/su"]`. Default: none.
    pub allow_setuid: Option<Vec<String>>,
    /// Whether `ci` reads the layers of the image for the rules on files: setuid programs, accounts, keys, caches. The engine
    /// exports it for that, which takes its time with a large image. Default: true.
    pub read_layers: Option<bool>,
    /// A file with findings that are known, relative to this file: only new ones count. Default: none.
    pub baseline: Option<PathBuf>,
    /// Findings that are accepted, each with a reason. Those of a file that is extended count as well. Default: none.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub ignore: Option<Vec<Waiver>>,
}

/// How much a finding of a rule weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The rule is not asked.
    Off,
    /// Worth knowing.
    Info,
    /// Worth mending.
    Warning,
    /// Wrong.
    Error,
}

impl Level {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// What the value of a label must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LabelType {
    /// Any text that is not empty.
    Text,
    /// An absolute http or https URL.
    Url,
    /// A commit's id or another hash, in hex.
    Hash,
    /// A time as RFC 3339 writes it.
    Rfc3339,
    /// A version as Semantic Versioning writes it.
    Semver,
    /// An SPDX license expression.
    Spdx,
    /// An e-mail address.
    Email,
}

impl LabelType {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            LabelType::Text => "text",
            LabelType::Url => "url",
            LabelType::Hash => "hash",
            LabelType::Rfc3339 => "rfc3339",
            LabelType::Semver => "semver",
            LabelType::Spdx => "spdx",
            LabelType::Email => "email",
        }
    }
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
    /// The rule's code, or a name that another tool has for it: `"IMG105"`.
    #[schemars(required)]
    pub rule: Option<String>,
    /// Only in this file, or in files that this pattern names, relative to the repository's root: `"docker/**"`.
    /// Default: everywhere.
    pub path: Option<String>,
    /// Only findings whose message or evidence holds this text. Default: all of the rule's.
    #[serde(rename = "match")]
    pub matching: Option<String>,
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

impl Date {
    /// The day of a moment in UTC, unix seconds; `None` beyond the calendar.
    pub fn of_moment(now: i64) -> Option<Date> {
        let moment = jiff::Timestamp::from_second(now).ok()?;
        Date::of_civil(moment.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// The day that `text` writes as `2027-01-01`.
    pub fn read(text: &str) -> Option<Date> {
        Date::of_civil(text.parse().ok()?)
    }

    /// The days from this one to `other`; negative where that is earlier. `None` where either is no day.
    pub fn days_until(self, other: Date) -> Option<i64> {
        let civil = |date: Date| {
            let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
            jiff::civil::Date::new(i16::try_from(date.year).ok()?, month, day).ok()
        };
        Some(i64::from(civil(self)?.until(civil(other)?).ok()?.get_days()))
    }

    fn of_civil(date: jiff::civil::Date) -> Option<Date> {
        let small = |number: i8| u8::try_from(number).ok();
        Some(Date {
            year: u16::try_from(date.year()).ok()?,
            month: small(date.month())?,
            day: small(date.day())?,
        })
    }
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
