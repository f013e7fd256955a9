//! What the builder calls: blobs by their digests, read and written. Nothing is deleted or listed for it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::service_fn;
use tower_service::Service;

use super::folder::{Folder, Writer};
use super::messages::{
    Action, Info, InfoRequest, InfoResponse, ReadRequest, ReadResponse, WriteRequest, WriteResponse,
};
use crate::image::Digest;

/// By which the builder names the folder that it means.
const STORE: &str = "buildkit-attachable-store-id";
const PREFIX: &str = "/containerd.services.content.v1.Content/";
/// What of the service is there, as the builder wants to be told.
pub(in crate::engine::buildkit) const METHODS: &[&str] = &[
    "/containerd.services.content.v1.Content/Info",
    "/containerd.services.content.v1.Content/Read",
    "/containerd.services.content.v1.Content/Write",
];
/// Bytes of a piece that is read. Go's gRPC takes messages of 4 MB.
const PIECE: u64 = 256 * 1024;
/// Bytes of a message that is taken: containerd writes in pieces of up to 8 MB.
const MOST_MESSAGE: usize = 17 << 20;
/// Bytes of a builder's name for what it writes.
const MOST_NAME: usize = 4096;

/// The folders that a builder may read or fill, by the names that it has for them.
#[derive(Debug, Clone, Default)]
pub(in crate::engine::buildkit) struct Content(Arc<BTreeMap<String, Arc<Folder>>>);

impl Content {
    pub(super) fn new(folders: BTreeMap<String, Arc<Folder>>) -> Content {
        Content(Arc::new(folders))
    }

    /// Whether there is nothing to be had.
    pub(in crate::engine::buildkit) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn folder(&self, metadata: &MetadataMap) -> Result<Arc<Folder>, Status> {
        let name = metadata.get(STORE).and_then(|name| name.to_str().ok()).unwrap_or_default();
        self.0.get(name).cloned().ok_or_else(|| Status::not_found(format!("the run gives no store {name:?}")))
    }
}

impl NamedService for Content {
    const NAME: &'static str = "containerd.services.content.v1.Content";
}

impl Service<http::Request<Body>> for Content {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let content = self.clone();
        Box::pin(async move {
            let method = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
            Ok(match method.as_str() {
                "Info" => {
                    let info = service_fn(move |request| info(content.clone(), request));
                    Grpc::new(ProstCodec::default()).unary(info, request).await
                }
                "Read" => {
                    let read = service_fn(move |request| read(content.clone(), request));
                    Grpc::new(ProstCodec::default()).server_streaming(read, request).await
                }
                "Write" => {
                    let write = service_fn(move |request| write(content.clone(), request));
                    let grpc = Grpc::new(ProstCodec::default());
                    let mut grpc = grpc.apply_max_message_size_config(Some(MOST_MESSAGE), None);
                    grpc.streaming(write, request).await
                }
                _ => Status::unimplemented("folders are read and filled, and nothing else").into_http(),
            })
        })
    }
}

async fn info(content: Content, request: Request<InfoRequest>) -> Result<Response<InfoResponse>, Status> {
    let folder = content.folder(request.metadata())?;
    let digest = digest(&request.get_ref().digest)?;
    let text = digest.as_str().to_owned();
    let (_, size) = blocking(move || folder.open(&digest)).await?.map_err(|error| lacking(&text, &error))?;
    let info = Info { digest: text, size: signed(size) };
    Ok(Response::new(InfoResponse { info: Some(info) }))
}

type Answers<T> = ReceiverStream<Result<T, Status>>;

async fn read(
    content: Content,
    request: Request<ReadRequest>,
) -> Result<Response<Answers<ReadResponse>>, Status> {
    let folder = content.folder(request.metadata())?;
    let ReadRequest { digest: text, offset, size: wanted } = request.into_inner();
    let digest = digest(&text)?;
    let (mut file, size) =
        blocking(move || folder.open(&digest)).await?.map_err(|error| lacking(&text, &error))?;
    // Zero or less is the beginning, and the end.
    let mut at = u64::try_from(offset).unwrap_or(0);
    let end = match u64::try_from(wanted) {
        Ok(wanted @ 1..) => at.saturating_add(wanted).min(size),
        _ => size,
    };
    if at > size {
        return Err(Status::out_of_range(format!("{text} has {size} bytes, and {at} were skipped")));
    }
    let (out, answers) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let mut piece = move || -> io::Result<Option<ReadResponse>> {
            if at >= end {
                return Ok(None);
            }
            file.seek(SeekFrom::Start(at))?;
            let mut data = vec![0; usize::try_from((end - at).min(PIECE)).unwrap_or_default()];
            file.read_exact(&mut data)?;
            let offset = signed(at);
            at += data.len() as u64;
            Ok(Some(ReadResponse { offset, data }))
        };
        loop {
            let answer = match piece() {
                Ok(None) => break,
                Ok(Some(answer)) => Ok(answer),
                Err(error) => Err(lacking(&text, &error)),
            };
            let ends = answer.is_err();
            // Nobody listens any more: the build is over.
            if out.blocking_send(answer).is_err() || ends {
                break;
            }
        }
    });
    Ok(Response::new(ReceiverStream::new(answers)))
}

async fn write(
    content: Content,
    request: Request<Streaming<WriteRequest>>,
) -> Result<Response<Answers<WriteResponse>>, Status> {
    let folder = content.folder(request.metadata())?;
    if !folder.fills() {
        return Err(Status::permission_denied("the run does not fill this cache"));
    }
    let said = request.into_inner();
    let (out, answers) = mpsc::channel(2);
    tokio::spawn(async move {
        if let Err(status) = take(&folder, said, &out).await {
            let _ = out.send(Err(status)).await;
        }
    });
    Ok(Response::new(ReceiverStream::new(answers)))
}

/// One write: each message is answered with how far it is.
async fn take(
    folder: &Arc<Folder>,
    mut said: Streaming<WriteRequest>,
    out: &mpsc::Sender<Result<WriteResponse, Status>>,
) -> Result<(), Status> {
    let (mut begun, mut total, mut expected) = (None::<(String, Writer)>, 0_u64, None::<Digest>);
    while let Some(message) = said.message().await? {
        let action = Action::try_from(message.action)
            .map_err(|_| Status::invalid_argument(format!("there is no action {}", message.action)))?;
        if !message.expected.is_empty() {
            expected = Some(digest(&message.expected)?);
        }
        total = u64::try_from(message.total).ok().filter(|total| *total > 0).unwrap_or(total);
        let (name, mut writer) = match begun.take() {
            Some((name, writer)) if message.name.is_empty() || message.name == name => (name, writer),
            Some((name, _)) => {
                return Err(Status::invalid_argument(format!("{:?} within {name:?}", message.name)));
            }
            None => begin(folder, message.name, expected.clone()).await?,
        };
        if action != Action::Stat && !message.data.is_empty() {
            if message.offset != signed(writer.written()) && message.offset != 0 {
                let (at, offset) = (writer.written(), message.offset);
                return Err(Status::out_of_range(format!(
                    "{at} bytes are there, and {offset} is behind them"
                )));
            }
            let (anew, data) = (message.offset == 0 && writer.written() > 0, message.data);
            writer = written(folder, move || {
                if anew {
                    writer.restart()?;
                }
                writer.append(&data)?;
                Ok(writer)
            })
            .await?;
        }
        let offset = signed(writer.written());
        if total > 0 && (writer.written() > total || action == Action::Commit && writer.written() != total) {
            return Err(Status::failed_precondition(format!("{offset} bytes were written of {total}")));
        }
        let mut answer =
            WriteResponse { action: action.into(), offset, total: signed(total), digest: String::new() };
        if action == Action::Commit {
            let wanted = expected.clone();
            let committed = written(folder, move || writer.commit(wanted.as_ref())).await?;
            let digest = committed.map_err(|digest| {
                Status::failed_precondition(format!("what was written is {}", digest.as_str()))
            })?;
            answer.digest = digest.as_str().to_owned();
            let _ = out.send(Ok(answer)).await;
            return Ok(());
        }
        if out.send(Ok(answer)).await.is_err() {
            return Ok(());
        }
        begun = Some((name, writer));
    }
    Ok(())
}

async fn begin(
    folder: &Arc<Folder>,
    name: String,
    expected: Option<Digest>,
) -> Result<(String, Writer), Status> {
    if name.is_empty() || name.len() > MOST_NAME {
        return Err(Status::invalid_argument("a write needs a name"));
    }
    let (own, wanted) = (Arc::clone(folder), name.clone());
    let begun = written(folder, move || {
        if expected.as_ref().is_some_and(|digest| own.has(digest)) {
            return Ok(Err(Status::already_exists("it is there")));
        }
        // Whoever comes second waits, and comes again.
        Ok(own.begin(&wanted)?.ok_or_else(|| Status::unavailable("it is being written")))
    });
    Ok((name, begun.await??))
}

/// Writes beside the runtime. What the folder cannot take is noted, since it says more than the builder does of it.
async fn written<T: Send + 'static>(
    folder: &Folder,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Status> {
    blocking(work).await?.map_err(|error| {
        folder.fail(&error);
        Status::internal(format!("it cannot be written: {error}"))
    })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Status::internal("a worker thread broke off"))
}

fn digest(text: &str) -> Result<Digest, Status> {
    text.parse().map_err(|error| Status::invalid_argument(format!("{error}")))
}

fn lacking(digest: &str, error: &io::Error) -> Status {
    match error.kind() {
        io::ErrorKind::NotFound => Status::not_found(format!("{digest} is not there")),
        _ => Status::failed_precondition(format!("{digest} cannot be read: {error}")),
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
