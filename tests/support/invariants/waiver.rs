//! What holds for every comment that may be a waiver.

use imgbuild::dockerfile::parse;
use imgbuild::rules::waiver::inline_waivers;

/// Panics where a promise of the reader of waivers is broken for `bytes`, which become the comments of a file.
pub(crate) fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut file = String::new();
    for line in text.lines() {
        file.push_str(&format!("# {line}\n"));
    }
    file.push_str("FROM scratch\n");
    let parsed = parse(file.as_bytes());
    let inline = inline_waivers("Dockerfile", file.as_bytes(), &parsed);
    let comments = text.lines().count();
    for waiver in &inline.waivers {
        assert!(!waiver.rule.is_empty() && waiver.rule.len() <= 64);
        assert!(waiver.rule.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        assert!(usize::try_from(waiver.origin.line).is_ok_and(|line| (1..=comments).contains(&line)));
        assert!(!waiver.key().is_empty());
    }
    for (place, why) in &inline.malformed {
        assert!(!why.is_empty() && place.line >= 1);
    }
}
