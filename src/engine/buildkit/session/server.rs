//! The session itself: our services, served on a connection that the builder was given.

use std::collections::BTreeMap;

use bollard_buildkit_proto::health::health_server::HealthServer;
use bollard_buildkit_proto::moby::buildkit::secrets::v1::secrets_server::SecretsServer;
use bollard_buildkit_proto::moby::filesync::packet::file_sync_server::FileSyncServer;
use bollard_buildkit_proto::moby::filesync::v1::auth_server::AuthServer;
use bollard_buildkit_proto::moby::filesync::v1::file_send_server::FileSendServer;
use bollard_buildkit_proto::moby::sshforward::v1::ssh_server::SshServer;
use http::{HeaderName, HeaderValue};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tonic::Status;
use tonic::service::Routes;

use super::agent::{Agent, Agents};
use super::auth::Logins;
use super::export::{self, Export};
use super::files::Files;
use super::health::Healthy;
use super::secrets::{Secret, Secrets};
use crate::engine::buildkit::connect::{ANSWER, BuildKit, Way};
use crate::engine::buildkit::content::{self, Content};
use crate::engine::buildkit::tunnel;
use crate::engine::fault::{Fault, chain};
use crate::engine::{AuthEntry, Landing};

/// Frames of what we send. The builder's window decides how many are under way.
const FRAME: u32 = 256 * 1024;

/// Of what the builder sends. A small frame counts as 256 bytes, and half of the window may be such frames until they are
/// taken; a builder without a file asks for all of them at once, in a frame each.
fn window(files: usize) -> u32 {
    u32::try_from(files.saturating_mul(2 * 256)).unwrap_or(u32::MAX).clamp(1 << 20, 1 << 30)
}

/// What the builder may call, as it wants to be told.
const METHODS: &[&str] = &[
    "/grpc.health.v1.Health/Check",
    "/moby.filesync.v1.FileSync/DiffCopy",
    "/moby.filesync.v1.FileSend/DiffCopy",
    "/moby.filesync.v1.Auth/Credentials",
    "/moby.buildkit.secrets.v1.Secrets/GetSecret",
    "/moby.sshforward.v1.SSH/CheckAgent",
    "/moby.sshforward.v1.SSH/ForwardAgent",
];

/// What is served.
pub(in crate::engine::buildkit) struct Services {
    pub(in crate::engine::buildkit) files: Files,
    /// By registry, as in the classic builder's request.
    pub(in crate::engine::buildkit) logins: BTreeMap<String, AuthEntry>,
    /// By id.
    pub(in crate::engine::buildkit) secrets: BTreeMap<String, Secret>,
    /// By id.
    pub(in crate::engine::buildkit) agents: BTreeMap<String, Agent>,
    /// Where the image goes that the builder hands over.
    pub(in crate::engine::buildkit) landing: Option<Landing>,
    /// Folders that are caches.
    pub(in crate::engine::buildkit) content: Content,
}

/// A session that is not served yet.
pub(in crate::engine::buildkit) struct Session {
    id: String,
    io: Box<dyn Io>,
    /// Why the connection broke, where it knows.
    broke: Option<oneshot::Receiver<Status>>,
    routes: Routes,
    window: u32,
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Session {
    /// Opens a session with the builder. Where `shared_key` is that of an earlier session, the builder compares the files of
    /// this one with what it kept of that one.
    pub(in crate::engine::buildkit) async fn open(
        builder: &BuildKit,
        id: String,
        shared_key: &str,
        services: Services,
    ) -> Result<Session, Fault> {
        let mut headers = vec![
            ("x-docker-expose-session-uuid", id.clone()),
            ("x-docker-expose-session-name", "imgbuild".to_owned()),
            ("x-docker-expose-session-sharedkey", shared_key.to_owned()),
        ];
        let of_caches = content::METHODS.iter().filter(|_| !services.content.is_empty());
        headers.extend(
            METHODS
                .iter()
                .chain(of_caches)
                .map(|method| ("x-docker-expose-session-grpc-method", (*method).to_owned())),
        );
        let (io, broke): (Box<dyn Io>, _) = match builder.way {
            Way::Hijack => {
                let headers = headers.into_iter().map(|(name, value)| {
                    let value =
                        HeaderValue::try_from(value).map_err(|error| Fault::Garbled(error.to_string()))?;
                    Ok((HeaderName::from_static(name), value))
                });
                let headers = headers.collect::<Result<_, Fault>>()?;
                (Box::new(builder.engine.wire.hijack("/session", "h2c", headers, ANSWER).await?), None)
            }
            Way::Direct => {
                let opened = tunnel::open(&builder.control, &headers)
                    .map_err(|status| Fault::Garbled(status.message().to_owned()))?;
                (Box::new(opened.io), Some(opened.broke))
            }
        };
        let window = window(services.files.most());
        let routes = Routes::new(HealthServer::new(Healthy))
            .add_service(FileSyncServer::new(services.files))
            .add_service(
                FileSendServer::new(Export::new(services.landing))
                    .max_decoding_message_size(export::MOST_MESSAGE),
            )
            .add_service(AuthServer::new(Logins::new(services.logins)))
            .add_service(SecretsServer::new(Secrets::new(services.secrets)))
            .add_service(SshServer::new(Agents::new(services.agents)));
        let routes = match services.content.is_empty() {
            true => routes.prepare(),
            false => routes.add_service(services.content).prepare(),
        };
        Ok(Session { id, io, broke, routes, window })
    }

    /// Its id, by which a build names it.
    pub(in crate::engine::buildkit) fn id(&self) -> &str {
        &self.id
    }

    /// Serves it until the builder closes it, or this is dropped.
    pub(in crate::engine::buildkit) async fn serve(self) -> Result<(), String> {
        let served = http2::Builder::new(TokioExecutor::new())
            .max_frame_size(FRAME)
            .initial_connection_window_size(self.window)
            .max_concurrent_streams(None)
            .serve_connection(TokioIo::new(self.io), TowerToHyperService::new(self.routes))
            .await;
        match self.broke.and_then(|mut broke| broke.try_recv().ok()) {
            Some(status) => Err(status.message().to_owned()),
            None => served.map_err(|error| chain(&error)),
        }
    }
}
