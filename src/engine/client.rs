//! The connection to an engine: who it is, which API version is spoken, and the limits around every call.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use bollard::{BollardRequest, ClientVersion, Docker};
use http::Method;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Kind, Result};
use crate::image::hex;

use super::dialer::Dialer;
use super::endpoint::Endpoint;
use super::fault::Fault;
use super::insecure::{self, RegistryConfig};
use super::wire::{Plain, Wire, within};

/// The newest API version whose answers this crate was written against (Engine 28.5).
const NEWEST: (u32, u32) = (1, 51);
/// An engine that is alive answers in a millisecond; podman on a machine that has much else to do was seen to take over
/// five seconds.
const PING: Duration = Duration::from_secs(15);
/// The same where each connection is a login on another machine: ssh connects within 30 s, or says why not.
const LOGIN: Duration = Duration::from_secs(40);
/// For calls that do not wait for anything inside a container. Disks of CI machines stall for tens of seconds.
pub(super) const CALL: Duration = Duration::from_secs(120);

/// Which engine this is: stable over restarts, different for two engines of one machine.
///
/// Not the ID that `/info` gives alone: 20.10 reads that from `/etc/docker/key.json`, which every dockerd of a machine
/// shares, and podman makes a new one for each answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EngineId(String);

impl EngineId {
    pub(super) fn new(parts: &[&str]) -> EngineId {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        EngineId(hex(&hash.finalize()).chars().take(24).collect())
    }

    /// Hex digits, fit for a folder's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an engine told about itself while connecting.
#[derive(Debug, Clone)]
pub struct EngineInfo {
    /// The key of its journals.
    pub id: EngineId,
    /// The host name it runs under.
    pub name: String,
    /// `20.10.24+dfsg1`.
    pub version: String,
    /// The version that is sent with each request: the lower of its newest and ours.
    pub api_version: String,
    /// `linux`.
    pub os: String,
    /// As GOARCH names it: `amd64`, `arm64`.
    pub arch: String,
    /// Images live in the containerd store, where an image's id is the digest of a manifest or an index.
    pub containerd_store: bool,
    /// It is podman behind docker's API.
    pub podman: bool,
    /// It runs without root.
    pub rootless: bool,
    /// It offers BuildKit as well, by its ping.
    pub buildkit: bool,
    /// How it stores layers: `overlay2`; empty where it does not say.
    pub driver: String,
    /// The folder of its data, on its own machine.
    pub root: PathBuf,
    /// Memory of its machine, in bytes; 0 where it does not say.
    pub memory_bytes: u64,
    /// A network lies between.
    pub remote: bool,
    /// Its clock at connect, unix seconds; `None` where it does not say.
    pub clock: Option<i64>,
    /// The registries that its configuration declares insecure, without loopback: hosts as spelled in references, and
    /// networks in CIDR form.
    pub insecure: Vec<String>,
}

impl EngineInfo {
    /// What it builds for where nobody says: `linux/amd64`.
    pub fn platform(&self) -> String {
        format!("{}/{}", self.os, self.arch)
    }

    /// Whether the engine is told to do without trusted TLS for `host`, as spelled in references.
    pub fn declares_insecure(&self, host: &str) -> bool {
        insecure::declares(&self.insecure, host)
    }
}

/// A connection to one engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(super) docker: Docker,
    pub(super) wire: Wire,
    endpoint: Endpoint,
    info: EngineInfo,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("endpoint", &self.endpoint)
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct VersionAnswer {
    #[serde(rename = "Version")]
    version: String,
    #[serde(rename = "ApiVersion")]
    api: String,
    #[serde(rename = "MinAPIVersion")]
    oldest: String,
    #[serde(rename = "Os")]
    os: String,
    #[serde(rename = "Arch")]
    arch: String,
    #[serde(rename = "Components")]
    components: Option<Vec<Component>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Component {
    #[serde(rename = "Name")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InfoAnswer {
    #[serde(rename = "ID")]
    id: Option<String>,
    #[serde(rename = "Name")]
    name: Option<String>,
    #[serde(rename = "DockerRootDir")]
    root: Option<String>,
    #[serde(rename = "MemTotal")]
    memory: Option<u64>,
    #[serde(rename = "SystemTime")]
    time: Option<String>,
    #[serde(rename = "Driver")]
    driver: Option<String>,
    #[serde(rename = "SecurityOptions")]
    security: Option<Vec<String>>,
    #[serde(rename = "DriverStatus")]
    driver_status: Option<Vec<Vec<String>>>,
    #[serde(rename = "RegistryConfig")]
    registries: Option<RegistryConfig>,
}

impl Engine {
    /// Connects: asks who is there, chooses the API version, and reads what the rest of a run depends on.
    ///
    /// An engine that does not answer within a few seconds is an error that names it.
    pub async fn connect(endpoint: &Endpoint) -> Result<Engine> {
        let told = |fault: Fault| fault.told(endpoint, format!("reach the engine at {endpoint}"));
        let bare = Wire::new(Dialer::new(endpoint));
        let ping = if bare.dialer().is_slow() { LOGIN } else { PING };
        let buildkit = within(ping, async {
            let mut reply = bare.send(bare.request(Method::GET, "/_ping", &[], Plain::default())?).await?;
            reply.collect(4096).await?;
            // The builder that the engine would have its clients take by themselves.
            Ok(reply.headers.get("builder-version").is_some_and(|version| version == "2"))
        })
        .await
        .map_err(told)?;
        let version: VersionAnswer = bare.get("/version", &[], ping).await.map_err(told)?;
        let api = negotiate(endpoint, &version)?;
        let wire = bare.with_version(&api);
        let info: InfoAnswer = wire.get("/info", &[], ping.max(2 * PING)).await.map_err(told)?;
        let docker = bollard_over(wire.dialer(), &api).map_err(|error| told(error.into()))?;
        let info = EngineInfo { buildkit, ..describe(endpoint, version, info, api) };
        Ok(Engine { docker, wire, endpoint: endpoint.clone(), info })
    }

    /// What it told about itself.
    pub fn info(&self) -> &EngineInfo {
        &self.info
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Awaits a call of bollard's for at most `limit`; bollard's own limit is set out of the way.
    pub(super) async fn limit<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<T, Fault> {
        within(limit, async { call.await.map_err(Fault::from) }).await
    }

    /// The error for people behind a failed call; `what` completes "cannot …".
    pub(super) fn told(&self, fault: Fault, what: impl fmt::Display) -> Error {
        fault.told(&self.endpoint, what)
    }
}

fn describe(
    endpoint: &Endpoint,
    version: VersionAnswer,
    info: InfoAnswer,
    api_version: String,
) -> EngineInfo {
    let podman = version.components.iter().flatten().any(|c| c.name.starts_with("Podman"));
    let name = info.name.unwrap_or_default();
    let root = info.root.unwrap_or_default();
    let id = match info.id {
        Some(id) if !podman => EngineId::new(&[&id, &root]),
        _ => EngineId::new(&[&name, &root]),
    };
    let rootless = info.security.iter().flatten().any(|option| option.contains("rootless"));
    let store = |row: &Vec<String>| row.iter().any(|cell| cell == "io.containerd.snapshotter.v1");
    EngineInfo {
        id,
        name,
        version: version.version,
        api_version,
        os: version.os,
        arch: version.arch,
        containerd_store: info.driver_status.iter().flatten().any(store),
        podman,
        rootless,
        buildkit: false,
        driver: info.driver.unwrap_or_default(),
        root: PathBuf::from(root),
        memory_bytes: info.memory.unwrap_or_default(),
        remote: endpoint.is_remote(),
        clock: info.time.and_then(|time| super::time::unix_seconds(&time)),
        insecure: info.registries.unwrap_or_default().insecure(),
    }
}

/// The lower of the engine's newest version and ours, or why there is none.
fn negotiate(endpoint: &Endpoint, answer: &VersionAnswer) -> Result<String> {
    let Some(theirs) = api(&answer.api) else {
        return Err(Error::new(
            Kind::Engine,
            format!(
                "what listens at {endpoint} (from {}) is not a container engine: it tells no API version",
                endpoint.origin()
            ),
        )
        .hint("name the engine's socket with DOCKER_HOST"));
    };
    if api(&answer.oldest).is_some_and(|oldest| oldest > NEWEST) {
        return Err(Error::new(
            Kind::Engine,
            format!(
                "the engine at {endpoint} speaks API {} at least, imgbuild {}.{} at most",
                answer.oldest, NEWEST.0, NEWEST.1
            ),
        )
        .hint("update imgbuild"));
    }
    let (major, minor) = theirs.min(NEWEST);
    Ok(format!("{major}.{minor}"))
}

fn api(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// bollard over our dialer. It drops the API version from every path (0.21.1, `Url::join` of an absolute path), so the
/// version is put back into each request.
fn bollard_over(dialer: &Dialer, api_version: &str) -> Result<Docker, bollard::errors::Error> {
    /// bollard's limit covers a whole upload; the calls have limits of their own.
    const DAY: u64 = 24 * 60 * 60;
    let mut builder = Client::builder(TokioExecutor::new());
    // A kept connection may have died with a restarted engine; a new one costs 0.1 ms, unless it is a login elsewhere.
    builder.pool_max_idle_per_host(if dialer.is_slow() { 4 } else { 0 });
    let client = builder.build(dialer.clone());
    let transport = move |request: BollardRequest| {
        let answer = client.request(request);
        async move { answer.await.map_err(bollard::errors::Error::from) }
    };
    let (major, minor) = api(api_version).unwrap_or(NEWEST);
    let version = ClientVersion { major_version: major as usize, minor_version: minor as usize };
    let docker = Docker::connect_with_custom_transport(
        transport,
        Some(format!("http://{}", dialer.authority())),
        DAY,
        &version,
    )?;
    let prefix = format!("/v{api_version}/");
    Ok(docker.with_request_modifier(move |request| versioned(request, &prefix)))
}

fn versioned(mut request: BollardRequest, prefix: &str) -> BollardRequest {
    let uri = request.uri();
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    if path.starts_with(prefix) {
        return request;
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut parts = uri.clone().into_parts();
    // Neither step can fail on a URI that was valid; if it did, the request without a version still works.
    if let Ok(path) = format!("{prefix}{path}").parse() {
        parts.path_and_query = Some(path);
        if let Ok(uri) = http::Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

#[cfg(test)]
mod tests;
