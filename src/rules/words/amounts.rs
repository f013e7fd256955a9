//! Sizes and times inside of a message.

/// In decimal units with one digit behind the point, rounded down; the exact number where that hides the difference.
pub(in crate::rules) fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.into_iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) if count.is_multiple_of(size / 10) => {
            format!("{}.{} {unit}", count / size, count % size / (size / 10))
        }
        Some((size, unit)) => {
            format!("{}.{} {unit} ({count} bytes)", count / size, count % size / (size / 10))
        }
        None => format!("{count} bytes"),
    }
}

/// Milliseconds as seconds with one digit behind the point, rounded to the next.
pub(in crate::rules) fn seconds(ms: u64) -> String {
    let tenths = ms.saturating_add(50) / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(500_000_000), "500.0 MB");
        assert_eq!(bytes(1_234_567_890), "1.2 GB (1234567890 bytes)");
    }

    #[test]
    fn times_read_well() {
        for (ms, expected) in
            [(0, "0.0 s"), (49, "0.0 s"), (50, "0.1 s"), (1_960, "2.0 s"), (10_012, "10.0 s")]
        {
            assert_eq!(seconds(ms), expected);
        }
    }
}
