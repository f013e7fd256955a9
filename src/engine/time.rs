//! The engine's timestamps: RFC 3339 with nanoseconds, and the zero time for "never".

/// Unix seconds of an RFC 3339 time; `None` for what is none and for Go's zero time (year 1).
pub(super) fn unix_seconds(text: &str) -> Option<i64> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(at.as_second()).filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_times() {
        assert_eq!(unix_seconds("2026-11-21T05:38:11.40459155Z"), Some(1_795_239_491));
        assert_eq!(unix_seconds("2026-11-21T06:38:11+01:00"), Some(1_795_239_491));
        assert_eq!(unix_seconds("0001-01-01T00:00:00Z"), None);
        assert_eq!(unix_seconds("soon"), None);
    }
}
