//! What a value must be like, as it is written: the value itself, or a table.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shape::{self, Either};
use super::{Number, Pattern};
use crate::expect::Matcher;

/// What a value means that stands where a table of what is wanted could stand.
pub trait Bare {
    /// What it asks for.
    fn matcher(&self) -> Matcher;
    /// Its schema's name, which tells the tables apart.
    const NAME: &'static str;
}

/// A value, with the meaning of `T`; or a table of what must all hold. The table is never empty.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Wanted<T> {
    /// The value alone.
    Bare(T),
    /// More exactly.
    Like(Box<Like<T>>),
}

/// What a value must be like: all keys that are given hold. Text is compared byte by byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", bound(deserialize = "T: Bare + Deserialize<'de>"))]
#[schemars(rename = "{T}Like", bound = "T: JsonSchema + Bare")]
pub struct Like<T> {
    /// It is exactly this one.
    pub equals: Option<Literal>,
    /// This text occurs in it.
    pub contains: Option<String>,
    /// This regular expression occurs in it.
    pub matches: Option<Pattern>,
    /// It begins with this text.
    pub prefix: Option<String>,
    /// It ends with this text.
    pub suffix: Option<String>,
    /// It is a number, or text that is one, below this one.
    pub less: Option<Number>,
    /// It is a number, at most this one.
    pub at_most: Option<Number>,
    /// It is a number above this one.
    pub greater: Option<Number>,
    /// It is a number, at least this one.
    pub at_least: Option<Number>,
    /// It is not like this, a value or a table again.
    pub not: Option<Wanted<T>>,
    /// It is like one of these at least.
    pub any: Option<Vec<Wanted<T>>>,
    /// It is like each of these.
    pub all: Option<Vec<Wanted<T>>>,
}

impl<T: Bare> Wanted<T> {
    /// What it asks for.
    pub fn matcher(&self) -> Matcher {
        match self {
            Wanted::Bare(value) => value.matcher(),
            Wanted::Like(like) => one_of_all(like.matchers()),
        }
    }
}

impl<T: Bare> Like<T> {
    /// One matcher for each key that is given.
    pub fn matchers(&self) -> Vec<Matcher> {
        let each = |list: &Vec<Wanted<T>>| list.iter().map(Wanted::matcher).collect();
        [
            self.equals.clone().map(|literal| Matcher::Equals(literal.0)),
            self.contains.clone().map(Matcher::Contains),
            self.matches.as_ref().map(|pattern| Matcher::Matches(pattern.get().clone())),
            self.prefix.clone().map(Matcher::Prefix),
            self.suffix.clone().map(Matcher::Suffix),
            self.less.map(|number| Matcher::Less(number.get())),
            self.at_most.map(|number| Matcher::AtMost(number.get())),
            self.greater.map(|number| Matcher::Greater(number.get())),
            self.at_least.map(|number| Matcher::AtLeast(number.get())),
            self.not.as_ref().map(|wanted| Matcher::Not(Box::new(wanted.matcher()))),
            self.any.as_ref().map(|list| Matcher::Any(each(list))),
            self.all.as_ref().map(|list| Matcher::All(each(list))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Why it asks for nothing, or for what nothing fits.
    pub(super) fn says_something(&self) -> Result<(), &'static str> {
        let empty = |list: &Option<Vec<Wanted<T>>>| list.as_ref().is_some_and(Vec::is_empty);
        if self.matchers().is_empty() {
            return Err("an empty table asks for nothing: write `equals`, `contains`, `matches` … in it");
        }
        match empty(&self.any) || empty(&self.all) {
            true => Err("an empty list asks for nothing"),
            false => Ok(()),
        }
    }
}

impl<T> Default for Like<T> {
    fn default() -> Self {
        Like {
            equals: None,
            contains: None,
            matches: None,
            prefix: None,
            suffix: None,
            less: None,
            at_most: None,
            greater: None,
            at_least: None,
            not: None,
            any: None,
            all: None,
        }
    }
}

/// Several that must all hold, as one.
fn one_of_all(mut matchers: Vec<Matcher>) -> Matcher {
    match matchers.pop() {
        Some(only) if matchers.is_empty() => only,
        last => Matcher::All(matchers.into_iter().chain(last).collect()),
    }
}

impl<'de, T: Bare + Deserialize<'de>> Deserialize<'de> for Wanted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let like: Like<T> = match shape::value_or_table(deserializer)? {
            Either::Value(value) => return Ok(Wanted::Bare(value)),
            Either::Table(like) => like,
        };
        like.says_something().map_err(D::Error::custom)?;
        Ok(Wanted::Like(Box::new(like)))
    }
}

impl<T: Bare + JsonSchema> JsonSchema for Wanted<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Wanted", T::NAME).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (value, table) = (generator.subschema_for::<T>(), generator.subschema_for::<Like<T>>());
        json_schema!({ "anyOf": [value, table] })
    }
}

impl Bare for Pattern {
    const NAME: &'static str = "Pattern";

    fn matcher(&self) -> Matcher {
        Matcher::Matches(self.get().clone())
    }
}

impl Bare for String {
    const NAME: &'static str = "Text";

    fn matcher(&self) -> Matcher {
        Matcher::Equals(self.as_str().into())
    }
}

impl Bare for u32 {
    const NAME: &'static str = "Count";

    fn matcher(&self) -> Matcher {
        Matcher::Equals((*self).into())
    }
}

/// Text that must occur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Part(pub String);

impl Bare for Part {
    const NAME: &'static str = "Part";

    fn matcher(&self) -> Matcher {
        Matcher::Contains(self.0.clone())
    }
}

/// Any value that TOML can write, compared as a whole: text, numbers, true and false, lists; a table only where it is not
/// taken for one of wishes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Literal(pub Value);

impl Bare for Literal {
    const NAME: &'static str = "Value";

    fn matcher(&self) -> Matcher {
        Matcher::Equals(self.0.clone())
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        // What JSON has no number for.
        if has_null(&value) {
            return Err(D::Error::custom("a number must be finite"));
        }
        Ok(Literal(value))
    }
}

/// TOML has no null, and is nested less deeply than its reader allows.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().any(has_null),
        Value::Object(table) => table.values().any(has_null),
        _ => false,
    }
}

impl JsonSchema for Literal {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Any value, compared as a whole.",
            "type": ["string", "number", "boolean", "array", "object"],
        })
    }
}

/// What a variable, label or header must be: `false` where it must not be there, `true` where any value will do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Entry {
    /// Whether it must be there.
    There(bool),
    /// Its value.
    Like(Wanted<String>),
}

impl Entry {
    /// What it asks for, where what is absent is null.
    pub fn matcher(&self) -> Matcher {
        let absent = Matcher::Equals(Value::Null);
        match self {
            Entry::There(false) => absent,
            Entry::There(true) => Matcher::Not(Box::new(absent)),
            Entry::Like(wanted) => wanted.matcher(),
        }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match shape::bool_or(deserializer)? {
            Either::Value(there) => Ok(Entry::There(there)),
            Either::Table(wanted) => Ok(Entry::Like(wanted)),
        }
    }
}

impl JsonSchema for Entry {
    fn schema_name() -> Cow<'static, str> {
        "Entry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let wanted = generator.subschema_for::<Wanted<String>>();
        json_schema!({
            "description": "Its value, or what it must be like; false: it is not there; true: it is, with any value.",
            "anyOf": [{ "type": "boolean" }, wanted],
        })
    }
}
