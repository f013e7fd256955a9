//! `[deploy.NAME]`: a container that an image is deployed as.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::shape::{self, Either};
use super::{CommandLine, Http, Number, Period, Ready, Size};

/// `[deploy.NAME]`: one container on a host, or a service of a Docker Swarm, and how a new image takes the place of the one
/// that runs. On a pull request this table is the base branch's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deploy {
    /// What is deployed where the command names nothing else: `"ghcr.io/acme/web:1"`. A tag or a digest alone on the command
    /// line is one of this repository. Required.
    #[schemars(required)]
    pub image: Option<String>,
    /// The container's name, or the service's: `"web"`. Default: the name of this table.
    pub container: Option<String>,
    /// Deploy a service of the Docker Swarm whose manager the engine is, in place of a container: `true`. Its tasks are
    /// judged by the image's HEALTHCHECK; `http`, `preflight` and `keep` are for containers. Default: `false`.
    pub service: Option<bool>,
    /// Of a service: how many tasks run: `3`. Default: `1`.
    pub replicas: Option<u32>,
    /// Of a service: how many tasks are replaced at a time: `2`. Default: `1`.
    pub parallelism: Option<u32>,
    /// Of a service: `"start-first"` starts a new task beside the old one and stops that once the new one is healthy,
    /// `"stop-first"` stops the old one before. Default: `"start-first"` where the two share no port of a node and no mount that they
    /// can write to, else `"stop-first"`.
    pub order: Option<Order>,
    /// Of a service: how its `ports` are published. `"ingress"` takes them on every node and spreads what comes over all
    /// tasks, `"host"` on the nodes on which a task runs alone, of which each has one at most. Default: `"ingress"`.
    pub publish: Option<Publish>,
    /// Replaces the image's CMD: `["serve", "--port", "8080"]`. Default: the image's own.
    pub cmd: Option<CommandLine>,
    /// Ports of the host and the container's that each leads to: `["80:8080", "127.0.0.1:9000:9000", "53:53/udp"]`. With a
    /// port of the host the old container has to stop before the new one starts; without any, behind a proxy that knows it
    /// by an alias, there is no gap. Default: none.
    pub ports: Option<Vec<String>>,
    /// The container's environment, added to the image's own: `{ LOG = "info", DB_PASSWORD = { env = "DB_PASSWORD" },
    /// API_KEY = { file = "/run/secrets/api-key" } }`. Values from a variable or a file are of the machine that imgbuild runs
    /// on, and are never shown.
    pub env: Option<BTreeMap<String, EnvValue>>,
    /// Volumes, files and temporary file systems: `[{ volume = "data:/data" }, { bind = "/etc/web:/config:ro" }]`.
    #[serde(default, deserialize_with = "shape::tables")]
    pub mounts: Option<Vec<HostMount>>,
    /// Networks of the host, each by its name, or with the names that the container has there: `["backend", { name = "proxy",
    /// aliases = ["web"] }]`. Default: the engine's own bridge.
    pub networks: Option<Vec<Joined>>,
    /// When the engine starts it again: `"no"`, `"always"`, `"unless-stopped"`, `"on-failure"` or `"on-failure:3"`. Default:
    /// `"unless-stopped"`.
    pub restart: Option<String>,
    /// The most memory that it may use: `"512MB"`. Default: no limit.
    pub memory: Option<Size>,
    /// The most of the host's processors that it may use: `1.5`. Default: no limit.
    pub cpus: Option<Number>,
    /// The most processes and threads that it may have: `200`. Default: no limit.
    pub pids: Option<u32>,
    /// Who it runs as, `"1000:1000"` or a name of the image. Default: as the image says.
    pub user: Option<String>,
    /// Its root file system cannot be written. Default: `false`.
    pub read_only: Option<bool>,
    /// When it counts as started. Where several things are asked for, all of them must hold.
    #[serde(default, deserialize_with = "shape::table")]
    pub ready: Option<Ready>,
    /// Requests that it must answer before it takes over, and again at the end of `watch`: `[{ path = "/healthz", port = 8080 }]`.
    #[serde(default, deserialize_with = "shape::tables")]
    pub http: Option<Vec<Http>>,
    /// How long a container that is stopped gets to end by itself: `"30s"`. Default: `"10s"`.
    pub grace: Option<Period>,
    /// How long the new container is watched once it is ready: `"1m"`. Default: `"15s"`.
    pub watch: Option<Period>,
    /// How many images stay on the host to go back to, the one that runs among them: `5`. Default: `3`.
    pub keep: Option<u32>,
    /// Whether the new image is tried beside the one that runs, without ports of the host and without aliases, before anything
    /// is stopped. Default: `true` where it can write to no mount that the other one has, and is not on the host's network.
    pub preflight: Option<bool>,
    /// Commands before anything is stopped, one after the other: `[{ cmd = ["./dump.sh"] }, { cmd = ["migrate"], inside =
    /// true }]`. Where one fails, nothing is swapped.
    #[serde(default, deserialize_with = "shape::tables")]
    pub before: Option<Vec<Before>>,
    /// Labels that the image must carry: `{ "org.opencontainers.image.title" = "web" }`. Default: none.
    pub labels: Option<BTreeMap<String, String>>,
    /// Which images may run here: `"release"` are those that imgbuild built in a CI from a clean commit, `"any"` takes
    /// whatever is named. Default: `"release"`.
    pub accept: Option<Accept>,
}

/// Which of two tasks of a service goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The new one starts.
    StartFirst,
    /// The old one stops.
    StopFirst,
}

/// Where ports of a service are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Publish {
    /// On every node.
    Ingress,
    /// On nodes with a task.
    Host,
}

/// Which images may be deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Accept {
    /// Those of a clean commit, built in a CI.
    Release,
    /// All.
    Any,
}

/// A file, a volume or a temporary file system of the host for a container: `bind`, `volume` or `tmpfs`, one of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HostMount {
    /// A file or folder of the host that is there, where it is mounted, and `ro` where it must not be written:
    /// `"/etc/web:/config:ro"`.
    pub bind: Option<String>,
    /// A volume of the host, likewise; the engine makes it where there is none: `"data:/data"`.
    pub volume: Option<String>,
    /// Where an empty temporary file system is mounted: `"/scratch"`.
    pub tmpfs: Option<String>,
    /// Options of a `tmpfs`: `"size=16m,mode=1777"`. Default: the engine's.
    pub options: Option<String>,
}

/// A command before the swap.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Before {
    /// The command: `["pg_dump", "-f", "backup.sql"]`, or one string for `/bin/sh`. Required.
    #[schemars(required)]
    pub cmd: Option<CommandLine>,
    /// Run it in a container of the new image, with the environment, mounts and networks of the deployment, in place of
    /// on the machine that imgbuild runs on. Default: `false`.
    pub inside: Option<bool>,
    /// The longest that it may take: `"10m"`. Default: `"5m"`.
    pub within: Option<Period>,
}

/// The value of a variable: text, or a table that says where it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EnvValue {
    /// As it stands.
    Text(String),
    /// Elsewhere.
    From(EnvSource),
}

/// Where the value of a variable is: `env` or `file`, one of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvSource {
    /// A variable of imgbuild's own environment: `"DB_PASSWORD"`.
    pub env: Option<String>,
    /// A file of the machine that imgbuild runs on; a line feed at its end is left out: `"/run/secrets/db"`.
    pub file: Option<PathBuf>,
}

impl<'de> Deserialize<'de> for EnvValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source: EnvSource = match shape::value_or_table(deserializer)? {
            Either::Value(text) => return Ok(EnvValue::Text(text)),
            Either::Table(source) => source,
        };
        if source.env.is_some() == source.file.is_some() {
            return Err(D::Error::custom("a value is text, or it has either `env` or `file`"));
        }
        Ok(EnvValue::From(source))
    }
}

impl JsonSchema for EnvValue {
    fn schema_name() -> Cow<'static, str> {
        "EnvValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<EnvSource>();
        json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}

/// A network that a container is in: its name, or a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Joined {
    /// Without a name of the container's own there.
    Name(String),
    /// With some.
    As(JoinedAs),
}

/// A network, and what the container is called there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct JoinedAs {
    /// The network's name. Required.
    #[schemars(required)]
    pub name: Option<String>,
    /// Names of the container there, beside its own: `["web"]`. Default: none.
    pub aliases: Option<Vec<String>>,
}

impl Joined {
    /// The network's name and the container's aliases there; no name where a table forgot it.
    pub fn parts(&self) -> (Option<&String>, &[String]) {
        match self {
            Joined::Name(name) => (Some(name), &[]),
            Joined::As(table) => (table.name.as_ref(), table.aliases.as_deref().unwrap_or_default()),
        }
    }
}

impl<'de> Deserialize<'de> for Joined {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match shape::value_or_table(deserializer)? {
            Either::Value(name) => Joined::Name(name),
            Either::Table(table) => Joined::As(table),
        })
    }
}

impl JsonSchema for Joined {
    fn schema_name() -> Cow<'static, str> {
        "Joined".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<JoinedAs>();
        json_schema!({ "anyOf": [{ "type": "string" }, table] })
    }
}
