//! Finds the builder behind an engine, or at an address of its own, and what it can.
//!
//! It is tried and not asked for: `Builder-Version` of `/_ping` is missing on Engine 20.10, whose BuildKit works.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use bollard_buildkit_proto::moby::buildkit::v1::types::WorkerRecord;
use bollard_buildkit_proto::moby::buildkit::v1::{InfoRequest, ListWorkersRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::Code;
use tonic::transport::{Channel, Endpoint as Target};
use tower::service_fn;

use super::elsewhere;
use crate::engine::Engine;
use crate::engine::build::lost_in_the_middle;
use crate::engine::dialer::Dialer;
use crate::engine::endpoint::Endpoint;
use crate::engine::fault::{Fault, chain};
use crate::error::{Error, Result};

/// An engine that has BuildKit answers at once.
pub(super) const ANSWER: Duration = Duration::from_secs(20);
/// The label of a worker whose images live in containerd's store.
const SNAPSHOTTER: &str = "org.mobyproject.buildkit.worker.snapshotter";

/// A builder that answers.
#[derive(Debug, Clone)]
pub struct BuildKit {
    pub(super) engine: Engine,
    /// Where the builder is that is none of the engine's.
    pub(super) elsewhere: Option<Endpoint>,
    pub(super) control: ControlClient<Channel>,
    pub(super) way: Way,
    /// It stores images in containerd's store: then it can export caches, several platforms and attestations.
    pub(super) containerd: bool,
    /// `v0.25.1`; empty where it does not say, as up to Engine 23.
    pub(super) version: String,
    /// See [`has_told`](BuildKit::has_told).
    pub(super) told: Arc<AtomicBool>,
}

/// How a builder is spoken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Over connections that the engine hands over.
    Hijack,
    /// The engine's socket, or a builder's, is one of gRPC itself; the session goes through it, too.
    Direct,
}

impl BuildKit {
    /// The builder of `engine`; inside why there is none. Errors are those of an engine that is lost.
    pub async fn find(engine: &Engine) -> Result<Result<BuildKit, String>> {
        if engine.info().podman {
            return Ok(Err("podman has none".to_owned()));
        }
        let fault = match hijacked(engine).await {
            Ok(channel) => return BuildKit::ask(engine, channel, Way::Hijack).await,
            Err(fault) => fault,
        };
        match fault {
            // From API 1.53 on the path may be gone, and the socket itself speaks gRPC. One that does not tells so by all
            // kinds of failures.
            Fault::Refused { status: 400..=499 | 501, message } => {
                if let Ok(channel) = direct(engine).await
                    && let Ok(Ok(found)) = BuildKit::ask(engine, channel, Way::Direct).await
                {
                    return Ok(Ok(found));
                }
                Ok(Err(format!("it does not know /grpc: {message}")))
            }
            fault => Err(engine.told(fault, "reach BuildKit of the engine")),
        }
    }

    /// The builder at `endpoint`, whose images go to `engine`. It is none of the engine's: a `buildkitd`.
    ///
    /// Errors are of kind `Engine`, and name the address, what said so and what to do.
    pub async fn at(engine: &Engine, endpoint: &Endpoint) -> Result<BuildKit> {
        let dialer = Dialer::new(endpoint).for_grpc();
        let dialled = tokio::time::timeout(ANSWER, dialer.dial()).await;
        let what = "ask the builder for its workers";
        let stream = dialled
            .map_err(|_| elsewhere::told(endpoint, Fault::Slow(ANSWER), what))?
            .map_err(|error| elsewhere::told(endpoint, Fault::Dial(error), what))?;
        let channel = over(stream).await.map_err(|fault| elsewhere::told(endpoint, fault, what))?;
        let mut control = ControlClient::new(channel);
        let asked = tokio::time::timeout(ANSWER, control.list_workers(ListWorkersRequest::default())).await;
        let workers = match asked {
            Ok(Ok(answer)) => answer.into_inner().record,
            Ok(Err(status)) => return Err(elsewhere::no_buildkit(endpoint, &status)),
            Err(_) => return Err(elsewhere::told(endpoint, Fault::Slow(ANSWER), what)),
        };
        let Some(worker) = workers.first() else { return Err(elsewhere::without_worker(endpoint)) };
        let version = version(&mut control, worker).await;
        let (engine, elsewhere, told) = (engine.clone(), Some(endpoint.clone()), Arc::default());
        // What it cannot do is what an engine's store cannot.
        Ok(BuildKit { engine, elsewhere, control, way: Way::Direct, containerd: true, version, told })
    }

    async fn ask(engine: &Engine, channel: Channel, way: Way) -> Result<Result<BuildKit, String>> {
        let mut control = ControlClient::new(channel);
        let workers = match tokio::time::timeout(ANSWER, control.list_workers(ListWorkersRequest::default()))
            .await
        {
            Ok(Ok(answer)) => answer.into_inner().record,
            Ok(Err(status)) if status.code() == Code::Unimplemented => {
                return Ok(Err("what answers to gRPC is no BuildKit".to_owned()));
            }
            Ok(Err(status)) => {
                return Ok(Err(format!("BuildKit does not tell its workers: {}", status.message())));
            }
            Err(_) => {
                return Err(engine.told(Fault::Slow(ANSWER), "ask BuildKit of the engine for its workers"));
            }
        };
        let Some(worker) = workers.first() else { return Ok(Err("BuildKit has no worker".to_owned())) };
        let containerd = workers.iter().any(|worker| worker.labels.contains_key(SNAPSHOTTER));
        let version = version(&mut control, worker).await;
        let (engine, told) = (engine.clone(), Arc::default());
        Ok(Ok(BuildKit { engine, elsewhere: None, control, way, containerd, version, told }))
    }

    /// Whether it can export caches, and write images of several platforms.
    pub fn has_containerd_store(&self) -> bool {
        self.containerd
    }

    /// Whether its own frontend checks the Dockerfile while it builds: from BuildKit 0.14 on, which is in Engine 27.
    pub fn has_checks(&self) -> bool {
        self.is_at_least((0, 14))
    }

    /// Its version as it tells it; empty where it does not.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether its version is at least `wanted`, major and minor. One that does not tell a version is old; one that was
    /// built from who knows what (`v0.0.0+unknown`) is not.
    pub fn is_at_least(&self, wanted: (u32, u32)) -> bool {
        is_at_least(&self.version, wanted)
    }

    /// Whether the last build told of itself, and did not fall silent before its end.
    pub fn has_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    /// Whether it is none of the engine's, so that its images have to be brought there.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        match &self.elsewhere {
            Some(endpoint) => format!("the builder at {endpoint}"),
            None => "the engine's BuildKit".to_owned(),
        }
    }

    /// The error for people behind a failed call; `what` completes "cannot …".
    pub(super) fn told(&self, fault: Fault, what: &str) -> Error {
        match &self.elsewhere {
            Some(endpoint) => elsewhere::told(endpoint, fault, what),
            None => self.engine.told(fault, what),
        }
    }

    /// The error where it went away; `place` is where the build was, as ` at step 2/5 …`.
    pub(super) fn lost(&self, place: &str, cause: &str) -> Error {
        match &self.elsewhere {
            Some(endpoint) => elsewhere::lost(endpoint, place, cause),
            None => lost_in_the_middle(&self.engine, place, cause),
        }
    }
}

fn is_at_least(version: &str, wanted: (u32, u32)) -> bool {
    let mut parts = version.trim_start_matches('v').splitn(3, '.');
    let mut number = || parts.next()?.parse::<u32>().ok();
    match (number(), number()) {
        (Some(0), Some(0)) => true,
        (Some(major), Some(minor)) => (major, minor) >= wanted,
        _ => false,
    }
}

async fn version(control: &mut ControlClient<Channel>, worker: &WorkerRecord) -> String {
    let told = worker.buildkit_version.as_ref().map(|version| version.version.clone()).unwrap_or_default();
    if !told.is_empty() {
        return told;
    }
    // Unknown to 20.10.
    let info = tokio::time::timeout(ANSWER, control.info(InfoRequest {})).await;
    let told = info.ok().and_then(Result::ok).and_then(|info| info.into_inner().buildkit_version);
    told.map(|version| version.version).unwrap_or_default()
}

/// A channel over one connection that the engine handed over. It is not opened again: what ran on it is lost with it.
async fn hijacked(engine: &Engine) -> Result<Channel, Fault> {
    over(engine.wire.hijack("/grpc", "h2c", Vec::new(), ANSWER).await?).await
}

async fn over(io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Channel, Fault> {
    let once = Arc::new(Mutex::new(Some(TokioIo::new(io))));
    let connector = service_fn(move |_: http::Uri| {
        let io = once.lock().unwrap_or_else(PoisonError::into_inner).take();
        async move { io.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionReset)) }
    });
    // The name is for the header alone.
    Target::from_static("http://buildkit")
        .connect_with_connector(connector)
        .await
        .map_err(|error| Fault::Lost(chain(&error)))
}

async fn direct(engine: &Engine) -> Result<Channel, Fault> {
    let dialer = engine.wire.dialer().for_grpc();
    let endpoint = Target::from_static("http://buildkit");
    tokio::time::timeout(ANSWER, endpoint.connect_with_connector(dialer))
        .await
        .map_err(|_| Fault::Slow(ANSWER))?
        .map_err(|error| Fault::Lost(chain(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (version, expected) in [
            ("v0.14.0", true),
            ("0.14", true),
            ("v1.0.0-rc1", true),
            ("v0.0.0+unknown", true),
            ("v0.13.2", false),
            ("", false),
            ("unknown", false),
        ] {
            assert_eq!(is_at_least(version, (0, 14)), expected, "{version}");
        }
    }
}
