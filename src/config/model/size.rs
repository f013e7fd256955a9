//! Sizes as people write them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A size of at least one byte: a whole number and a unit, `"500MB"`, `"1GiB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

/// Why a text is no [`Size`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidSize {
    /// Not a whole number with a unit.
    Grammar,
    /// Zero.
    Zero,
    /// More bytes than 64 bits count.
    TooLarge,
}

impl fmt::Display for InvalidSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InvalidSize::Grammar => {
                "not a size: write a whole number and a unit (kB, MB, GB, KiB, MiB, GiB), like \"500MB\""
            }
            InvalidSize::Zero => "a size must be more than zero",
            InvalidSize::TooLarge => "the size is too large",
        })
    }
}

impl std::error::Error for InvalidSize {}

/// The largest first, so that the shortest form is found first.
const UNITS: [(&str, u64); 6] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1000),
];

impl Size {
    /// In bytes; never 0.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or(InvalidSize::Grammar)?;
        let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes);
        let (false, Some(unit)) = (number.is_empty(), unit) else { return Err(InvalidSize::Grammar) };
        // Only the number can overflow: it is made of digits.
        let number: u64 = number.parse().map_err(|_| InvalidSize::TooLarge)?;
        match number.checked_mul(unit) {
            Some(0) => Err(InvalidSize::Zero),
            Some(bytes) => Ok(Size(bytes)),
            None => Err(InvalidSize::TooLarge),
        }
    }
}

impl fmt::Display for Size {
    /// In the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, bytes)| self.0.is_multiple_of(*bytes)) {
            Some((unit, bytes)) => write!(f, "{}{unit}", self.0 / bytes),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size in quotes, like \"500MB\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A whole number and a unit: \"500MB\", \"1GiB\".",
            "pattern": "^[0-9]+(kB|MB|GB|KiB|MiB|GiB)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(text: &str) -> Result<u64, InvalidSize> {
        text.parse::<Size>().map(Size::bytes)
    }

    #[test]
    fn units_are_decimal_or_binary() {
        assert_eq!(bytes("500MB"), Ok(500_000_000));
        assert_eq!(bytes("1kB"), Ok(1000));
        assert_eq!(bytes("2KiB"), Ok(2048));
        assert_eq!(bytes("1GiB"), Ok(1 << 30));
        assert_eq!(bytes("3GB"), Ok(3_000_000_000));
        assert_eq!(bytes("1MiB"), Ok(1 << 20));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["", "500", "MB", "1.5GB", "-1MB", "1 MB", "1mb", "1KB", "1TB", "1MB ", "0x1MB", "١MB"] {
            assert_eq!(bytes(text), Err(InvalidSize::Grammar), "{text:?}");
        }
        assert_eq!(bytes("0MB"), Err(InvalidSize::Zero));
        assert_eq!(bytes("18446744073709551615GB"), Err(InvalidSize::TooLarge));
        assert_eq!(bytes("99999999999999999999999kB"), Err(InvalidSize::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(number in 1..1_000_000_u64, unit in 0..6_usize) {
            let size: Size = format!("{number}{}", UNITS[unit].0).parse().unwrap();
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }

        #[test]
        fn any_text_is_judged(text in "\\PC*") {
            let _ = text.parse::<Size>();
        }
    }
}
