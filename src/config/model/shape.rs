//! Shapes that values have in the file. A table is a table: serde would also take a list with one element per key, which
//! nobody means.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// For `deserialize_with`: a table, and nothing else.
pub(super) fn table<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Table(PhantomData).deserialize(deserializer).map(Some)
}

/// For `deserialize_with`: a list of tables, and nothing else.
pub(super) fn tables<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(Tables(PhantomData)).map(Some)
}

struct Table<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Table<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Table<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}

/// For `deserialize_with`: tables by name, and nothing else.
pub(super) fn named_tables<'de, D, T>(deserializer: D) -> Result<Option<BTreeMap<String, T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_map(NamedTables(PhantomData)).map(Some)
}

struct NamedTables<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NamedTables<T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tables by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut tables = BTreeMap::new();
        while let Some(name) = map.next_key()? {
            tables.insert(name, map.next_value_seed(Table(PhantomData))?);
        }
        Ok(tables)
    }
}

struct Tables<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Tables<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tables")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut tables = Vec::new();
        while let Some(table) = list.next_element_seed(Table(PhantomData))? {
            tables.push(table);
        }
        Ok(tables)
    }
}

/// A value of one type or of another.
pub(super) enum Either<V, T> {
    /// What is no table, or, for [`bool_or`], a boolean.
    Value(V),
    /// The other.
    Table(T),
}

/// A `V` where it is written as anything but a table, else a `T`.
pub(super) fn value_or_table<'de, D, V, T>(deserializer: D) -> Result<Either<V, T>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
    T: Deserialize<'de>,
{
    struct Any<V, T>(PhantomData<(V, T)>);
    impl<'de, V: Deserialize<'de>, T: Deserialize<'de>> Visitor<'de> for Any<V, T> {
        type Value = Either<V, T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value or a table")
        }
        fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
            V::deserialize(value.into_deserializer()).map(Either::Value)
        }
        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
            V::deserialize(value.into_deserializer()).map(Either::Value)
        }
        fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
            V::deserialize(value.into_deserializer()).map(Either::Value)
        }
        fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
            V::deserialize(value.into_deserializer()).map(Either::Value)
        }
        fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
            V::deserialize(value.into_deserializer()).map(Either::Value)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            V::deserialize(SeqAccessDeserializer::new(list)).map(Either::Value)
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Either::Table)
        }
    }
    deserializer.deserialize_any(Any(PhantomData))
}

/// A boolean, or a `T`, which is text or a table.
pub(super) fn bool_or<'de, D, T>(deserializer: D) -> Result<Either<bool, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Any<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<T> {
        type Value = Either<bool, T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text in quotes, a table, true or false")
        }
        fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
            Ok(Either::Value(value))
        }
        fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
            T::deserialize(value.into_deserializer()).map(Either::Table)
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Either::Table)
        }
    }
    deserializer.deserialize_any(Any(PhantomData))
}

/// One value, or a list of at least one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum OneOrMore<T> {
    /// Written as a value.
    One(T),
    /// Written as a list; not empty.
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    /// All of them.
    pub fn as_slice(&self) -> &[T] {
        match self {
            OneOrMore::One(one) => std::slice::from_ref(one),
            OneOrMore::More(list) => list,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<T> {
            type Value = OneOrMore<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value, or a list of them")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                T::deserialize(value.into_deserializer()).map(OneOrMore::One)
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                T::deserialize(value.into_deserializer()).map(OneOrMore::One)
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                T::deserialize(value.into_deserializer()).map(OneOrMore::One)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                if values.is_empty() {
                    return Err(de::Error::custom("an empty list asks for nothing"));
                }
                Ok(OneOrMore::More(values))
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMore<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrMore", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}
