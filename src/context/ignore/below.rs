//! Whether something inside of a folder can match, so that a walk has to go there.

use super::pattern::{Pattern, trim_end};

/// Some of the patterns, as far as folders go: for a walk that leaves out what matches, those with a `!`. All lists are
/// sorted.
#[derive(Debug, Default)]
pub(in crate::context) struct Below {
    /// Every pattern is plain text but for a `/*` or `/**` at its end.
    plain_only: bool,
    /// Each pattern without that end, with a slash.
    plain: Vec<Vec<u8>>,
    /// The plain text with which each pattern starts.
    starts: Vec<Vec<u8>>,
    /// Each pattern as written, with a slash: what docker's classic client goes by.
    written: Vec<Vec<u8>>,
}

impl Below {
    pub(super) fn new(patterns: &[Pattern], which: impl Fn(&Pattern) -> bool) -> Below {
        let chosen = || patterns.iter().filter(|p| which(p));
        let sorted = |mut texts: Vec<Vec<u8>>| {
            texts.sort_unstable();
            texts.dedup();
            texts
        };
        Below {
            plain_only: chosen().all(|p| !trim_end(p.text()).iter().any(|b| br"*[]?^\".contains(b))),
            plain: sorted(chosen().map(|p| with_slash(trim_end(p.text()))).collect()),
            starts: sorted(chosen().map(|p| p.prefix().to_vec()).collect()),
            written: sorted(chosen().map(|p| with_slash(p.text())).collect()),
        }
    }

    /// Whether BuildKit's client looks for something below this folder that matches.
    pub(in crate::context) fn may_return(&self, dir: &[u8]) -> bool {
        if self.written.is_empty() {
            return false;
        }
        let dir = with_slash(dir);
        if self.plain_only {
            // Exactly what BuildKit's client does, although it misses what `!a/*/**` would take back.
            return any_starts_with(&self.plain, &dir);
        }
        // BuildKit's client looks everywhere now. Where no pattern can match it finds nothing.
        self.can_match(&dir)
    }

    /// Whether a pattern can match something below this folder.
    pub(in crate::context) fn reaches(&self, dir: &[u8]) -> bool {
        self.can_match(&with_slash(dir))
    }

    /// The same for a folder's path with a slash.
    fn can_match(&self, dir: &[u8]) -> bool {
        let is_start = |text: &[u8]| self.starts.binary_search_by(|start| start.as_slice().cmp(text)).is_ok();
        any_starts_with(&self.starts, dir) || (0..=dir.len()).filter_map(|n| dir.get(..n)).any(is_start)
    }

    /// Whether docker's classic client looks into this excluded folder.
    pub(super) fn classic_looks(&self, dir: &[u8]) -> bool {
        any_starts_with(&self.written, &with_slash(dir))
    }
}

fn with_slash(text: &[u8]) -> Vec<u8> {
    [text, b"/"].concat()
}

fn any_starts_with(sorted: &[Vec<u8>], start: &[u8]) -> bool {
    let first = sorted.partition_point(|text| text.as_slice() < start);
    sorted.get(first).is_some_and(|text| text.starts_with(start))
}
