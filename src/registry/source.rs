//! Where a blob's bytes come from, and the check on them as they pass.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use super::fault::{Fault, Told};
use super::stream::{ByteStream, Pulse};
use super::{Descriptor, Mismatch, Registry, blob};
use crate::error::{Error, Kind, Result};
use crate::image::Digest;

/// The most that is handed on at once, in bytes: what is larger says nothing about whether it moves.
const PIECE: usize = 64 << 10;

/// Where the bytes of a blob are.
#[derive(Debug, Clone)]
pub enum BlobSource<'a> {
    /// Here.
    Bytes(Bytes),
    /// In the repository at `path` of a registry. Where the blob goes to the same registry, it need not be sent.
    Registry {
        /// The registry that is read.
        registry: &'a Registry,
        /// The repository's path there.
        path: &'a str,
    },
}

/// A blob that is read for an upload: from any offset, as often as it takes, and checked once over all its bytes.
pub(super) struct Tap<'a> {
    source: BlobSource<'a>,
    flow: Arc<Flow>,
}

/// What a tap shares with the streams that it gave out.
struct Flow {
    descriptor: Descriptor,
    /// For messages: where the bytes come from.
    place: String,
    pulse: Arc<Pulse>,
    state: Mutex<State>,
}

struct State {
    hasher: Sha256,
    /// How many bytes were hashed. What is sent again is not hashed again: the peer's own check covers it.
    upto: u64,
    /// A source that stands where the last stream ended.
    open: Option<Open>,
    /// Why a stream ended early.
    fault: Option<Fault>,
}

/// An open source.
struct Open {
    at: u64,
    stream: ByteStream,
    left: Bytes,
}

impl<'a> Tap<'a> {
    pub(super) fn new(source: BlobSource<'a>, descriptor: Descriptor) -> Tap<'a> {
        let place = match &source {
            BlobSource::Bytes(_) => "memory".to_owned(),
            BlobSource::Registry { registry, path } => format!("{}/{path}", registry.host()),
        };
        let state = State { hasher: Sha256::new(), upto: 0, open: None, fault: None };
        let (pulse, state) = (Arc::new(Pulse::new()), Mutex::new(state));
        Tap { source, flow: Arc::new(Flow { descriptor, place, pulse, state }) }
    }

    /// Beats as the streams are read.
    pub(super) fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.flow.pulse)
    }

    /// How many bytes from the beginning have passed so far, in whatever pieces.
    pub(super) fn passed(&self) -> u64 {
        self.flow.state().upto
    }

    /// Why the last stream ended early, if it was the source's fault.
    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.flow.state().fault.take()
    }

    /// Exactly `length` bytes from `start` on. The last byte of the blob is given out only if all of them have the
    /// blob's digest.
    pub(super) async fn part(&self, start: u64, length: u64) -> Result<ByteStream, Fault> {
        let standing = self.flow.state().open.take().filter(|open| open.at == start);
        let open = match standing {
            Some(open) => open,
            None => Open { at: start, stream: self.open(start).await?, left: Bytes::new() },
        };
        let flow = Arc::clone(&self.flow);
        let parts = stream::unfold(Some((flow, open, length)), |state| async move {
            let (flow, mut open, left) = state?;
            if left == 0 {
                flow.state().open = Some(open);
                return None;
            }
            flow.pulse.asked();
            let piece = flow.piece(&mut open, left).await;
            flow.pulse.gave();
            match piece {
                Ok(piece) => {
                    let left = left.saturating_sub(length_of(&piece));
                    Some((Ok(piece), Some((flow, open, left))))
                }
                Err(fault) => {
                    flow.state().fault = Some(fault);
                    // Of no interest: the one who sends it looks at the fault.
                    Some((Err(Fault::Unacceptable("the source broke".to_owned())), None))
                }
            }
        });
        Ok(parts.boxed())
    }

    /// The whole blob, which must be small.
    pub(super) async fn whole(&self) -> Result<Bytes, Fault> {
        let size = self.flow.descriptor.size;
        let mut bytes = BytesMut::new();
        let mut part = self.part(0, size).await?;
        while let Some(piece) = part.next().await {
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece),
                Err(fault) => return Err(self.take_fault().unwrap_or(fault)),
            }
        }
        if size == 0 {
            self.flow.check(&self.flow.state())?;
        }
        Ok(bytes.freeze())
    }

    fn open(&self, start: u64) -> BoxFuture<'_, Result<ByteStream, Fault>> {
        // Boxed, since reading is a request as much as the upload that reads.
        Box::pin(self.open_unboxed(start))
    }

    async fn open_unboxed(&self, start: u64) -> Result<ByteStream, Fault> {
        match &self.source {
            BlobSource::Bytes(bytes) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len());
                let rest = bytes.slice(start..);
                Ok(stream::iter([Ok(rest)]).boxed())
            }
            BlobSource::Registry { registry, path } => {
                blob::open(registry.session(), path, &self.flow.descriptor, start).await.map_err(Fault::told)
            }
        }
    }
}

impl Flow {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next bytes of `open`, at most `left` of them, hashed if they pass for the first time.
    async fn piece(&self, open: &mut Open, left: u64) -> Result<Bytes, Fault> {
        while open.left.is_empty() {
            match open.stream.next().await {
                Some(Ok(piece)) => open.left = piece,
                Some(Err(Fault::Broken(_, why))) => {
                    return Err(self.ended(&format!("broke after {} bytes ({why})", open.at)));
                }
                Some(Err(fault)) => return Err(fault),
                None => return Err(self.ended(&format!("ended after {} bytes", open.at))),
            }
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE).min(open.left.len());
        let piece = open.left.split_to(most);
        let before = open.at;
        open.at = before.saturating_add(length_of(&piece));
        let mut state = self.state();
        if open.at > state.upto {
            let known = usize::try_from(state.upto.saturating_sub(before)).unwrap_or(usize::MAX);
            state.hasher.update(piece.get(known..).unwrap_or_default());
            state.upto = open.at;
        }
        if open.at == self.descriptor.size {
            if !open.left.is_empty() {
                let why = format!("{} is larger than its size says, {}", self.name(), self.descriptor.size);
                let mismatch = Mismatch::new("is larger than its size says");
                return Err(Fault::told(Error::new(Kind::Registry, why).because(mismatch)));
            }
            self.check(&state)?;
        }
        Ok(piece)
    }

    /// Compares what has passed with the digest.
    fn check(&self, state: &State) -> Result<(), Fault> {
        let digest = Digest::from_hash(state.hasher.clone().finalize().into());
        if digest == self.descriptor.digest {
            return Ok(());
        }
        let why = format!("{} has the digest {digest}: nothing of it was kept", self.name());
        let error =
            Error::new(Kind::Registry, why).because(Mismatch::new(format!("has the digest {digest}")));
        Err(Fault::told(error.hint("the source is damaged, or something in between changes it")))
    }

    /// The error for a source that ended too early; it may do better when it is opened again.
    fn ended(&self, how: &str) -> Fault {
        let error = Error::new(Kind::Registry, format!("{} {how}", self.name()));
        Fault::Told(Told::Passing, error.hint("the registry it is read from has a bad minute: try again"))
    }

    fn name(&self) -> String {
        format!("the blob {} from {}", self.descriptor.digest, self.place)
    }
}

fn length_of(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
