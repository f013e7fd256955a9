//! What runs and listens in the container.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use crate::config::model::matcher::Wanted;
use crate::config::model::shape::{self, Either};
use crate::config::model::{Period, Port};

/// A port of the container: its number, or a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ListeningPort {
    /// It listens on all addresses, by TCP.
    Number(Port),
    /// More exactly.
    Table(PortTable),
}

/// A port of the container, judged by the sockets of its network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "ListeningPortTable")]
pub struct PortTable {
    /// The port inside the container: `8080`. Required.
    #[schemars(required)]
    pub port: Option<Port>,
    /// The protocol, over IPv4 or IPv6. Default: `"tcp"`.
    pub protocol: Option<Protocol>,
    /// Whether something must listen, or nothing may. Default: `true`.
    pub listening: Option<bool>,
    /// Whether it must listen on all addresses, so that others can reach it; `false` takes loopback, too. Default: `true`.
    pub everywhere: Option<bool>,
    /// How long to wait for it: `"5s"`. Default: `"10s"`.
    pub within: Option<Period>,
}

/// A protocol with ports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Protocol {
    #[default]
    Tcp,
    Udp,
}

impl ListeningPort {
    /// As a table.
    pub fn table(&self) -> PortTable {
        match self {
            ListeningPort::Number(port) => PortTable { port: Some(*port), ..PortTable::default() },
            ListeningPort::Table(table) => table.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for ListeningPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match shape::value_or_table(deserializer)? {
            Either::Value(port) => ListeningPort::Number(port),
            Either::Table(table) => ListeningPort::Table(table),
        })
    }
}

impl JsonSchema for ListeningPort {
    fn schema_name() -> Cow<'static, str> {
        "ListeningPort".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (port, table) = (generator.subschema_for::<Port>(), generator.subschema_for::<PortTable>());
        json_schema!({ "anyOf": [port, table] })
    }
}

/// Processes of the container: their name, or a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Process {
    /// One of them runs.
    Name(String),
    /// More exactly.
    Table(ProcessTable),
}

/// Processes of one name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProcessTable {
    /// The name of the executable, as the kernel has it, 15 bytes at most: `"nginx"`. Required.
    #[schemars(required)]
    pub name: Option<String>,
    /// How many run: `3`, or a table: `{ at-least = 2 }`. Default: any number.
    pub count: Option<Wanted<u32>>,
    /// The number of the user whom each of them runs as: `101`. Default: any.
    pub uid: Option<u32>,
    /// Whether one runs. Default: `true` where `count` does not say it.
    pub running: Option<bool>,
}

impl Process {
    /// As a table.
    pub fn table(&self) -> ProcessTable {
        match self {
            Process::Name(name) => ProcessTable { name: Some(name.clone()), ..ProcessTable::default() },
            Process::Table(table) => table.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Process {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match shape::value_or_table(deserializer)? {
            Either::Value(name) => Process::Name(name),
            Either::Table(table) => Process::Table(table),
        })
    }
}

impl JsonSchema for Process {
    fn schema_name() -> Cow<'static, str> {
        "Process".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<ProcessTable>();
        json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}
