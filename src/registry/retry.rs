//! Which failures may pass, and how long to wait for that.

use std::error::Error as _;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use super::transport::{Answer, Fault};

/// How often a request is sent at most.
const MAX_TRIES: u32 = 3;
/// The longest cause that a message repeats, in characters: a certificate may list a hundred names.
const MAX_CAUSE: usize = 200;
/// The pause before the second try; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(300);

/// What is left of the patience with one request.
pub(super) struct Patience {
    until: Instant,
    /// Sent so far, the one under way included.
    pub(super) tries: u32,
}

impl Patience {
    pub(super) fn new(budget: Duration) -> Patience {
        let now = Instant::now();
        Patience { until: now.checked_add(budget).unwrap_or(now), tries: 1 }
    }

    /// The pause before the next try; `None` where `result` is final.
    pub(super) fn after(&mut self, result: &Result<Answer, Fault>) -> Option<Duration> {
        match result {
            Ok(answer) if answer.status.as_u16() == 429 || answer.status.is_server_error() => {
                self.pause(retry_after(&answer.headers))
            }
            Err(Fault::Broken(broken, _)) if broken.may_pass() => self.pause(None),
            _ => None,
        }
    }

    /// How long to wait before the next try: as long as the registry `asked` for, else a pause that grows; `None` where
    /// patience ends.
    pub(super) fn pause(&mut self, asked: Option<Duration>) -> Option<Duration> {
        if self.tries >= MAX_TRIES {
            return None;
        }
        let pause = asked.unwrap_or_else(|| jittered(FIRST_PAUSE.saturating_mul(1 << (self.tries - 1))));
        if Instant::now() + pause > self.until {
            return None;
        }
        self.tries += 1;
        Some(pause)
    }
}

/// Between half of `pause` and all of it, so that many runs do not come back together.
fn jittered(pause: Duration) -> Duration {
    // A hasher's keys are random: no crate is needed for so little chance.
    let dice = u32::try_from(RandomState::new().hash_one(()) % 1000).unwrap_or_default();
    pause / 2 + pause / 2 * dice / 1000
}

/// What became of a request that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Nobody listens.
    Refused,
    /// The name is unknown.
    Name,
    /// The peer's certificate is not trusted, or it does not speak TLS.
    Tls,
    /// Nothing came for too long.
    Timeout,
    /// The connection came about and broke.
    Lost,
}

impl Broken {
    /// Whether to try again: a lost connection and a restarting registry may be back in a moment.
    pub(super) fn may_pass(self) -> bool {
        matches!(self, Broken::Lost | Broken::Refused)
    }

    pub(super) fn of(error: &reqwest::Error) -> Broken {
        if error.is_timeout() {
            return Broken::Timeout;
        }
        let mut cause = error.source();
        while let Some(next) = cause {
            if let Some(broken) = Broken::of_cause(next) {
                return broken;
            }
            cause = next.source();
        }
        Broken::Lost
    }

    fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Broken> {
        if cause.is::<rustls::Error>() {
            return Some(Broken::Tls);
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::ConnectionRefused => Some(Broken::Refused),
                std::io::ErrorKind::TimedOut => Some(Broken::Timeout),
                // An error wrapped by an I/O error is skipped by its `source`.
                _ => Broken::of_cause(io.get_ref()?),
            };
        }
        cause.to_string().starts_with("dns error").then_some(Broken::Name)
    }
}

/// The innermost cause: the outer ones repeat the address.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = next.to_string();
        cause = next.source();
    }
    text.chars().take(MAX_CAUSE).collect()
}

/// The seconds of a `Retry-After` header.
fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends() {
        let mut patience = Patience::new(Duration::from_secs(20));
        let first = patience.pause(None).unwrap();
        assert!(first >= FIRST_PAUSE / 2 && first <= FIRST_PAUSE, "{first:?}");
        assert_eq!(patience.pause(Some(Duration::from_secs(3))), Some(Duration::from_secs(3)));
        assert_eq!(patience.pause(None), None);
        assert_eq!(Patience::new(Duration::from_secs(2)).pause(Some(Duration::from_secs(60))), None);
        assert_eq!(Patience::new(Duration::MAX).pause(Some(Duration::from_secs(60))), None);
    }
}
