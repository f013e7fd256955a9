//! The wall clock, and its times as documents have them.

use jiff::Timestamp;

/// Unix seconds.
pub(super) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Unix seconds as RFC 3339; an empty text for what is no time.
pub(super) fn rfc3339(seconds: i64) -> String {
    Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}
