//! Secrets never reach a terminal, a log or a report: every text passes a [`Masker`] before any reporter sees it.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use super::{RunReport, escape};
use crate::event::Event;
use crate::expect::{CheckResult, Evidence};

/// Shorter values would mask half of any text; a secret of three characters is none.
const SHORTEST: usize = 4;
/// Where a text was cut, which may have been in the middle of a secret.
const CUT: char = '…';
/// What stands in place of a secret.
const MASK: &str = "***";

/// The secrets of a run. Clones share one list, so that a secret read late in the run is masked from then on: add it
/// before anything that may hold it is said.
///
/// What masking cannot do: find a secret that a build encodes, splits over lines or reverses.
#[derive(Clone, Default)]
pub struct Masker(Arc<RwLock<Vec<String>>>);

impl Masker {
    /// Masks `secret` from now on: the whole value, and each line of one that spans several.
    pub fn add(&self, secret: &str) {
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let whole = std::iter::once(secret.trim_end());
        for part in whole.chain(secret.lines().map(str::trim)) {
            if part.chars().count() >= SHORTEST && !secrets.iter().any(|known| known == part) {
                secrets.push(part.to_owned());
            }
        }
    }

    /// `text` with every secret in it replaced.
    pub fn text(&self, text: impl Into<String>) -> String {
        let mut text = text.into();
        self.mask(&mut text);
        text
    }

    /// Replaces every secret in `text`, also where colour codes lie inside of it.
    pub(super) fn mask(&self, text: &mut String) {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if secrets.is_empty() {
            return;
        }
        let plain = escape::without_colour(text);
        let found = occurrences(&secrets, &plain);
        if !found.is_empty() {
            *text = replace(&plain, &found);
        }
    }

    /// Masks every text of `event` that a stage did not make up itself. Ids, digests and references are public.
    pub(super) fn event(&self, event: &mut Event) {
        match event {
            Event::Note { text }
            | Event::Warning { text }
            | Event::BuildLog { line: text, .. }
            | Event::PushStatus { line: text }
            | Event::TestStarted { name: text }
            | Event::BuildStep { instruction: text, .. } => self.mask(text),
            Event::Finding { place, message, remedy, .. } => {
                self.mask(place);
                self.mask(message);
                self.mask(remedy);
            }
            Event::ContainerLog { test, line } => {
                self.mask(test);
                self.mask(line);
            }
            Event::TestFinished { name, problems, checks, evidence, .. } => {
                self.mask(name);
                problems.iter_mut().for_each(|text| self.mask(text));
                checks.iter_mut().flat_map(CheckResult::texts).for_each(|text| self.mask(text));
                evidence.iter_mut().flat_map(Evidence::texts).for_each(|text| self.mask(text));
            }
            Event::RunFinished { error, hints, .. } => {
                error.iter_mut().chain(hints).for_each(|text| self.mask(text));
            }
            Event::RunStarted { .. }
            | Event::StageStarted { .. }
            | Event::StageFinished { .. }
            | Event::ContextListed { .. }
            | Event::ContextSent { .. }
            | Event::BuildCached { .. }
            | Event::BuildStepEnded { .. }
            | Event::ImageBuilt { .. }
            | Event::TagPushing { .. }
            | Event::TagPublished { .. }
            | Event::TagRemoved { .. }
            | Event::EvidenceAttached { .. }
            | Event::DeployStep { .. }
            | Event::Deployed { .. }
            | Event::Cancelling { .. } => {}
        }
    }

    /// Masks every text of `report` but ids, digests, references and times.
    pub fn report(&self, report: &mut RunReport) {
        report.texts(&mut |text| self.mask(text));
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Masker({} secrets)", secrets.len())
    }
}

/// Where secrets stand in `text`: sorted, and joined where they overlap or touch.
fn occurrences(secrets: &[String], text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for secret in secrets {
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find(secret.as_str())) {
            let start = from + at;
            found.push(start..start + secret.len());
            // One character on, since occurrences of the same secret may overlap.
            from = start + secret.chars().next().map_or(1, char::len_utf8);
        }
    }
    found.extend(text.match_indices(CUT).flat_map(|(at, cut)| {
        let (before, after) = (&text[..at], at + cut.len());
        let trimmed = before.trim_end_matches(' ');
        let begins = secrets.iter().filter_map(|secret| overlap(trimmed, secret)).max();
        let ends = secrets.iter().filter_map(|secret| overlap(secret, &text[after..])).max();
        let begun = begins.map(|length| trimmed.len() - length..trimmed.len());
        begun.into_iter().chain(ends.map(|length| after..after + length))
    }));
    found.sort_by_key(|range| range.start);
    found.dedup_by(|next, last| {
        let joins = next.start <= last.end;
        if joins {
            last.end = last.end.max(next.end);
        }
        joins
    });
    found
}

/// The length of the longest end of `left` that `right` begins with, in bytes; `None` where it is too short to matter.
fn overlap(left: &str, right: &str) -> Option<usize> {
    let longest = left.len().min(right.len());
    let fits = |length: &usize| {
        let end = left.get(left.len() - length..);
        end.is_some_and(|end| end.chars().count() >= SHORTEST && right.starts_with(end))
    };
    (SHORTEST..=longest).rev().find(fits)
}

fn replace(text: &str, found: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for range in found {
        out.push_str(text.get(from..range.start).unwrap_or_default());
        out.push_str(MASK);
        from = range.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masker(secrets: &[&str]) -> Masker {
        let masker = Masker::default();
        secrets.iter().for_each(|secret| masker.add(secret));
        masker
    }

    #[test]
    fn secrets_are_replaced() {
        let table: [(&[&str], &str, &str); 14] = [
            (&["s3cr3t"], "TOKEN=s3cr3t s3cr3t", "TOKEN=*** ***"),
            (&["abc"], "abc", "abc"),
            (&["pass\n"], "pass", "***"),
            (&["aaaa"], "aaaaaa", "***"),
            (&["abcdef", "defghi"], "abcdefghi", "***"),
            (&["token", "token-long"], "a token-long b", "a *** b"),
            (&["line one\nline two"], "x line two", "x ***"),
            (&["s3cr3t"], "s3\x1b[31mcr3t", "***"),
            (&["geheimnisä"], "geheimnisä!", "***!"),
            (&["geheimnisä"], "is gehei… [+9 bytes]", "is ***… [+9 bytes]"),
            (&["geheimnisä"], "is geheim … (cut, 9 bytes more)", "is *** … (cut, 9 bytes more)"),
            (&["geheimnisä"], "…eimnisä is it", "…*** is it"),
            (&["geheimnisä"], "no geh…", "no geh…"),
            (&["geheimnisä"], "a geheim", "a geheim"),
        ];
        for (secrets, text, expected) in table {
            assert_eq!(masker(secrets).text(text), expected);
        }
        assert_eq!(Masker::default().text("\x1b[1mas it is"), "\x1b[1mas it is");
    }

    #[test]
    fn events_are_masked_and_identities_are_not() {
        let masker = masker(&["beef"]);
        let mut event = Event::BuildLog { step: None, line: "beef".to_owned() };
        masker.event(&mut event);
        assert!(matches!(event, Event::BuildLog { line, .. } if line == "***"));
        let mut event = Event::ImageBuilt { id: "sha256:beef".to_owned() };
        masker.event(&mut event);
        assert!(matches!(event, Event::ImageBuilt { id } if id == "sha256:beef"));
        assert_eq!(format!("{masker:?}"), "Masker(1 secrets)");
    }

    proptest! {
        #[test]
        fn no_secret_stays(secrets in prop::collection::vec("[ab]{4,6}", 1..4), text in "[ab ]{0,40}") {
            let refs: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let masked = masker(&refs).text(&text);
            prop_assert!(!secrets.iter().any(|secret| masked.contains(secret.as_str())), "{masked:?}");
        }
    }
}
