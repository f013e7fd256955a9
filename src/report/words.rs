//! How numbers, steps and scores are worded, the same in every view.

use crate::rules::Score;

/// Milliseconds as `0.1s`, `12.3s`, `2m03s`, `1h02m`.
pub(super) fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds}.{}s", ms % 1000 / 100),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Bytes as `17 B`, `1.0 KiB`, `12.3 MiB`.
pub(super) fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut unit = 1024u64;
    let mut names = ["KiB", "MiB", "GiB"].iter().chain(std::iter::repeat(&"TiB"));
    let mut name = names.next();
    while bytes / 1024 >= unit && unit < 1 << 40 {
        unit *= 1024;
        name = names.next();
    }
    // In integers, since a rounded quotient would show 1023.96 KiB as 1024.0.
    let tenths = u128::from(bytes) * 10 / u128::from(unit);
    format!("{}.{} {}", tenths / 10, tenths % 10, name.copied().unwrap_or("TiB"))
}

/// `1 step`, `2 steps`.
pub(super) fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    let (noun, plural) = match noun.strip_suffix('y') {
        Some(stem) if number != 1 => (stem, "ies"),
        _ => (noun, if number == 1 { "" } else { "s" }),
    };
    format!("{number} {noun}{plural}")
}

/// What a practice's score is for, in one line: its findings, those that were accepted, its note; empty where it has none.
pub(super) fn of_score(score: &Score) -> String {
    let findings = |number: usize| count(u64::try_from(number).unwrap_or(u64::MAX), "finding");
    let mut notes = Vec::new();
    if score.findings > 0 {
        notes.push(findings(score.findings));
    }
    if score.waived > 0 {
        notes.push(format!("{} accepted", findings(score.waived)));
    }
    notes.extend(score.note.clone());
    notes.join(", ")
}

/// A step of the build; raw where `instruction` is.
pub(super) fn step(
    (index, total): (u32, u32),
    stage: Option<&str>,
    instruction: &str,
    line: Option<u32>,
) -> String {
    let place = line.map(|line| format!(" (Dockerfile:{line})")).unwrap_or_default();
    format!("{}: {instruction}{place}", numbered((index, total), stage))
}

/// `step 2/5 of builder`; a stage's name is hostile, and escaped by the caller.
pub(super) fn numbered((index, total): (u32, u32), stage: Option<&str>) -> String {
    let stage = stage.map(|stage| format!(" of {stage}")).unwrap_or_default();
    format!("step {index}/{total}{stage}")
}

/// The first 12 hex digits of a digest, as engines print them; raw where it is none.
pub(super) fn short_digest(digest: &str) -> &str {
    digest.get(.."sha256:".len() + 12).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let durations =
            [0, 99, 12_345, 59_999, 60_000, 123_000, 3_599_999, 3_720_000, 360_000_000].map(duration);
        assert_eq!(
            durations,
            ["0.0s", "0.0s", "12.3s", "59.9s", "1m00s", "2m03s", "59m59s", "1h02m", "100h00m"]
        );
        let sizes = [0, 1023, 1024, 1_048_575, 1_048_576, 12_900_000, 1 << 30, 1 << 40, 1 << 50].map(size);
        let expected = [
            "0 B",
            "1023 B",
            "1.0 KiB",
            "1023.9 KiB",
            "1.0 MiB",
            "12.3 MiB",
            "1.0 GiB",
            "1.0 TiB",
            "1024.0 TiB",
        ];
        assert_eq!(sizes, expected);
        assert_eq!(size(u64::MAX), "16777215.9 TiB");
        assert_eq!(
            [count(1u32, "step"), count(2u32, "entry"), count(0u64, "tag")],
            ["1 step", "2 entries", "0 tags"]
        );
    }
}
