//! Finds the builder behind an engine, and what it can.
//!
//! It is tried and not asked for: `Builder-Version` of `/_ping` is missing on Engine 20.10, whose BuildKit works.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use bollard_buildkit_proto::moby::buildkit::v1::{InfoRequest, ListWorkersRequest};
use hyper_util::rt::TokioIo;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use crate::engine::Engine;
use crate::engine::fault::{Fault, chain};
use crate::error::Result;

/// An engine that has BuildKit answers at once.
pub(super) const ANSWER: Duration = Duration::from_secs(20);
/// The label of a worker whose images live in containerd's store.
const SNAPSHOTTER: &str = "org.mobyproject.buildkit.worker.snapshotter";

/// A builder that answers.
#[derive(Debug, Clone)]
pub struct BuildKit {
    pub(super) engine: Engine,
    pub(super) control: ControlClient<Channel>,
    pub(super) way: Way,
    /// It stores images in containerd's store: then it can export caches, several platforms and attestations.
    pub(super) containerd: bool,
    /// `v0.25.1`; empty where it does not say, as up to Engine 23.
    pub(super) version: String,
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
        let mut version =
            worker.buildkit_version.as_ref().map(|version| version.version.clone()).unwrap_or_default();
        if version.is_empty() {
            // Unknown to 20.10.
            let info = tokio::time::timeout(ANSWER, control.info(InfoRequest {})).await;
            let told = info.ok().and_then(Result::ok).and_then(|info| info.into_inner().buildkit_version);
            version = told.map(|version| version.version).unwrap_or_default();
        }
        Ok(Ok(BuildKit { engine: engine.clone(), control, way, containerd, version }))
    }

    /// Whether it can export caches, and write images of several platforms.
    pub fn has_containerd_store(&self) -> bool {
        self.containerd
    }

    /// Its version as it tells it; empty where it does not.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// A channel over one connection that the engine handed over. It is not opened again: what ran on it is lost with it.
async fn hijacked(engine: &Engine) -> Result<Channel, Fault> {
    let io = engine.wire.hijack("/grpc", "h2c", Vec::new(), ANSWER).await?;
    let once = Arc::new(Mutex::new(Some(TokioIo::new(io))));
    let connector = service_fn(move |_: http::Uri| {
        let io = once.lock().unwrap_or_else(PoisonError::into_inner).take();
        async move { io.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionReset)) }
    });
    // The name is for the header alone.
    Endpoint::from_static("http://buildkit")
        .connect_with_connector(connector)
        .await
        .map_err(|error| Fault::Lost(chain(&error)))
}

async fn direct(engine: &Engine) -> Result<Channel, Fault> {
    let dialer = engine.wire.dialer().for_grpc();
    let endpoint = Endpoint::from_static("http://buildkit");
    tokio::time::timeout(ANSWER, endpoint.connect_with_connector(dialer))
        .await
        .map_err(|_| Fault::Slow(ANSWER))?
        .map_err(|error| Fault::Lost(chain(&error)))
}
