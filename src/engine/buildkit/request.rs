//! What the builder is told to do.

use std::collections::{BTreeMap, HashMap};

use bollard_buildkit_proto::moby::buildkit::v1::{CacheOptions, CacheOptionsEntry, SolveRequest};
use serde_json::{Value, json};

use super::progress::StageLine;
use super::session::{Agent, Secret};
use crate::context::SentEntry;
use crate::engine::BuildRequest;
use crate::error::{Error, Kind, Result};

/// A build by BuildKit, apart from its context: what every builder is told, and what only this one can.
pub struct BuildKitRequest {
    /// What every builder is told.
    pub build: BuildRequest,
    /// The name that the image gets in the engine, tag included; none leaves it without.
    pub name: Option<String>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// `registry`, `local`, `gha`, `inline`.
    pub kind: String,
    /// Its attributes: `ref`, `mode`.
    pub attributes: BTreeMap<String, String>,
}

impl BuildKitRequest {
    /// The request as it is sent, for the build `reference` with the session `session`.
    pub(super) fn solve(&self, reference: &str, session: &str) -> Result<SolveRequest> {
        let build = &self.build;
        let mut attributes: HashMap<String, String> = HashMap::new();
        let mut set = |key: String, value: &str| {
            attributes.insert(key, value.to_owned());
        };
        set("filename".to_owned(), &build.dockerfile);
        build.args.iter().for_each(|(name, value)| set(format!("build-arg:{name}"), value));
        build.labels.iter().for_each(|(name, value)| set(format!("label:{name}"), value));
        self.contexts.iter().for_each(|(name, value)| set(format!("context:{name}"), value));
        if !self.cache_from.is_empty() {
            // A frontend takes its caches from here, and passes on none of the request's own.
            let entry = |cache: &Cache| json!({ "Type": cache.kind, "Attrs": cache.attributes });
            set(
                "cache-imports".to_owned(),
                &self.cache_from.iter().map(entry).collect::<Value>().to_string(),
            );
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
        let entitlements = match build.network.as_deref() {
            Some("host") => vec!["network.host".to_owned()],
            _ => Vec::new(),
        };
        Ok(SolveRequest {
            r#ref: reference.to_owned(),
            session: session.to_owned(),
            frontend: "dockerfile.v0".to_owned(),
            frontend_attrs: attributes,
            // The engine's own store. Newer builders take these for their list of exporters.
            exporter_deprecated: "moby".to_owned(),
            exporter_attrs_deprecated: self
                .name
                .iter()
                .map(|name| ("name".to_owned(), name.clone()))
                .collect(),
            cache: Some(CacheOptions {
                imports: entries(&self.cache_from),
                exports: entries(&self.cache_to),
                ..CacheOptions::default()
            }),
            entitlements,
            ..SolveRequest::default()
        })
    }
}
