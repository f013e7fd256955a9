//! Files of the image.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::config::model::matcher::Wanted;
use crate::config::model::shape::{self, Either};
use crate::config::model::{Pattern, Size};
use crate::expect::{FileKind, Matcher};

/// A file, folder or link of the image. Links are followed, unless `type = "symlink"` or `link` asks for the link itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    /// What reports call it: `"has its certificates"`. Default: the path.
    pub name: Option<String>,
    /// Its absolute path in the image: `"/etc/ssl/certs"`. Required.
    #[schemars(required)]
    pub path: Option<String>,
    /// Whether it must be there. Default: `true`.
    pub exists: Option<bool>,
    /// Its permissions, octal digits in quotes: `"0644"`. Default: any.
    pub mode: Option<String>,
    /// The name of its owner, by the image's `/etc/passwd`: `"app"`. Default: any.
    pub owner: Option<String>,
    /// The name of its group, by the image's `/etc/group`: `"app"`. Default: any.
    pub group: Option<String>,
    /// The number of its owner: `1000`. Default: any.
    pub uid: Option<u32>,
    /// The number of its group: `1000`. Default: any.
    pub gid: Option<u32>,
    /// How large it is: bytes, or a table: `{ at-most = "10MB" }`, `{ at-least = 1 }`. Default: any.
    pub size: Option<FileSize>,
    /// What it is. Default: anything.
    #[serde(rename = "type")]
    pub kind: Option<FileType>,
    /// A regular expression that must be found in it: `'^root:'`; or a table of what it must be like:
    /// `{ contains = "ok" }`. Default: anything.
    pub content: Option<Wanted<Pattern>>,
    /// The SHA-256 of its content, 64 hex digits. Default: any.
    pub sha256: Option<String>,
    /// Where it leads, as the link has it: `"/proc/mounts"`; or a table of what that must be like. Default: anywhere.
    pub link: Option<Wanted<String>>,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum FileType {
    File,
    Directory,
    Symlink,
    BlockDevice,
    CharacterDevice,
    Fifo,
    Socket,
}

impl From<FileType> for FileKind {
    fn from(kind: FileType) -> FileKind {
        match kind {
            FileType::File => FileKind::File,
            FileType::Directory => FileKind::Directory,
            FileType::Symlink => FileKind::Symlink,
            FileType::BlockDevice => FileKind::BlockDevice,
            FileType::CharacterDevice => FileKind::CharacterDevice,
            FileType::Fifo => FileKind::Fifo,
            FileType::Socket => FileKind::Socket,
        }
    }
}

/// How large a file is: exactly so many bytes, or within bounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FileSize {
    /// Exactly.
    Exactly(Bytes),
    /// Within bounds, of which one is given at least.
    Within(SizeBounds),
}

/// The bounds of a size, both included.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SizeBounds {
    /// The most: `"10MB"`, or a number of bytes.
    pub at_most: Option<Bytes>,
    /// The least: `"1kB"`, or a number of bytes.
    pub at_least: Option<Bytes>,
}

impl FileSize {
    /// What it asks for, in bytes.
    pub fn matcher(&self) -> Matcher {
        match self {
            FileSize::Exactly(bytes) => Matcher::Equals(bytes.get().into()),
            FileSize::Within(SizeBounds { at_most, at_least }) => {
                let most = at_most.map(|bytes| Matcher::AtMost(bytes.number()));
                let least = at_least.map(|bytes| Matcher::AtLeast(bytes.number()));
                match (most, least) {
                    (Some(one), None) | (None, Some(one)) => one,
                    (most, least) => Matcher::All(least.into_iter().chain(most).collect()),
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for FileSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match shape::value_or_table(deserializer)? {
            Either::Value(bytes) => Ok(FileSize::Exactly(bytes)),
            Either::Table(SizeBounds { at_most: None, at_least: None }) => {
                Err(D::Error::custom("an empty table asks for nothing: write `at-most` or `at-least` in it"))
            }
            Either::Table(bounds) => Ok(FileSize::Within(bounds)),
        }
    }
}

impl JsonSchema for FileSize {
    fn schema_name() -> Cow<'static, str> {
        "FileSize".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (bytes, bounds) = (generator.subschema_for::<Bytes>(), generator.subschema_for::<SizeBounds>());
        json_schema!({ "anyOf": [bytes, bounds] })
    }
}

/// So many bytes: a whole number, or a size with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// Written as a number.
    Number(u64),
    /// Written with a unit.
    Size(Size),
}

impl Bytes {
    /// The number of bytes.
    pub const fn get(self) -> u64 {
        match self {
            Bytes::Number(number) => number,
            Bytes::Size(size) => size.bytes(),
        }
    }

    /// The same for comparisons. Exact below 8 PiB.
    pub const fn number(self) -> f64 {
        self.get() as f64
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Bytes::Number(number) => serializer.serialize_u64(*number),
            Bytes::Size(size) => size.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrSize;
        impl Visitor<'_> for NumberOrSize {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes, or a size like \"10MB\"")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Bytes, E> {
                let negative = |_| E::invalid_value(de::Unexpected::Signed(number), &self);
                u64::try_from(number).map(Bytes::Number).map_err(negative)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Bytes, E> {
                Ok(Bytes::Number(number))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                text.parse().map(Bytes::Size).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(NumberOrSize)
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let size = generator.subschema_for::<Size>();
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 0 }, size] })
    }
}
