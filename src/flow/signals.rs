//! Signals: the first cancels and cleans up, the same one again ends at once.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events};
use crate::stop::Stop;

/// A signal that ends a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caught {
    Interrupt,
    Terminate,
}

impl Caught {
    pub(super) fn name(self) -> &'static str {
        match self {
            Caught::Interrupt => "SIGINT",
            Caught::Terminate => "SIGTERM",
        }
    }

    pub(super) fn error(self) -> Error {
        let kind = match self {
            Caught::Interrupt => Kind::Interrupted,
            Caught::Terminate => Kind::Terminated,
        };
        Error::new(kind, format!("cancelled by {}", self.name()))
    }
}

/// The signals of this process, from the moment it is made.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    first: Option<Caught>,
}

impl Signals {
    pub(super) fn listen() -> Result<Signals> {
        let listen = |kind| {
            signal(kind)
                .map_err(|cause| Error::new(Kind::Internal, "cannot listen for signals").because(cause))
        };
        Ok(Signals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            first: None,
        })
    }

    /// Runs `work` until it ends or a first signal drops it.
    pub(super) async fn until_first<T>(
        &mut self,
        events: &Events,
        stop: &Stop,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        tokio::select! {
            biased;
            caught = self.next() => {
                self.first = Some(caught);
                stop.set();
                events.emit(Event::Cancelling { signal: caught.name().to_owned() });
                Err(caught.error())
            }
            result = work => result,
        }
    }

    /// Runs the clean-up `work`; the same signal again ends it, another one does not, as CI systems send SIGTERM
    /// after SIGINT. A clean-up that no signal began is not hurried by a first one, but remembers it.
    pub(super) async fn until_repeated<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                caught = self.next() => {
                    if self.first.replace(self.first.unwrap_or(caught)) == Some(caught) {
                        return Err(caught.error());
                    }
                }
            }
        }
    }

    /// The first signal that arrived.
    pub(super) fn first(&self) -> Option<Caught> {
        self.first
    }

    async fn next(&mut self) -> Caught {
        tokio::select! {
            _ = self.interrupt.recv() => Caught::Interrupt,
            _ = self.terminate.recv() => Caught::Terminate,
        }
    }
}
