//! The way of an image into the engine that a builder hands over as an archive: it is passed on as it comes.

mod names;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{RwLock, oneshot};

use self::names::Names;
use super::client::Engine;
use super::upload::{self, Feed};
use crate::error::{Error, Kind, Result};

/// Where the archive of one build goes, and under which name. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Landing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    name: String,
    /// Read-held while the engine loads, as for every creation.
    creating: Arc<RwLock<()>>,
    begun: AtomicBool,
    bytes: AtomicU64,
    outcome: Mutex<Outcome>,
}

#[derive(Debug)]
enum Outcome {
    /// Nothing came, or what came broke off on its way to us.
    Open,
    Loaded,
    /// What the engine said, or what is wrong with the archive.
    Failed(Error),
}

impl Landing {
    pub(super) fn new(engine: Engine, name: String, creating: Arc<RwLock<()>>) -> Landing {
        let (begun, bytes) = (AtomicBool::new(false), AtomicU64::new(0));
        Landing(Arc::new(Inner { engine, name, creating, begun, bytes, outcome: Mutex::new(Outcome::Open) }))
    }

    /// The name that the image gets on the engine, tag included.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Bytes that came so far.
    pub(super) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Whether the engine has the image.
    pub(super) fn is_loaded(&self) -> bool {
        matches!(*self.outcome(), Outcome::Loaded)
    }

    /// Why the engine has not got it, where that is not because the archive broke off on its way to us. It is told once.
    pub(super) fn failure(&self) -> Option<Error> {
        let mut outcome = self.outcome();
        match std::mem::replace(&mut *outcome, Outcome::Open) {
            Outcome::Failed(error) => Some(error),
            other => {
                *outcome = other;
                None
            }
        }
    }

    /// Begins to load; `None` where that was done before. The engine goes on where this future's caller is cancelled only
    /// until it notices that the archive broke off.
    pub(super) async fn begin(&self) -> Option<Arrival> {
        if self.0.begun.swap(true, Ordering::Relaxed) {
            return None;
        }
        let (feed, archive) = upload::fed();
        let (answer, answered) = oneshot::channel();
        let held = Arc::clone(&self.0.creating).read_owned().await;
        let engine = self.0.engine.clone();
        tokio::spawn(async move {
            let loaded = engine.load_images(archive).await;
            drop(held);
            // Nobody waits for it any more where the run was cancelled.
            let _ = answer.send(loaded);
        });
        let names = Names::new(self.name());
        Some(Arrival { landing: self.clone(), feed, names, answered })
    }

    fn outcome(&self) -> std::sync::MutexGuard<'_, Outcome> {
        self.0.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what went wrong, and gives its text for the builder.
    fn failed(&self, error: Error) -> String {
        let text = error.to_string();
        *self.outcome() = Outcome::Failed(error);
        text
    }
}

/// An archive that is under way. Dropped before its end, it leaves nothing on the engine.
#[derive(Debug)]
pub(super) struct Arrival {
    landing: Landing,
    feed: Feed,
    names: Names,
    answered: oneshot::Receiver<Result<()>>,
}

impl Arrival {
    /// Passes the next bytes on. The error is for the builder; ours is in [`Landing::failure`].
    pub(super) async fn take(mut self, bytes: Vec<u8>) -> Result<Arrival, String> {
        if let Err(why) = self.names.push(&bytes) {
            return Err(self.landing.failed(unfit(&why)));
        }
        let length = bytes.len() as u64;
        if !self.feed.send(Bytes::from(bytes)).await {
            return Err(self.settle().await.err().unwrap_or_else(|| "the engine stopped reading".to_owned()));
        }
        self.landing.0.bytes.fetch_add(length, Ordering::Relaxed);
        Ok(self)
    }

    /// Everything came: waits until the engine has loaded it.
    pub(super) async fn end(self) -> Result<(), String> {
        if !self.names.is_whole() {
            return Err(self.landing.failed(unfit("it ends in the middle")));
        }
        let Arrival { landing, feed, names: _, answered } = self;
        // Where the engine stopped reading, its answer says why.
        let read = feed.end().await;
        wait(&landing, answered, read).await
    }

    /// The answer of an engine that stopped reading.
    async fn settle(self) -> Result<(), String> {
        let Arrival { landing, feed, answered, .. } = self;
        drop(feed);
        wait(&landing, answered, false).await
    }
}

/// The engine's answer; it counts as success only where everything was `read`.
async fn wait(landing: &Landing, answered: oneshot::Receiver<Result<()>>, read: bool) -> Result<(), String> {
    match answered.await {
        Ok(Ok(())) if read => {
            *landing.outcome() = Outcome::Loaded;
            Ok(())
        }
        Ok(Ok(())) => {
            let early = "the engine ended the load before it had read the whole image";
            Err(landing.failed(Error::new(Kind::Engine, early)))
        }
        Ok(Err(error)) => Err(landing.failed(error)),
        Err(_) => Err(landing.failed(Error::new(Kind::Internal, "loading the image broke off"))),
    }
}

fn unfit(why: &str) -> Error {
    Error::new(Kind::Engine, format!("the builder hands over an image that is not taken: {why}"))
        .hint("see that what listens there is a BuildKit, and nobody in between")
}
