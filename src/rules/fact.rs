//! Something that has to be fetched before rules can judge by it.

use serde::{Deserialize, Deserializer};

/// A fact, or why it is missing. A rule whose fact is missing is skipped with that reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// It was fetched.
    Known(T),
    /// It was not, and why: a fragment that follows "not checked: ".
    Missing(String),
}

impl<T> Fact<T> {
    /// The value, or the reason.
    pub fn as_ref(&self) -> Result<&T, &str> {
        match self {
            Fact::Known(value) => Ok(value),
            Fact::Missing(why) => Err(why),
        }
    }
}

/// A fact that is written down is known.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fact<T>, D::Error> {
        T::deserialize(deserializer).map(Fact::Known)
    }
}
