//! Which failures may pass, and how long to wait for that. Nothing else decides it.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::fault::{Broken, Fault};
use super::transport::Answer;
use crate::error::Error;

/// The pause before the second try; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
/// The longest pause that the registry did not ask for.
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// The patience with a registry that never answered: more likely it is not there than that it starts just now.
const UNSEEN: Duration = Duration::from_secs(2);

/// Whether the registry works, or what keeps it from that.
#[derive(Debug)]
pub enum Verdict {
    /// It does.
    Works,
    /// Something that may be gone in a moment: an overloaded or restarting registry, a broken connection.
    MayPass(Error),
    /// Something that trying again does not change.
    Permanent(Error),
}

/// What is left of the patience with one request. It begins to run out with the first failure, however long that took
/// to show.
#[derive(Debug)]
pub(super) struct Patience {
    budget: Duration,
    until: Option<Instant>,
    pause: Duration,
    /// Sent so far, the one under way included.
    pub(super) tries: u32,
}

impl Patience {
    pub(super) fn new(budget: Duration) -> Patience {
        Patience { budget, until: None, pause: FIRST_PAUSE, tries: 1 }
    }

    /// The pause before the next try; `None` where `result` is final or patience has ended. `seen` says whether the
    /// registry ever answered.
    pub(super) fn after(&mut self, result: &Result<Answer, Fault>, seen: bool) -> Option<Duration> {
        if !may_pass(result) {
            return None;
        }
        let absent = matches!(result, Err(Fault::Broken(Broken::Refused | Broken::Timeout, _))) && !seen;
        if absent && self.until.is_none() {
            self.budget = self.budget.min(UNSEEN);
        }
        let asked = result.as_ref().ok().and_then(|answer| retry_after(&answer.headers, Timestamp::now()));
        self.next(asked, Instant::now())
    }

    /// The pause before the next try after a failure that may pass, whatever it was.
    pub(super) fn once_more(&mut self) -> Option<Duration> {
        self.next(None, Instant::now())
    }

    /// Forgets the failures so far: there was progress.
    pub(super) fn renew(&mut self) {
        self.until = None;
        self.pause = FIRST_PAUSE;
    }

    /// The pause after a failure at `now`: as long as the registry `asked` for, and never less than a pause that grows.
    fn next(&mut self, asked: Option<Duration>, now: Instant) -> Option<Duration> {
        let budget = self.budget;
        let until = *self.until.get_or_insert_with(|| now.checked_add(budget).unwrap_or(now));
        let pause = jittered(self.pause).max(asked.unwrap_or_default());
        if pause > until.saturating_duration_since(now) {
            return None;
        }
        self.pause = self.pause.saturating_mul(2).min(MAX_PAUSE);
        self.tries = self.tries.saturating_add(1);
        Some(pause)
    }
}

/// Whether what failed may succeed when it is tried again. A success is no failure.
pub(super) fn may_pass(result: &Result<Answer, Fault>) -> bool {
    match result {
        Ok(answer) => status_may_pass(answer.status),
        Err(Fault::Broken(broken, _)) => broken.may_pass(),
        // Those that may pass were tried again where they came from.
        Err(Fault::Unacceptable(_) | Fault::Told(..)) => false,
    }
}

/// 501 and 505 say what the registry cannot do, not how it is.
fn status_may_pass(status: StatusCode) -> bool {
    let code = status.as_u16();
    matches!(code, 408 | 429) || (status.is_server_error() && !matches!(code, 501 | 505))
}

/// Between half of `pause` and all of it, so that many runs do not come back together.
fn jittered(pause: Duration) -> Duration {
    // A hasher's keys are random: no crate is needed for so little chance.
    let dice = u32::try_from(RandomState::new().hash_one(()) % 1000).unwrap_or_default();
    pause / 2 + pause / 2 * dice / 1000
}

/// How long the `Retry-After` header asks to wait: it holds seconds or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    // A date that is past asks for nothing.
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn answered(status: u16) -> Result<Answer, Fault> {
        Ok(Answer::empty(StatusCode::from_u16(status).unwrap()))
    }

    #[test]
    fn statuses_that_pass() {
        for status in [408, 429, 500, 502, 503, 504, 599] {
            assert!(may_pass(&answered(status)), "{status}");
        }
        for status in [200, 202, 307, 400, 401, 403, 404, 405, 409, 413, 416, 501, 505] {
            assert!(!may_pass(&answered(status)), "{status}");
        }
    }

    #[test]
    fn breaks_that_pass() {
        let broken = |broken| may_pass(&Err(Fault::Broken(broken, String::new())));
        assert!([Broken::Lost, Broken::Refused, Broken::Timeout].into_iter().all(broken));
        assert!(![Broken::Name, Broken::Tls].into_iter().any(broken));
        assert!(!may_pass(&Err(Fault::Unacceptable(String::new()))));
    }

    #[test]
    fn pauses_grow_up_to_a_limit_and_the_budget_ends_them() {
        let mut patience = Patience::new(Duration::from_secs(60));
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        while let Some(pause) = patience.next(None, now) {
            pauses.push(pause);
            now += pause;
        }
        let wanted = [300, 600, 1200, 2400, 4800, 5000, 5000].map(Duration::from_millis);
        for (pause, wanted) in pauses.iter().zip(wanted) {
            assert!(*pause >= wanted / 2 && *pause <= wanted, "{pauses:?}");
        }
        assert!(pauses.iter().sum::<Duration>() > Duration::from_secs(54), "{pauses:?}");
        assert_eq!(usize::try_from(patience.tries).unwrap(), pauses.len() + 1);
    }

    #[test]
    fn the_budget_runs_from_the_first_failure_and_anew_after_progress() {
        let start = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(1));
        let late = start + Duration::from_secs(100);
        assert!(patience.next(None, late).is_some());
        assert!(patience.next(None, late + Duration::from_secs(2)).is_none());
        patience.renew();
        assert!(patience.next(None, late + Duration::from_secs(3)).is_some());
    }

    #[test]
    fn what_the_registry_asks_for_counts() {
        let now = Instant::now();
        let mut patience = Patience::new(Duration::from_secs(20));
        assert_eq!(patience.next(Some(Duration::from_secs(3)), now), Some(Duration::from_secs(3)));
        // A registry that asks for no pause gets one all the same.
        assert!(patience.next(Some(Duration::ZERO), now).unwrap() >= FIRST_PAUSE);
        // More than what is left: at once, not after the wait.
        assert_eq!(patience.next(Some(Duration::from_secs(60)), now), None);
        assert_eq!(Patience::new(Duration::MAX).next(Some(Duration::from_secs(60)), now), None);
    }

    #[test]
    fn nobody_waits_long_for_a_registry_that_never_answered() {
        let refused = || Err(Fault::Broken(Broken::Refused, String::new()));
        let mut patience = Patience::new(Duration::from_secs(20));
        assert!(patience.after(&refused(), false).is_some());
        assert_eq!(patience.budget, UNSEEN);
        let mut patience = Patience::new(Duration::from_secs(20));
        assert!(patience.after(&refused(), true).is_some());
        assert_eq!(patience.budget, Duration::from_secs(20));
    }

    #[test]
    fn retry_after_holds_seconds_or_a_date() {
        let now: Timestamp = "1994-11-06T08:49:07Z".parse().unwrap();
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            retry_after(&headers, now)
        };
        assert_eq!(of("3"), Some(Duration::from_secs(3)));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(of("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["", "-1", "soon", "Sun, 99 Nov 1994 08:49:37 GMT", "99999999999999999999999"] {
            assert_eq!(of(nonsense), None, "{nonsense}");
        }
    }
}
