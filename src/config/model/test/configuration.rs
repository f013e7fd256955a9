//! The image's configuration.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use crate::config::model::matcher::{Entry, Wanted};
use crate::config::model::{Port, Size};

/// What the image's configuration must say. Nothing is started for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Configuration {
    /// Its variables: `{ LANG = "C.UTF-8", PATH = { contains = "/app/bin" }, DEBUG = false }`; `false` wants one not to be
    /// set.
    pub env: Option<BTreeMap<String, Entry>>,
    /// Its labels, likewise: `{ "org.opencontainers.image.licenses" = "MIT" }`.
    pub labels: Option<BTreeMap<String, Entry>>,
    /// Its ENTRYPOINT word by word: `["/app/api"]`; an empty list wants none. Default: any.
    pub entrypoint: Option<Vec<String>>,
    /// Its CMD, likewise: `["serve"]`. Default: any.
    pub cmd: Option<Vec<String>>,
    /// Its USER: `"app"`, or a table: `{ not = "root" }`. Default: any.
    pub user: Option<Wanted<String>>,
    /// Its WORKDIR: `"/app"`, or a table. Default: any.
    pub workdir: Option<Wanted<String>>,
    /// Volumes that it must declare: `["/data"]`.
    pub volumes: Option<Vec<String>>,
    /// Ports that it must expose: `[8080, "53/udp"]`.
    pub ports: Option<Vec<Exposed>>,
    /// The largest that it may be, all layers unpacked: `"200MB"`. Default: any size.
    pub max_size: Option<Size>,
}

/// An exposed port: its number, or with its protocol: `"53/udp"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Exposed {
    /// Of any protocol.
    Port(Port),
    /// As it is in EXPOSE.
    Text(String),
}

impl Exposed {
    /// As it is in EXPOSE.
    pub fn text(&self) -> String {
        match self {
            Exposed::Port(port) => port.get().to_string(),
            Exposed::Text(text) => text.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Exposed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;
        impl Visitor<'_> for NumberOrText {
            type Value = Exposed;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a port, or one with its protocol like \"53/udp\"")
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Exposed, E> {
                Port::new(number).map(Exposed::Port).ok_or_else(|| {
                    E::invalid_value(de::Unexpected::Signed(number), &"a port from 1 to 65535")
                })
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Exposed, E> {
                let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
                let is_port = port.bytes().all(|b| b.is_ascii_digit())
                    && port.parse().is_ok_and(|n| Port::new(n).is_some());
                match is_port && matches!(protocol, "tcp" | "udp" | "sctp") {
                    true => Ok(Exposed::Text(text.to_owned())),
                    false => Err(E::custom("not a port: write 8080, or \"53/udp\"")),
                }
            }
        }
        deserializer.deserialize_any(NumberOrText)
    }
}

impl JsonSchema for Exposed {
    fn schema_name() -> Cow<'static, str> {
        "Exposed".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let port = generator.subschema_for::<Port>();
        json_schema!({ "anyOf": [port, { "type": "string", "pattern": "^[0-9]+(/(tcp|udp|sctp))?$" }] })
    }
}
