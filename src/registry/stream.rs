//! Bytes that pass through without being kept, and a watch on whether they move.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::BoxStream;

use super::fault::Fault;

/// Bytes on their way. After an error comes nothing more.
pub(super) type ByteStream = BoxStream<'static, Result<Bytes, Fault>>;

/// Whether the peer takes what is sent to it. The HTTP library's own limit counts from the beginning of a request: a
/// long upload would be cut off while it flows.
#[derive(Debug)]
pub(super) struct Pulse(Mutex<Beat>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Beat {
    last: Instant,
    /// The peer waits for us: its source has a limit of its own.
    ours: bool,
}

impl Pulse {
    pub(super) fn new() -> Pulse {
        Pulse(Mutex::new(Beat { last: Instant::now(), ours: false }))
    }

    /// The peer asks for more.
    pub(super) fn asked(&self) {
        self.set(true);
    }

    /// The peer got what it asked for.
    pub(super) fn gave(&self) {
        self.set(false);
    }

    /// Ends when the peer has neither taken anything nor waited for us during `idle`.
    pub(super) async fn quiet(&self, idle: Duration) {
        loop {
            let before = self.get();
            let wait = match before.ours {
                true => idle,
                false => idle.saturating_sub(before.last.elapsed()),
            };
            tokio::time::sleep(wait).await;
            if self.get() == before && !before.ours {
                return;
            }
        }
    }

    fn get(&self) -> Beat {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, ours: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Beat { last: Instant::now(), ours };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether silence is noticed, sooner or later.
    async fn is_quiet(pulse: &Pulse) -> bool {
        tokio::time::timeout(Duration::from_secs(60), pulse.quiet(Duration::ZERO)).await.is_ok()
    }

    /// Whether it goes unnoticed over so many turns of the runtime.
    async fn is_heard(pulse: &Pulse) -> bool {
        let turns = async {
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = pulse.quiet(Duration::ZERO) => false,
            () = turns => true,
        }
    }

    #[tokio::test]
    async fn only_the_peers_silence_counts() {
        let pulse = Pulse::new();
        assert!(is_quiet(&pulse).await);
        // It waits for our source, which has a limit of its own.
        pulse.asked();
        assert!(is_heard(&pulse).await);
        pulse.gave();
        assert!(is_quiet(&pulse).await);
    }
}
