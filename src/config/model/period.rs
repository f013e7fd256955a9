//! Lengths of time as people write them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A length of time from 1 ms to 24 h: numbers with a unit (`h`, `m`, `s`, `ms`), larger units first: `"30s"`,
/// `"1m30s"`, `"500ms"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(Duration);

/// Why a text is no [`Period`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidPeriod {
    /// Not numbers with units in descending order.
    Grammar,
    /// Zero.
    Zero,
    /// More than 24 hours.
    TooLong,
}

impl fmt::Display for InvalidPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InvalidPeriod::Grammar => {
                "not a length of time: write a whole number and a unit (h, m, s, ms), like \"30s\" or \"1m30s\""
            }
            InvalidPeriod::Zero => "a length of time must be more than zero",
            InvalidPeriod::TooLong => "a length of time must not be more than 24h",
        })
    }
}

impl std::error::Error for InvalidPeriod {}

/// Larger first, as they must be written; each with its length in milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
const LONGEST: u64 = 24 * 3_600_000;

impl Period {
    /// The same length as the standard library has it.
    pub const fn get(self) -> Duration {
        self.0
    }

    fn from_millis(millis: u64) -> Result<Self, InvalidPeriod> {
        match millis {
            0 => Err(InvalidPeriod::Zero),
            1..=LONGEST => Ok(Period(Duration::from_millis(millis))),
            _ => Err(InvalidPeriod::TooLong),
        }
    }
}

impl TryFrom<Duration> for Period {
    type Error = InvalidPeriod;

    /// What is below a millisecond is cut.
    fn try_from(duration: Duration) -> Result<Self, InvalidPeriod> {
        u64::try_from(duration.as_millis()).map_err(|_| InvalidPeriod::TooLong).and_then(Period::from_millis)
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let mut rest = text;
        let mut allowed = UNITS.as_slice();
        let mut millis: u64 = 0;
        loop {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, tail) = rest.split_at_checked(digits).ok_or(InvalidPeriod::Grammar)?;
            let letters = tail.bytes().take_while(u8::is_ascii_lowercase).count();
            let (unit, tail) = tail.split_at_checked(letters).ok_or(InvalidPeriod::Grammar)?;
            if number.is_empty() {
                return Err(InvalidPeriod::Grammar);
            }
            let at = allowed.iter().position(|(name, _)| *name == unit).ok_or(InvalidPeriod::Grammar)?;
            let length = allowed.get(at).map_or(0, |(_, length)| *length);
            // Only the number can overflow: it is made of digits.
            let number: u64 = number.parse().map_err(|_| InvalidPeriod::TooLong)?;
            millis = number
                .checked_mul(length)
                .and_then(|part| part.checked_add(millis))
                .ok_or(InvalidPeriod::TooLong)?;
            allowed = allowed.get(at.saturating_add(1)..).unwrap_or_default();
            rest = tail;
            if rest.is_empty() {
                return Period::from_millis(millis);
            }
        }
    }
}

impl fmt::Display for Period {
    /// The shortest form that reads back as the same length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut millis = u64::try_from(self.0.as_millis()).unwrap_or(LONGEST);
        for (unit, length) in UNITS {
            let count = millis / length;
            millis %= length;
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Period;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time in quotes, like \"30s\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Period, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time from 1ms to 24h, larger units first: \"30s\", \"1m30s\", \"500ms\".",
            "pattern": "^(?=.)([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn millis(text: &str) -> Result<u128, InvalidPeriod> {
        text.parse::<Period>().map(|p| p.get().as_millis())
    }

    #[test]
    fn units_add_up() {
        assert_eq!(millis("30s"), Ok(30_000));
        assert_eq!(millis("1h1m1s1ms"), Ok(3_661_001));
        assert_eq!(millis("90m"), Ok(5_400_000));
        assert_eq!(millis("24h"), Ok(86_400_000));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "", "30", "s", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1m1h", "1s1s", "1S", "1d", "١s", "1µs",
        ] {
            assert_eq!(millis(text), Err(InvalidPeriod::Grammar), "{text:?}");
        }
    }

    #[test]
    fn zero_and_more_than_a_day_are_refused() {
        assert_eq!(millis("0s"), Err(InvalidPeriod::Zero));
        assert_eq!(millis("0h0ms"), Err(InvalidPeriod::Zero));
        assert_eq!(millis("24h1ms"), Err(InvalidPeriod::TooLong));
        assert_eq!(millis("99999999999999999999999h"), Err(InvalidPeriod::TooLong));
        assert_eq!(millis("18446744073709551615h"), Err(InvalidPeriod::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(millis in 1..=LONGEST) {
            let period = Period::from_millis(millis).unwrap();
            prop_assert_eq!(period.to_string().parse(), Ok(period));
        }

        #[test]
        fn any_text_is_judged(text in "\\PC*") {
            if let Ok(period) = text.parse::<Period>() {
                prop_assert_eq!(period.to_string().parse(), Ok(period));
            }
        }
    }
}
