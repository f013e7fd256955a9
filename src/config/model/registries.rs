//! `[registries]`: where images go, by role.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

/// `[registries]`: each role is a prefix that `image.repository` is joined to, or a table. Without any role,
/// `image.repository` is a full name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Registries {
    /// Where developers may push: `imgbuild build --push always`. Default: none.
    pub sandbox: Option<RoleEntry>,
    /// Where only CI pushes, and what every build of a commit goes to: `"ghcr.io/acme-int"`. Default: none.
    pub integration: Option<RoleEntry>,
    /// Where only promotion puts images: `{ prefix = "ghcr.io/acme", immutable = true }`. Default: none.
    pub release: Option<RoleEntry>,
    /// Registries that are reached over plain HTTP, where everybody on the way reads along, credentials too: host, and
    /// port where it has one, as in the names of images: `["registry.lan:5000"]`. Loopback always is.
    /// `IMGBUILD_INSECURE_REGISTRIES` adds to these. Default: none.
    pub insecure: Option<Vec<String>>,
}

/// One role, written as a prefix or as a table with the prefix in it.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleEntry {
    /// Registry host and path: `ghcr.io/acme`. `None` where a table forgot it, which `check` reports.
    pub prefix: Option<String>,
    /// See the table's key of that name.
    pub immutable: Option<bool>,
}

/// A registry with a role.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RoleTable {
    /// Registry host and path, without a tag: `"ghcr.io/acme"`.
    #[schemars(required)]
    prefix: Option<String>,
    /// A version tag that exists is never moved, not even by a flag. Default: `false`.
    immutable: Option<bool>,
}

impl<'de> Deserialize<'de> for RoleEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringOrTable;
        impl<'de> Visitor<'de> for StringOrTable {
            type Value = RoleEntry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a prefix like \"ghcr.io/acme\", or a table { prefix = …, immutable = … }")
            }
            fn visit_str<E: de::Error>(self, prefix: &str) -> Result<RoleEntry, E> {
                Ok(RoleEntry { prefix: Some(prefix.to_owned()), immutable: None })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RoleEntry, A::Error> {
                let RoleTable { prefix, immutable } =
                    RoleTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RoleEntry { prefix, immutable })
            }
        }
        deserializer.deserialize_any(StringOrTable)
    }
}

impl JsonSchema for RoleEntry {
    fn schema_name() -> Cow<'static, str> {
        "Role".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<RoleTable>();
        schemars::json_schema!({
            "description": "A prefix like \"ghcr.io/acme\", or a table.",
            "anyOf": [{ "type": "string" }, table],
        })
    }
}
