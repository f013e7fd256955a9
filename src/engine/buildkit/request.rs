//! What the builder is told to do.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;

use bollard_buildkit_proto::moby::buildkit::v1::{CacheOptions, CacheOptionsEntry, SolveRequest};
use serde_json::{Value, json};

use super::content::Caches;
use super::progress::StageLine;
use super::session::{Agent, Secret};
use crate::context::SentEntry;
use crate::engine::{BuildRequest, Landing};
use crate::error::{Error, Kind, Result};

/// The entitlement for steps in the host's network.
const HOST_NETWORK: &str = "network.host";

/// A build by BuildKit, apart from its context: what every builder is told, and what only this one can.
pub struct BuildKitRequest {
    /// What every builder is told.
    pub build: BuildRequest,
    /// The name that the image gets in the engine, tag included; none leaves it without. That of a landing counts before it.
    pub name: Option<String>,
    /// Where the image goes that the builder hands over; none where the builder is the engine's, and puts it there itself.
    pub landing: Option<Landing>,
    /// Runs with the same key share what the builder keeps of their files. Whoever can write into a key's files can make
    /// others build with them, as far as hashes collide, so trust is part of it.
    pub shared_key: String,
    /// The times that files are sent with.
    pub times: FileTimes,
    /// For `RUN --mount=type=secret`, by id.
    pub secrets: BTreeMap<String, Secret>,
    /// For `RUN --mount=type=ssh`, by id.
    pub agents: BTreeMap<String, Agent>,
    /// Further contexts by name: `docker-image://…`, or the URL of a git repository or an archive.
    pub contexts: BTreeMap<String, String>,
    /// Caches to begin with: `type=registry,ref=…`, as pairs with the type.
    pub cache_from: Vec<Cache>,
    /// Caches to fill.
    pub cache_to: Vec<Cache>,
    /// `SOURCE_DATE_EPOCH`: the time that the image and its history are said to be of, unix seconds. Builders before 0.11
    /// pass over it.
    pub source_date_epoch: Option<i64>,
    /// Whether files in layers that are newer than that get that time. Needs a landing, and a builder from 0.13 on.
    pub rewrite_timestamp: bool,
    /// What the build may do beyond what every build may: `network.host`, `security.insecure`.
    pub entitlements: Vec<String>,
    /// The line in the Dockerfile of a step: of a stage by name (`stage-1` for one without, nothing for the only one), its
    /// index and how many the stage has, from 1, and the instruction as it is told.
    pub stage_line: Box<StageLine>,
}

/// The times that files are sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileTimes {
    /// Made of the content: see [`content_time`](crate::context::content_time).
    #[default]
    Content,
    /// The file system's.
    Real,
}

impl FileTimes {
    /// The time of an entry, in nanoseconds since 1970.
    pub(super) fn of(self, entry: &SentEntry<'_>) -> i64 {
        match self {
            FileTimes::Content => entry.content_time(),
            FileTimes::Real => entry.modified,
        }
    }
}

/// A cache outside of the builder.
#[derive(Clone, PartialEq, Eq)]
pub struct Cache {
    /// `registry`, `local`, `gha`, `inline`.
    pub kind: String,
    /// Its attributes: `ref`, `mode`. They may hold secrets.
    pub attributes: BTreeMap<String, String>,
    /// Of a `local` one, the folder of ours, which the builder gets under a name in place of `src` or `dest`.
    pub folder: Option<PathBuf>,
    /// The folder in which that has to be, no link on the way; `None` where it may lie anywhere.
    pub within: Option<PathBuf>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.attributes.keys().collect();
        f.debug_struct("Cache").field("kind", &self.kind).field("attributes", &names).finish_non_exhaustive()
    }
}

impl BuildKitRequest {
    /// The request as it is sent, for the build `reference` with the session `session`.
    pub(super) fn solve(&self, reference: &str, session: &str, caches: &Caches) -> Result<SolveRequest> {
        let build = &self.build;
        let mut attributes: HashMap<String, String> = HashMap::new();
        let mut set = |key: String, value: &str| {
            attributes.insert(key, value.to_owned());
        };
        set("filename".to_owned(), &build.dockerfile);
        if let Some(seconds) = self.source_date_epoch {
            set("build-arg:SOURCE_DATE_EPOCH".to_owned(), &seconds.to_string());
        }
        build.args.iter().for_each(|(name, value)| set(format!("build-arg:{name}"), value));
        build.labels.iter().for_each(|(name, value)| set(format!("label:{name}"), value));
        self.contexts.iter().for_each(|(name, value)| set(format!("context:{name}"), value));
        if !caches.from.is_empty() {
            // A frontend takes its caches from here, and passes on none of the request's own.
            let entry = |cache: &Cache| json!({ "Type": cache.kind, "Attrs": cache.attributes });
            set("cache-imports".to_owned(), &caches.from.iter().map(entry).collect::<Value>().to_string());
        }
        if let Some(target) = &build.target {
            set("target".to_owned(), target);
        }
        if let Some(platform) = &build.platform {
            set("platform".to_owned(), platform);
        }
        if build.no_cache {
            set("no-cache".to_owned(), "");
        }
        set("image-resolve-mode".to_owned(), if build.pull { "pull" } else { "local" });
        match build.network.as_deref() {
            None | Some("" | "default" | "bridge") => {}
            Some(mode @ ("none" | "host")) => set("force-network-mode".to_owned(), mode),
            Some(name) => {
                return Err(Error::new(
                    Kind::Config,
                    format!(
                        "BuildKit runs no step in the network {name}: it has none, the host's and its own"
                    ),
                )
                .hint("write network = \"default\", \"none\" or \"host\", or build with --builder classic"));
            }
        }
        let entries = |caches: &[Cache]| {
            let entry = |cache: &Cache| CacheOptionsEntry {
                r#type: cache.kind.clone(),
                attrs: cache.attributes.clone().into_iter().collect(),
            };
            caches.iter().map(entry).collect()
        };
        let mut entitlements = self.entitlements.clone();
        // Who gives every step the host's network has allowed it.
        if build.network.as_deref() == Some("host") && !entitlements.iter().any(|one| one == HOST_NETWORK) {
            entitlements.push(HOST_NETWORK.to_owned());
        }
        let (exporter, exporter_attributes) = self.exporter();
        Ok(SolveRequest {
            r#ref: reference.to_owned(),
            session: session.to_owned(),
            frontend: "dockerfile.v0".to_owned(),
            frontend_attrs: attributes,
            // Newer builders take these for their list of exporters.
            exporter_deprecated: exporter.to_owned(),
            exporter_attrs_deprecated: exporter_attributes,
            cache: Some(CacheOptions {
                imports: entries(&caches.from),
                exports: entries(&caches.to),
                ..CacheOptions::default()
            }),
            entitlements,
            ..SolveRequest::default()
        })
    }

    /// What becomes of the image: the engine's own store, or an archive for the session.
    fn exporter(&self) -> (&'static str, HashMap<String, String>) {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        match &self.landing {
            None => ("moby", self.name.iter().map(|name| pair("name", name)).collect()),
            Some(landing) => {
                let mut attributes = HashMap::from([pair("name", landing.name())]);
                if self.rewrite_timestamp {
                    attributes.extend([pair("rewrite-timestamp", "true")]);
                }
                ("docker", attributes)
            }
        }
    }
}
