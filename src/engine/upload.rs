//! The bridge between a blocking writer of an archive and the body of a request: a build's context, a file system.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Error, Kind, Result};

/// Bytes per piece; with [`PIECES`] the most that waits for the engine.
const PIECE: usize = 256 << 10;
const PIECES: usize = 4;

/// A writer for a blocking thread and the body that the engine reads; they share the progress.
fn channel() -> (Writer, Upload, Progress) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let progress = Progress::default();
    let writer = Writer { sender, piece: BytesMut::with_capacity(PIECE), progress: progress.clone() };
    (writer, Upload { receiver, progress: progress.clone(), ended: false }, progress)
}

/// Runs `write` on a blocking thread, into the body. The task gives what it returned, its error, or `None` where nobody
/// reads any more: whoever closed the connection knows why.
pub(super) fn from_writer<T: Send + 'static>(
    write: impl FnOnce(&mut dyn io::Write) -> Result<T> + Send + 'static,
) -> (Upload, Progress, JoinHandle<Result<Option<T>>>) {
    let (mut writer, body, progress) = channel();
    let sent = progress.clone();
    let task = tokio::task::spawn_blocking(move || {
        let outcome = write(&mut writer).and_then(|written| {
            writer
                .end()
                .map_err(|error| Error::new(Kind::Engine, "cannot send to the engine").because(error))?;
            Ok(written)
        });
        match outcome {
            Err(_) if sent.was_refused() => Ok(None),
            other => other.map(Some),
        }
    });
    (body, progress, task)
}

/// The writer's end of a body for a task: what it is given waits for the engine.
#[derive(Debug)]
pub(super) struct Feed {
    sender: mpsc::Sender<Piece>,
}

/// A body that a task feeds. Dropping the feed without [`end`](Feed::end) ends the body in an error.
pub(super) fn fed() -> (Feed, Upload) {
    let (sender, receiver) = mpsc::channel(PIECES);
    (Feed { sender }, Upload { receiver, progress: Progress::default(), ended: false })
}

impl Feed {
    /// Waits until there is room for `bytes`; false where nobody reads any more.
    pub(super) async fn send(&self, mut bytes: Bytes) -> bool {
        while !bytes.is_empty() {
            let piece = bytes.split_to(PIECE.min(bytes.len()));
            if self.sender.send(Piece::Bytes(piece)).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Says that everything was sent; false where nobody reads any more.
    pub(super) async fn end(self) -> bool {
        self.sender.send(Piece::End).await.is_ok()
    }
}

/// How far the upload is.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    taken: Arc<AtomicU64>,
    refused: Arc<AtomicBool>,
}

impl Progress {
    /// Bytes that the connection has taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether the writer was told that nobody reads any more: its error is then not the cause of anything.
    pub(super) fn was_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    /// Everything was written. Without it the body ends in an error, and the engine makes nothing of it.
    End,
}

/// Blocks in `write` while the engine is slow; fails with `BrokenPipe` once nobody reads.
pub(super) struct Writer {
    sender: mpsc::Sender<Piece>,
    piece: BytesMut,
    progress: Progress,
}

impl Writer {
    /// Says that everything was written.
    pub(super) fn end(mut self) -> io::Result<()> {
        io::Write::flush(&mut self)?;
        self.send(Piece::End)
    }

    fn send(&self, piece: Piece) -> io::Result<()> {
        self.sender.blocking_send(piece).map_err(|_| {
            self.progress.refused.store(true, Ordering::Relaxed);
            io::Error::new(io::ErrorKind::BrokenPipe, "the engine takes no more bytes")
        })
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE.saturating_sub(self.piece.len()).min(bytes.len());
        self.piece.extend_from_slice(bytes.get(..room).unwrap_or_default());
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, BytesMut::with_capacity(PIECE)).freeze();
        self.send(Piece::Bytes(piece))
    }
}

/// The request's body.
pub(super) struct Upload {
    receiver: mpsc::Receiver<Piece>,
    progress: Progress,
    ended: bool,
}

impl Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let piece = std::task::ready!(self.receiver.poll_recv(cx));
        Poll::Ready(match piece {
            Some(Piece::Bytes(bytes)) => {
                self.progress.taken.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                Some(Ok(Frame::data(bytes)))
            }
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            None => {
                self.ended = true;
                Some(Err(io::Error::other("the bytes to send could not be read to their end")))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn bytes_come_out_in_order_and_the_end_is_told() {
        let (mut writer, upload, progress) = channel();
        let task = tokio::task::spawn_blocking(move || {
            for n in 0..700_000u32 {
                writer.write_all(&n.to_le_bytes()).unwrap();
            }
            writer.end().unwrap();
        });
        let got = upload.collect().await.unwrap().to_bytes();
        task.await.unwrap();
        assert_eq!((got.len(), progress.taken()), (2_800_000, 2_800_000));
        assert!(got.chunks(4).enumerate().all(|(n, c)| c == (n as u32).to_le_bytes()));
    }

    #[tokio::test]
    async fn a_writer_that_gives_up_is_an_error_and_not_a_short_context() {
        let (mut writer, upload, progress) = channel();
        tokio::task::spawn_blocking(move || writer.write_all(b"half")).await.unwrap().unwrap();
        assert!(upload.collect().await.is_err());
        assert!(!progress.was_refused());
    }

    #[tokio::test]
    async fn what_is_fed_comes_out_and_a_feed_that_is_dropped_is_an_error() {
        let (feed, upload) = fed();
        let large = Bytes::from(vec![7; 3 * PIECE + 1]);
        let feeding = tokio::spawn(async move { feed.send(large).await && feed.end().await });
        assert_eq!(upload.collect().await.unwrap().to_bytes().len(), 3 * PIECE + 1);
        assert!(feeding.await.unwrap());

        let (feed, upload) = fed();
        assert!(feed.send(Bytes::from_static(b"half")).await);
        drop(feed);
        assert!(upload.collect().await.is_err());

        let (feed, upload) = fed();
        drop(upload);
        assert!(!feed.send(Bytes::from_static(b"x")).await && !feed.end().await);
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_stops_the_writer() {
        let (mut writer, upload, progress) = channel();
        drop(upload);
        let error =
            tokio::task::spawn_blocking(move || writer.write_all(&[0; PIECE])).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert!(progress.was_refused());
    }
}
