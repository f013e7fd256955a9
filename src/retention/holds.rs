//! What holds manifests in a repository, as plain values.

use std::collections::BTreeMap;

use super::names::Names;
use crate::image::Digest;

/// Everything that [`of_repository`](super::of_repository) goes by. Times are unix seconds, lengths of time seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holds {
    /// The branches that live.
    pub branches: Names,
    /// How many of the newest images of a branch stay.
    pub keep_newest: u32,
    /// How long anything stays.
    pub keep_within: i64,
    /// How long the images of a pull request stay after the newest one.
    pub pull_requests: i64,
    /// Tags that stay, in which `*` stands for anything.
    pub keep: Vec<String>,
    /// What is in use, and by whom.
    pub used: BTreeMap<Digest, String>,
    /// What images say of their source where they are of this repository's; `None` where this clone has no address.
    pub source: Option<String>,
    /// The configuration names this repository, so that an image which tells no source is of it.
    pub is_configured: bool,
    /// When the branches were fetched; what was built later may be of one that is not known here.
    pub fetched: Option<i64>,
    /// Now.
    pub now: i64,
}

impl Holds {
    /// The pattern that holds `tag`.
    pub(super) fn pattern(&self, tag: &str) -> Option<&str> {
        self.keep.iter().map(String::as_str).find(|pattern| fits(pattern, tag))
    }

    /// Why what was built at `time` is too young to go.
    pub(super) fn youth(&self, time: i64) -> Option<String> {
        if time >= self.now.saturating_sub(self.keep_within) {
            return Some(format!("it was built within the last {}", span(self.keep_within)));
        }
        self.fetched
            .is_some_and(|fetched| time >= fetched)
            .then(|| "it was built after the branches were fetched last".to_owned())
    }
}

/// Whether `text` is the pattern, in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at.saturating_add(part.len())..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// A length of time for people: whole days where it is some.
pub(super) fn span(seconds: i64) -> String {
    const DAY: i64 = 86_400;
    match seconds {
        _ if seconds > 0 && seconds % DAY == 0 => format!("{} d", seconds / DAY),
        _ if seconds >= 3600 => format!("{} h", seconds / 3600),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("nightly", "nightly", true),
            ("nightly", "nightly-2", false),
            ("main-*", "main-abc1234-5", true),
            ("*", "", true),
            ("*-lts", "1-lts", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("a*a", "a", false),
            ("", "x", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_young_stays() {
        let holds = Holds { keep_within: 100, now: 1000, fetched: Some(500), ..Holds::default() };
        assert!(holds.youth(900).unwrap().contains("within"));
        assert!(holds.youth(899).unwrap().contains("fetched"));
        assert_eq!(holds.youth(499), None);
        assert_eq!(
            (span(86_400 * 7), span(7200), span(5)),
            ("7 d".to_owned(), "2 h".to_owned(), "5 s".to_owned())
        );
    }
}
