//! `source-date-epoch`: a word or a number.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, Unexpected, Visitor};

use crate::config::settings;

/// The time that an image is said to be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceDate(settings::SourceDate);

impl From<SourceDate> for settings::SourceDate {
    fn from(date: SourceDate) -> settings::SourceDate {
        date.0
    }
}

impl<'de> Deserialize<'de> for SourceDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Date;
        impl Visitor<'_> for Date {
            type Value = SourceDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"commit\", \"none\" or seconds since 1970")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<SourceDate, E> {
                match word {
                    "commit" => Ok(SourceDate(settings::SourceDate::Commit)),
                    "none" => Ok(SourceDate(settings::SourceDate::None)),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<SourceDate, E> {
                match (0..=settings::SourceDate::LATEST).contains(&seconds) {
                    true => Ok(SourceDate(settings::SourceDate::At(seconds))),
                    false => Err(E::invalid_value(Unexpected::Signed(seconds), &self)),
                }
            }
        }
        deserializer.deserialize_any(Date)
    }
}

impl JsonSchema for SourceDate {
    fn schema_name() -> Cow<'static, str> {
        "SourceDate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The time that an image is said to be of.",
            "anyOf": [
                { "type": "string", "enum": ["commit", "none"] },
                { "type": "integer", "minimum": 0, "maximum": settings::SourceDate::LATEST },
            ],
        })
    }
}
