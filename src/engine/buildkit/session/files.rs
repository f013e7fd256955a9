//! The files of a context, sent as the builder asks for them.
//!
//! First it is told of every entry, in order; then it asks for the content of those that it lacks, by number. What it asks
//! for goes through one blocking thread and a short queue, so that a slow builder slows the reading. What it asks is taken
//! at once, however slow it is: HTTP/2 has a limit for small frames that nobody takes.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bollard_buildkit_proto::fsutil::types::Packet;
use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::moby::filesync::packet::file_sync_server::FileSync;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, async_trait};

use super::packets;
use super::wanted::Wanted;
use crate::context::{Listing, Selected, Selection};
use crate::engine::buildkit::request::FileTimes;
use crate::engine::fault::cap;
use crate::error::{Error, Kind, Result};
use crate::stop::Stop;

/// Packets that wait to be sent: each batch is a few hundred entries, or one piece of a file.
const QUEUE: usize = 8;
/// Entries told of at once.
const BATCH: usize = 256;
/// Bytes of a piece of a file. Go's gRPC takes messages of 4 MB.
const PIECE: usize = 128 * 1024;
/// Transfers at once. Each has a thread and what waits to be sent; a build of many stages and platforms has a handful.
const AT_ONCE: usize = 64;

type Packets = Result<Vec<Packet>, Status>;

/// The folders that a builder may ask for: both are the context.
#[derive(Clone)]
pub(in crate::engine::buildkit) struct Files {
    listing: Arc<Listing>,
    times: FileTimes,
    stop: Stop,
    sent: Arc<Sent>,
    room: Arc<Semaphore>,
}

/// What went out so far, and why it broke off.
#[derive(Debug, Default)]
pub(in crate::engine::buildkit) struct Sent {
    /// Bytes of content.
    bytes: AtomicU64,
    failed: Mutex<Option<Error>>,
}

impl Sent {
    pub(in crate::engine::buildkit) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The first error of ours, which says more than the builder's about it.
    pub(in crate::engine::buildkit) fn failure(&self) -> Option<Error> {
        self.lock().take()
    }

    fn fail(&self, error: Error) -> Packet {
        let packet = packets::failed(&error.to_string());
        self.lock().get_or_insert(error);
        packet
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files {
    pub(in crate::engine::buildkit) fn new(listing: Arc<Listing>, times: FileTimes, stop: Stop) -> Files {
        Files { listing, times, stop, sent: Arc::default(), room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// What goes out, to look at meanwhile.
    pub(in crate::engine::buildkit) fn sent(&self) -> Arc<Sent> {
        Arc::clone(&self.sent)
    }

    /// The most files that a builder has a reason to ask for.
    pub(super) fn most(&self) -> usize {
        self.listing.len().max(1)
    }

    fn select(&self, wanted: Wanted) -> Result<Selected> {
        self.listing.select(&Selection {
            follow_paths: wanted.follow,
            include: wanted.include,
            exclude: wanted.exclude,
            forced: wanted.folder == DOCKERFILE,
        })
    }

    /// Tells of every entry that is wanted, then sends the content of those that are asked for. Blocks.
    fn send(
        &self,
        wanted: Wanted,
        asked: &mut mpsc::Receiver<u32>,
        out: &mpsc::Sender<Packets>,
    ) -> Result<()> {
        let selected = self.select(wanted)?;
        // Nobody listens any more: the build is over.
        let put = |batch: Vec<Packet>| out.blocking_send(Ok(batch)).is_ok();
        let mut batch = Vec::with_capacity(BATCH);
        for entry in selected.iter() {
            self.stop.check()?;
            batch.push(packets::stat(&entry, self.times.of(&entry))?);
            if batch.len() == BATCH && !put(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))) {
                return Ok(());
            }
        }
        batch.push(packets::last_stat());
        if !put(batch) {
            return Ok(());
        }
        while let Some(id) = asked.blocking_recv() {
            let mut contents = selected.open(id)?;
            loop {
                self.stop.check()?;
                let mut piece = vec![0; usize::try_from(contents.left()).unwrap_or(PIECE).min(PIECE)];
                let read = contents.read(&mut piece)?;
                piece.truncate(read);
                self.sent.bytes.fetch_add(read as u64, Ordering::Relaxed);
                // An empty one ends the file.
                if !put(vec![packets::data(id, piece)]) {
                    return Ok(());
                }
                if read == 0 {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// The builder's names for the folders.
const CONTEXT: &str = "context";
const DOCKERFILE: &str = "dockerfile";

#[async_trait]
impl FileSync for Files {
    type DiffCopyStream = Pin<Box<dyn Stream<Item = Result<Packet, Status>> + Send>>;
    type TarStreamStream = tokio_stream::Empty<Result<Packet, Status>>;

    async fn diff_copy(
        &self,
        request: Request<Streaming<Packet>>,
    ) -> Result<Response<Self::DiffCopyStream>, Status> {
        let wanted = Wanted::of(request.metadata());
        if wanted.folder != CONTEXT && wanted.folder != DOCKERFILE {
            return Err(Status::not_found(format!("the run gives no folder {:?}", wanted.folder)));
        }
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else {
            return Err(Status::resource_exhausted(format!("{AT_ONCE} transfers are under way already")));
        };
        let mut said = request.into_inner();
        let (out, packets) = mpsc::channel::<Packets>(QUEUE);
        let (ask, mut asked) = mpsc::channel::<u32>(self.most());
        let (files, answers) = (self.clone(), out.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = files.send(wanted, &mut asked, &answers) {
                let _ = answers.blocking_send(Ok(vec![files.sent.fail(error)]));
            }
            drop(room);
        });
        let sent = Arc::clone(&self.sent);
        tokio::spawn(async move {
            while let Ok(Some(packet)) = said.message().await {
                match packet.r#type() {
                    PacketType::PacketReq if ask.send(packet.id).await.is_err() => break,
                    PacketType::PacketFin => {
                        let _ = out.send(Ok(vec![packets::fin()])).await;
                        break;
                    }
                    PacketType::PacketErr => {
                        let said = String::from_utf8_lossy(&packet.data).into_owned();
                        // Where something else failed, it is only cut off, and the builder's answer says what.
                        if !said.trim_end().ends_with("context canceled") {
                            let what = format!("BuildKit gave up taking the context: {}", cap(&said));
                            sent.fail(Error::new(Kind::Engine, what));
                        }
                        break;
                    }
                    _ => {}
                }
            }
        });
        Ok(Response::new(Box::pin(Flat {
            batches: ReceiverStream::new(packets),
            now: Vec::new().into_iter(),
        })))
    }

    async fn tar_stream(
        &self,
        _: Request<Streaming<Packet>>,
    ) -> Result<Response<Self::TarStreamStream>, Status> {
        Err(Status::unimplemented("files are sent one by one"))
    }
}

/// Batches as single packets.
struct Flat {
    batches: ReceiverStream<Packets>,
    now: std::vec::IntoIter<Packet>,
}

impl Stream for Flat {
    type Item = Result<Packet, Status>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        use std::task::Poll;
        loop {
            if let Some(packet) = self.now.next() {
                return Poll::Ready(Some(Ok(packet)));
            }
            match Pin::new(&mut self.batches).poll_next(cx) {
                Poll::Ready(Some(Ok(batch))) => self.now = batch.into_iter(),
                Poll::Ready(Some(Err(status))) => return Poll::Ready(Some(Err(status))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
