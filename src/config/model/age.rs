//! Ages as people write them: longer than a [`Period`](super::Period).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// An age from an hour to ten years: a whole number of hours or days, `"36h"`, `"7d"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age(u32);

/// Why a text is no [`Age`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidAge {
    /// Not a whole number with a unit.
    Grammar,
    /// Zero.
    Zero,
    /// More than ten years.
    TooLong,
}

impl fmt::Display for InvalidAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InvalidAge::Grammar => {
                "not an age: write a whole number of hours or days, like \"36h\" or \"7d\""
            }
            InvalidAge::Zero => "an age must be more than zero",
            InvalidAge::TooLong => "an age must not be more than 3650d",
        })
    }
}

impl std::error::Error for InvalidAge {}

const DAY: u32 = 24;
const LONGEST: u32 = 3650 * DAY;

impl Age {
    /// So many days; ten years where it is more.
    pub const fn days(days: u32) -> Age {
        let hours = days.saturating_mul(DAY);
        Age(if hours > LONGEST { LONGEST } else { hours })
    }

    /// In seconds; never 0.
    pub fn seconds(self) -> i64 {
        i64::from(self.0).saturating_mul(3600)
    }
}

impl FromStr for Age {
    type Err = InvalidAge;

    fn from_str(text: &str) -> Result<Self, InvalidAge> {
        let (number, hours) = match (text.strip_suffix('d'), text.strip_suffix('h')) {
            (Some(days), _) => (days, DAY),
            (None, Some(hours)) => (hours, 1),
            (None, None) => return Err(InvalidAge::Grammar),
        };
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidAge::Grammar);
        }
        // It is made of digits, so that only its size can be wrong.
        let number: u32 = number.parse().map_err(|_| InvalidAge::TooLong)?;
        match number.checked_mul(hours) {
            Some(0) => Err(InvalidAge::Zero),
            Some(hours) if hours <= LONGEST => Ok(Age(hours)),
            _ => Err(InvalidAge::TooLong),
        }
    }
}

impl fmt::Display for Age {
    /// The shortest form that reads back as the same age.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % DAY {
            0 => write!(f, "{}d", self.0 / DAY),
            _ => write!(f, "{}h", self.0),
        }
    }
}

impl Serialize for Age {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Age;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an age in quotes, like \"7d\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Age, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Age {
    fn schema_name() -> Cow<'static, str> {
        "Age".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An age from 1h to 3650d, in whole hours or days: \"36h\", \"7d\".",
            "pattern": "^[0-9]+[hd]$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_days() {
        for (text, seconds, shown) in [
            ("7d", 604_800, "7d"),
            ("36h", 129_600, "36h"),
            ("48h", 172_800, "2d"),
            ("3650d", 315_360_000, "3650d"),
        ] {
            let age: Age = text.parse().unwrap();
            assert_eq!((age.seconds(), age.to_string().as_str()), (seconds, shown));
        }
        for (text, why) in [
            ("", InvalidAge::Grammar),
            ("7", InvalidAge::Grammar),
            ("d", InvalidAge::Grammar),
            ("7m", InvalidAge::Grammar),
            ("-7d", InvalidAge::Grammar),
            ("1d2h", InvalidAge::Grammar),
            ("0d", InvalidAge::Zero),
            ("3651d", InvalidAge::TooLong),
            ("99999999999999d", InvalidAge::TooLong),
        ] {
            assert_eq!(text.parse::<Age>(), Err(why), "{text:?}");
        }
        assert_eq!(Age::days(30).to_string(), "30d");
    }
}
