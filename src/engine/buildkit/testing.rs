//! An engine of the tests' own whose socket speaks gRPC itself, and a builder behind it that uses the session as BuildKit
//! does, or as none would. By itself it is a builder that is none of an engine's. It needs nothing of this crate, so that the
//! tests of whole runs have it, too.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::fsutil::types::{Packet, Stat};
use bollard_buildkit_proto::moby::buildkit::v1::control_server::{Control, ControlServer};
use bollard_buildkit_proto::moby::buildkit::v1::types::{BuildkitVersion, WorkerRecord};
use bollard_buildkit_proto::moby::buildkit::v1::{
    BuildHistoryEvent, BuildHistoryRequest, BytesMessage, DiskUsageRequest, DiskUsageResponse, InfoRequest,
    InfoResponse, ListWorkersRequest, ListWorkersResponse, PruneRequest, SolveRequest, SolveResponse,
    StatusRequest, StatusResponse, UpdateBuildHistoryRequest, UpdateBuildHistoryResponse, UsageRecord,
};
use bollard_buildkit_proto::moby::filesync::packet::file_sync_client::FileSyncClient;
use bollard_buildkit_proto::moby::filesync::v1::BytesMessage as Piece;
use bollard_buildkit_proto::moby::filesync::v1::file_send_client::FileSendClient;
use futures_util::StreamExt as _;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint as Target};
use tonic::{Request, Response, Status, Streaming, async_trait};
use tower::service_fn;

/// A test that waits this long for anything has failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

type Answer = Result<SolveResponse, Status>;
type Script = Box<dyn Fn(Solving) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;
type Told<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// How the builder takes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sessions {
    Taken,
    /// The call is answered when the session says its first byte, as by a server that has nothing to say before.
    Late,
    /// The call is never answered.
    Ignored,
    Refused,
    /// The call is answered, but no byte is read or sent.
    Stalled,
}

/// A build, as the builder sees it.
pub(super) struct Solving {
    pub(super) request: SolveRequest,
    /// The headers of the session.
    pub(super) headers: MetadataMap,
    /// Our services.
    pub(super) session: Channel,
    /// The session's way to us; what is written there comes between its own bytes.
    pub(super) back: mpsc::Sender<Result<BytesMessage, Status>>,
    /// What is told to whoever asks for the status.
    pub(super) tell: mpsc::Sender<Result<StatusResponse, Status>>,
    /// Ends every connection, as the end of the process does.
    pub(super) vanish: watch::Sender<bool>,
}

/// The engine and its builder.
pub(super) struct Builder {
    dir: tempfile::TempDir,
    task: JoinHandle<()>,
}

impl Builder {
    /// What `script` says is the answer to a build.
    pub(super) fn new<F>(sessions: Sessions, script: impl Fn(Solving) -> F + Send + Sync + 'static) -> Builder
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("s")).unwrap();
        let (tell, told) = mpsc::channel(16);
        let (vanish, gone) = watch::channel(false);
        let script: Script = Box::new(move |solving| Box::pin(script(solving)));
        let service = Arc::new(Service {
            sessions,
            script,
            session: watch::channel(None).0,
            tell: Mutex::new(Some(tell)),
            told: Mutex::new(Some(told)),
            vanish,
        });
        let task = tokio::spawn(async move {
            let mut closed = gone.clone();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let (service, mut gone) = (Arc::clone(&service), gone.clone());
                        tokio::spawn(async move {
                            tokio::select! {
                                () = serve(accepted.unwrap().0, service) => {}
                                _ = gone.wait_for(|gone| *gone) => {}
                            }
                        });
                    }
                    _ = closed.wait_for(|gone| *gone) => break,
                }
            }
        });
        Builder { dir, task }
    }

    /// TLS before its socket, as Go's servers have it: HTTP/2 is spoken with who asked for it in the handshake, and with
    /// nobody else. Gives the port on the loopback address; `folder` gets the certificate of the CA.
    pub(super) async fn behind_tls(&self, folder: &Path) -> u16 {
        self.behind(folder, |config| Ok(config.with_no_client_auth())).await
    }

    /// The same for clients that show a certificate of this very CA, so that none does.
    pub(super) async fn behind_mutual_tls(&self, folder: &Path) -> u16 {
        let own = rcgen::generate_simple_self_signed(vec!["somebody".to_owned()]).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(own.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().unwrap();
        self.behind(folder, |config| Ok(config.with_client_cert_verifier(verifier))).await
    }

    async fn behind(
        &self,
        folder: &Path,
        clients: impl FnOnce(
            rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>,
        ) -> Result<
            rustls::ConfigBuilder<ServerConfig, rustls::server::WantsServerCert>,
            Status,
        >,
    ) -> u16 {
        let pair = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(folder.join("ca.pem"), pair.cert.pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = clients(config.unwrap()).unwrap();
        let mut config = config.with_single_cert(vec![pair.cert.der().clone()], key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, socket) = (listener.local_addr().unwrap().port(), self.dir.path().join("s"));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, socket) = (acceptor.clone(), socket.clone());
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(stream).await else { return };
                    let is_grpc = client.get_ref().1.alpn_protocol() == Some(b"h2");
                    let mut begin = [0; 3];
                    if client.read_exact(&mut begin).await.is_err() {
                        return;
                    }
                    if is_grpc == (&begin == b"PRI") {
                        let mut engine = UnixStream::connect(socket).await.unwrap();
                        engine.write_all(&begin).await.unwrap();
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut engine).await;
                    }
                });
            }
        });
        port
    }

    /// Where it listens.
    pub(super) fn socket(&self) -> PathBuf {
        self.dir.path().join("s")
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection: HTTP/1.1 with one request, or gRPC.
async fn serve(mut stream: UnixStream, service: Arc<Service>) {
    let mut begin = [0; 3];
    if stream.read_exact(&mut begin).await.is_err() {
        return;
    }
    if &begin != b"PRI" {
        let mut head = begin.to_vec();
        while !head.windows(4).any(|w| w == b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap_or(0) > 0
        {
        }
        let line = String::from_utf8_lossy(&head);
        let path = line.split(' ').nth(1).unwrap_or_default();
        let (status, body) = match path.rsplit('/').next() {
            Some("_ping") => (200, "OK"),
            Some("version") => (200, r#"{"Version":"99","ApiVersion":"1.99","MinAPIVersion":"1.24"}"#),
            Some("info") => (200, r#"{"ID":"x","SystemTime":"2026-01-01T00:00:00Z"}"#),
            _ => (404, r#"{"message":"page not found"}"#),
        };
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
    let (read, write) = stream.into_split();
    let io = tokio::io::join(Cursor::new(begin).chain(read), write);
    let routes = Routes::new(ControlServer::from_arc(service)).prepare();
    let _ = http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(routes))
        .await;
}

type Known = (MetadataMap, Channel, mpsc::Sender<Result<BytesMessage, Status>>);

struct Service {
    sessions: Sessions,
    script: Script,
    session: watch::Sender<Option<Known>>,
    tell: Mutex<Option<mpsc::Sender<Result<StatusResponse, Status>>>>,
    told: Mutex<Option<mpsc::Receiver<Result<StatusResponse, Status>>>>,
    vanish: watch::Sender<bool>,
}

#[async_trait]
impl Control for Service {
    type PruneStream = Told<UsageRecord>;
    type StatusStream = Told<StatusResponse>;
    type SessionStream = Told<BytesMessage>;
    type ListenBuildHistoryStream = Told<BuildHistoryEvent>;

    async fn list_workers(
        &self,
        _: Request<ListWorkersRequest>,
    ) -> Result<Response<ListWorkersResponse>, Status> {
        let version = BuildkitVersion { version: "v0.25.1".to_owned(), ..BuildkitVersion::default() };
        let worker = WorkerRecord { buildkit_version: Some(version), ..WorkerRecord::default() };
        Ok(Response::new(ListWorkersResponse { record: vec![worker] }))
    }

    async fn session(
        &self,
        request: Request<Streaming<BytesMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let headers = request.metadata().clone();
        let mut said = request.into_inner();
        let (near, far) = duplex(64 * 1024);
        let (mut read, mut write) = tokio::io::split(far);
        let mut first = None;
        match self.sessions {
            Sessions::Taken => {}
            Sessions::Late => first = said.message().await?,
            Sessions::Ignored => std::future::pending().await,
            Sessions::Refused => return Err(Status::permission_denied("no sessions today")),
            Sessions::Stalled => {
                tokio::spawn(async move {
                    let _kept = (said, near);
                    std::future::pending::<()>().await;
                });
                return Ok(Response::new(Box::pin(tokio_stream::pending())));
            }
        }
        tokio::spawn(async move {
            if let Some(message) = first {
                let _ = write.write_all(&message.data).await;
            }
            while let Ok(Some(message)) = said.message().await {
                if write.write_all(&message.data).await.is_err() {
                    break;
                }
            }
            let _ = write.shutdown().await;
        });
        let (sender, receiver) = mpsc::channel(4);
        let back = sender.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(length @ 1..) = read.read(&mut buffer).await {
                if sender.send(Ok(BytesMessage { data: buffer[..length].to_vec() })).await.is_err() {
                    break;
                }
            }
        });
        let known = self.session.clone();
        tokio::spawn(async move { known.send_replace(Some((headers, channel(near).await, back))) });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn solve(&self, request: Request<SolveRequest>) -> Result<Response<SolveResponse>, Status> {
        let mut known = self.session.subscribe();
        let (headers, session, back) = known.wait_for(Option::is_some).await.unwrap().clone().unwrap();
        let solving = Solving {
            request: request.into_inner(),
            headers,
            session,
            back,
            tell: self.tell.lock().unwrap().take().unwrap(),
            vanish: self.vanish.clone(),
        };
        (self.script)(solving).await.map(Response::new)
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<Self::StatusStream>, Status> {
        let told = self.told.lock().unwrap().take().ok_or_else(|| Status::not_found("asked twice"))?;
        Ok(Response::new(Box::pin(ReceiverStream::new(told))))
    }

    async fn info(&self, _: Request<InfoRequest>) -> Result<Response<InfoResponse>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn disk_usage(&self, _: Request<DiskUsageRequest>) -> Result<Response<DiskUsageResponse>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn prune(&self, _: Request<PruneRequest>) -> Result<Response<Self::PruneStream>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn listen_build_history(
        &self,
        _: Request<BuildHistoryRequest>,
    ) -> Result<Response<Self::ListenBuildHistoryStream>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn update_build_history(
        &self,
        _: Request<UpdateBuildHistoryRequest>,
    ) -> Result<Response<UpdateBuildHistoryResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// The session's other end, over the one connection that there is.
async fn channel(io: DuplexStream) -> Channel {
    let once = Arc::new(Mutex::new(Some(TokioIo::new(io))));
    let connector = service_fn(move |_: http::Uri| {
        let io = once.lock().unwrap().take();
        async move { io.ok_or_else(|| std::io::Error::other("one connection")) }
    });
    Target::from_static("http://session").connect_with_connector(connector).await.unwrap()
}

/// An image that is being handed over, as BuildKit's exporter `docker` does it.
pub(super) struct HandOver {
    say: mpsc::Sender<Piece>,
    answer: JoinHandle<Result<(), Status>>,
}

impl HandOver {
    pub(super) fn begin(session: &Channel) -> HandOver {
        let (say, said) = mpsc::channel(4);
        let mut client = FileSendClient::new(session.clone());
        let answer = tokio::spawn(async move {
            let mut request = Request::new(ReceiverStream::new(said));
            request.metadata_mut().append("buildkit-attachable-exporter-id", "0".parse().unwrap());
            let mut heard = client.diff_copy(request).await?.into_inner();
            // Nothing is said but the end.
            while heard.message().await?.is_some() {}
            Ok(())
        });
        HandOver { say, answer }
    }

    /// Sends these bytes in messages of at most 3 MiB; false where nobody takes them any more.
    pub(super) async fn send(&self, bytes: &[u8]) -> bool {
        for piece in bytes.chunks(3 << 20) {
            if self.say.send(Piece { data: piece.to_vec() }).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Says that it is all, and waits for the other side to have it.
    pub(super) async fn end(self) -> Result<(), Status> {
        drop(self.say);
        self.answer.await.unwrap()
    }

    /// All of it.
    pub(super) async fn whole(session: &Channel, bytes: &[u8]) -> Result<(), Status> {
        let under_way = HandOver::begin(session);
        under_way.send(bytes).await;
        under_way.end().await
    }
}

/// A transfer of files that is under way.
pub(super) struct Transfer {
    pub(super) say: mpsc::Sender<Packet>,
    pub(super) heard: Streaming<Packet>,
}

impl Transfer {
    /// Asks for a folder, with these headers.
    pub(super) async fn open(
        session: &Channel,
        headers: &[(&'static str, &str)],
    ) -> Result<Transfer, Status> {
        let (say, said) = mpsc::channel(4);
        // Each in a frame of its own, as Go's gRPC sends them.
        let said = ReceiverStream::new(said).then(async |packet: Packet| {
            tokio::task::yield_now().await;
            packet
        });
        let mut request = Request::new(said);
        for (name, value) in headers {
            request.metadata_mut().append(*name, value.parse().unwrap());
        }
        let heard = FileSyncClient::new(session.clone()).diff_copy(request).await?.into_inner();
        Ok(Transfer { say, heard })
    }

    /// Every entry that is told of.
    pub(super) async fn stats(&mut self) -> Result<Vec<Stat>, Status> {
        let mut stats = Vec::new();
        loop {
            let packet = self.next().await?;
            match packet.r#type() {
                PacketType::PacketStat => match packet.stat {
                    Some(stat) => stats.push(stat),
                    None => return Ok(stats),
                },
                _ => return Err(Status::aborted(String::from_utf8_lossy(&packet.data))),
            }
        }
    }

    pub(super) async fn ask(&self, id: u32) {
        let packet = Packet { r#type: PacketType::PacketReq.into(), id, ..Packet::default() };
        let _ = self.say.send(packet).await;
    }

    pub(super) async fn next(&mut self) -> Result<Packet, Status> {
        self.heard.message().await?.ok_or_else(|| Status::aborted("the end"))
    }

    /// The content of `count` files that were asked for, by id, and how many pieces each came in.
    pub(super) async fn contents(&mut self, count: usize) -> Result<BTreeMap<u32, (Vec<u8>, u32)>, Status> {
        let (mut found, mut ended) = (BTreeMap::<u32, (Vec<u8>, u32)>::new(), 0);
        while ended < count {
            let packet = self.next().await?;
            if packet.r#type() != PacketType::PacketData {
                return Err(Status::aborted(String::from_utf8_lossy(&packet.data)));
            }
            let (content, pieces) = found.entry(packet.id).or_default();
            if packet.data.is_empty() {
                ended += 1;
            } else {
                content.extend(packet.data);
                *pieces += 1;
            }
        }
        Ok(found)
    }

    /// Says that all is there, and waits for the other side to say so, too.
    pub(super) async fn finish(mut self) -> Result<(), Status> {
        let packet = Packet { r#type: PacketType::PacketFin.into(), ..Packet::default() };
        let _ = self.say.send(packet).await;
        let last = self.next().await?;
        match last.r#type() {
            PacketType::PacketFin if self.heard.message().await?.is_none() => Ok(()),
            _ => Err(Status::aborted(format!("{last:?} at the end"))),
        }
    }
}
