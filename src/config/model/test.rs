//! `[[image.test]]`: what an image must do before it is pushed.

mod command;
mod configuration;
mod file;
mod http;
mod network;
mod service;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shape::OneOrMore;
use super::{Pattern, Period, Port, Size};

pub use self::http::{Body, BodyLike, Http, Method};
pub use command::{CommandLine, Exec, Run};
pub use configuration::{Configuration, Exposed};
pub use file::{File, FileSize, FileType};
pub use network::{ListeningPort, Process, Protocol};
pub use service::{Mount, Service};

/// `[[image.test]]`: a container that is started, waited for, asked, and removed; or, where nothing of it needs one that
/// runs, looks into the image alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Test {
    /// What reports call it. Default: `"test-1"` for the first, and so on.
    pub name: Option<String>,
    /// When the container counts as started. Where several things are asked for, all of them must hold.
    #[serde(default, deserialize_with = "super::shape::table")]
    pub ready: Option<Ready>,
    /// Requests that the ready container must answer: `[{ path = "/healthz", port = 8080 }]`.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub http: Option<Vec<Http>>,
    /// Commands that are run in the ready container: `[{ cmd = ["api", "--version"] }]`.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub run: Option<Vec<Run>>,
    /// Files, folders and links of the image: `[{ path = "/app/api", mode = "0755" }]`. They are looked at without
    /// starting anything.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub files: Option<Vec<File>>,
    /// Ports on which the ready container must listen, on all of its addresses: `[8080]`, or tables:
    /// `[{ port = 53, protocol = "udp" }]`.
    pub ports: Option<Vec<ListeningPort>>,
    /// Processes that must run in the ready container: `["nginx"]`, or tables: `[{ name = "nginx", count = 3 }]`.
    pub processes: Option<Vec<Process>>,
    /// What the image's configuration must say: `{ user = "app", env = { LANG = "C.UTF-8" } }`.
    #[serde(default, deserialize_with = "super::shape::table")]
    pub image: Option<Configuration>,
    /// Commands on this machine, with the ready container's address in their environment:
    /// `[{ cmd = ["pytest", "-q"] }]`.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub exec: Option<Vec<Exec>>,
    /// Other containers that the test needs, started before its own, in this order:
    /// `[{ image = "postgres:17", alias = "db" }]`.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub services: Option<Vec<Service>>,
    /// The container's environment, added to the image's own: `{ DATABASE_URL = "sqlite::memory:" }`.
    pub env: Option<BTreeMap<String, String>>,
    /// Replaces the image's CMD: `["serve", "--port", "8080"]`. Default: the image's own.
    pub cmd: Option<CommandLine>,
    /// Who the container runs as, `"1000:1000"` or a name of the image. Default: as the image says.
    pub user: Option<String>,
    /// Files, folders and temporary file systems for the container: `[{ bind = "./testdata:/data:ro" }]`.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub mounts: Option<Vec<Mount>>,
    /// The container's network: `"none"`, `"host"`, or the name of a network on the engine. Default: a network of the
    /// run's own.
    pub network: Option<String>,
    /// The container's root file system cannot be written. Default: `false`.
    pub read_only: Option<bool>,
    /// The most memory that the container may use: `"512MB"`. Default: the limit of all tests.
    pub memory: Option<Size>,
    /// The container does its work and ends with exit code 0, instead of staying up. Default: `true` where `image.kind`
    /// is `"job"` and nothing is asked of a container that stays up.
    pub job: Option<bool>,
    /// The longest that the whole test may take, a job's run included: `"90s"`. Default: `"5m"`.
    pub within: Option<Period>,
}

impl Test {
    /// The keys that are for a container that stays up, and whether each asks for something.
    pub(in crate::config) fn of_services(&self) -> [(&'static str, bool); 5] {
        [
            ("ready", self.ready.is_some()),
            ("http", has_any(&self.http)),
            ("ports", has_any(&self.ports)),
            ("processes", has_any(&self.processes)),
            ("exec", has_any(&self.exec)),
        ]
    }

    /// Whether a command is to be run in the container of the test.
    pub(in crate::config) fn runs_inside(&self) -> bool {
        self.run.iter().flatten().any(|run| run.fresh != Some(true))
    }

    /// Whether all that it asks can be seen without the container of the test.
    pub(in crate::config) fn needs_no_start(&self) -> bool {
        let starts = self.of_services().iter().any(|(_, is_set)| *is_set)
            || self.runs_inside()
            || self.job.is_some()
            || has_any(&self.services);
        let looks = has_any(&self.files) || self.image.is_some() || has_any(&self.run);
        looks && !starts
    }
}

fn has_any<T>(list: &Option<Vec<T>>) -> bool {
    list.as_ref().is_some_and(|list| !list.is_empty())
}

/// `ready = { … }`: when a container counts as started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ready {
    /// `true`: it must be reported healthy, and an image without HEALTHCHECK fails. `false`: its HEALTHCHECK does not
    /// matter. Default: where nothing else is asked for, healthy if the image has a HEALTHCHECK, else still running after
    /// `settle`.
    pub healthcheck: Option<bool>,
    /// An answer that must come: `{ path = "/healthz", port = 8080 }`.
    #[serde(default, deserialize_with = "super::shape::table")]
    pub http: Option<Http>,
    /// Must be found in a line of its log: `'listening on'`.
    pub log: Option<Pattern>,
    /// A TCP port that must listen, or several: `8080`, `[8080, 9090]`.
    pub port: Option<OneOrMore<Port>>,
    /// The longest to wait for all of that: `"30s"`. Default: `"60s"`.
    pub within: Option<Period>,
    /// How long the container must stay up where nothing else decides: `"5s"`. Default: `"3s"`.
    pub settle: Option<Period>,
}
