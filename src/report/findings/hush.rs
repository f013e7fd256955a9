//! Lines that may hold a secret are not shown. A finding about one never says its value, but any finding may be about the
//! line that it stands on.

use crate::rules::secrets_in;

/// What is shown in place of such a line.
pub(in crate::report) const HUSHED: &str = "[a line that may hold a secret is not shown]";

/// Whether `line`, which follows the bytes `before`, is one that may hold a secret. What it continues is looked at with it.
pub(in crate::report) fn is_hushed(before: &[u8], line: &str) -> bool {
    let before = String::from_utf8_lossy(before);
    if is_in_key(&before) {
        return true;
    }
    let mut text = String::new();
    for part in continued(&before) {
        text.push_str(part.trim_end().trim_end_matches(['\\', '`']));
        text.push(' ');
    }
    let start = text.len();
    text.push_str(line);
    secrets_in(&text).iter().any(|range| range.end > start)
}

/// Whether a private key has begun and not ended.
fn is_in_key(before: &str) -> bool {
    let Some((_, rest)) = before.rsplit_once("-----BEGIN ") else { return false };
    rest.contains("PRIVATE KEY") && !rest.contains("-----END ")
}

/// The lines at the end of `before` that the next one continues, comments and empty lines left out.
fn continued(before: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    for line in before.lines().rev() {
        let line = line.trim();
        if line.ends_with(['\\', '`']) && !line.starts_with('#') {
            lines.push(line);
        } else if !(line.is_empty() || line.starts_with('#')) {
            break;
        }
    }
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests;
