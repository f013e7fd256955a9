//! Who is waiting for a container learns from the engine's own events that it is worth a look.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::engine::{Engine, EngineEvent, Keeper, Watch};
use crate::error::Result;

/// Between two looks at a container while its events come, in case one got lost.
const SAFETY: Duration = Duration::from_secs(5);
/// Between two looks while no events come.
const BLIND: Duration = Duration::from_millis(100);
/// Before a stream of events that broke is opened again.
const REOPEN: Duration = Duration::from_millis(250);

/// Follows the engine's events on the containers of one run, for everybody who waits for one of them.
#[derive(Debug)]
pub(in crate::smoke) struct Watcher {
    engine: Engine,
    label: String,
    /// By the container's id. It grows with the containers of the run.
    seen: Mutex<HashMap<String, watch::Sender<Seen>>>,
    open: AtomicBool,
}

/// What the events told of one container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::smoke) struct Seen {
    /// How many times it was worth a look.
    looks: u64,
    /// A process of it was killed for memory.
    pub(in crate::smoke) oom: bool,
}

/// News of one container. What happens from its making on is not missed.
#[derive(Debug)]
pub(in crate::smoke) struct News<'a> {
    watcher: &'a Watcher,
    receiver: watch::Receiver<Seen>,
}

impl Watcher {
    /// A watcher for what `keeper` makes. Nothing comes before [`run`](Self::run) is awaited beside the rest.
    pub(in crate::smoke) fn new(keeper: &Keeper) -> Watcher {
        Watcher::labelled(keeper.engine(), keeper.run_label())
    }

    /// A watcher for the containers that carry `label`, `key=value`.
    pub(in crate::smoke) fn labelled(engine: &Engine, label: String) -> Watcher {
        Watcher { engine: engine.clone(), label, seen: Mutex::default(), open: AtomicBool::new(false) }
    }

    /// Awaits `work` and follows the events meanwhile.
    pub(in crate::smoke) async fn beside<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            // Events first, so that a waiter that looks does not look twice.
            biased;
            never = Box::pin(self.run()) => match never {},
            done = work => done,
        }
    }

    async fn run(&self) -> std::convert::Infallible {
        let mut since = self.engine.info().clock.unwrap_or_default();
        loop {
            if let Ok(mut stream) =
                self.engine.watch(since, &["container"], std::slice::from_ref(&self.label)).await
            {
                self.open.store(true, Ordering::Relaxed);
                // What happened in between: one look each tells.
                self.wake_all();
                // An error and an end are alike: whoever waits for an engine that is lost hears it from his own call.
                let _ = self.follow(&mut stream, &mut since).await;
                self.open.store(false, Ordering::Relaxed);
                self.wake_all();
            }
            tokio::time::sleep(REOPEN).await;
        }
    }

    async fn follow(&self, stream: &mut Watch, since: &mut i64) -> Result<()> {
        while let Some(event) = stream.next().await? {
            *since = (event.time_nanos / 1_000_000_000).max(*since);
            self.take(&event);
        }
        Ok(())
    }

    fn take(&self, event: &EngineEvent) {
        // Commands run in containers come and go, the probes of a HEALTHCHECK among them.
        if event.action.starts_with("exec_") || event.action == "top" {
            return;
        }
        self.sender(&event.id).send_modify(|seen| {
            seen.looks = seen.looks.wrapping_add(1);
            seen.oom |= event.action == "oom";
        });
    }

    fn wake_all(&self) {
        self.lock().values().for_each(|sender| {
            sender.send_modify(|seen| seen.looks = seen.looks.wrapping_add(1));
        });
    }

    /// News of the container `id` from now on.
    pub(in crate::smoke) fn news(&self, id: &str) -> News<'_> {
        News { watcher: self, receiver: self.sender(id).subscribe() }
    }

    /// What the events told of the container `id` so far.
    pub(in crate::smoke) fn seen(&self, id: &str) -> Seen {
        self.lock().get(id).map(|sender| *sender.borrow()).unwrap_or_default()
    }

    fn sender(&self, id: &str) -> watch::Sender<Seen> {
        self.lock().entry(id.to_owned()).or_default().clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<Seen>>> {
        // Whole whatever panicked while it was held.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl News<'_> {
    /// Waits until the container is worth another look: something happened to it since the last call, or a while has
    /// passed.
    pub(in crate::smoke) async fn next(&mut self) {
        let pause = if self.watcher.open.load(Ordering::Relaxed) { SAFETY } else { BLIND };
        let _ = tokio::time::timeout(pause, self.receiver.changed()).await;
    }
}
