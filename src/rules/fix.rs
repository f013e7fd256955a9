//! Making the changes that findings propose.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edit, Finding};
use crate::dockerfile::Span;

/// A file with its fixes made.
#[derive(Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The new bytes.
    pub bytes: Vec<u8>,
    /// How many fixes were made.
    pub made: usize,
    /// How many were left out since they change the same text as an earlier one: judge again, and fix again.
    pub left: usize,
}

/// Makes the fixes of those findings that stand. Every byte outside of their edits stays as it is; a fix is made wholly
/// or not at all, and of two that touch the same bytes the first one is.
pub fn fix<'a>(bytes: &[u8], findings: impl Iterator<Item = &'a Finding>) -> Fixed {
    let mut edits: Vec<&Edit> = Vec::new();
    let mut taken = Taken::default();
    let (mut made, mut left) = (0, 0);
    for fix in findings.filter(|finding| finding.stands()).filter_map(|finding| finding.fix.as_ref()) {
        let valid = |edit: &&Edit| edit.span.start <= edit.span.end && edit.span.end <= bytes.len();
        if fix.edits.iter().all(|edit| valid(&edit) && !taken.clashes(edit.span)) {
            edits.extend(&fix.edits);
            fix.edits.iter().for_each(|edit| taken.add(edit.span));
            made += 1;
        } else {
            left += 1;
        }
    }
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for edit in edits {
        out.extend_from_slice(bytes.get(at..edit.span.start).unwrap_or_default());
        out.extend_from_slice(edit.text.as_bytes());
        at = edit.span.end.max(at);
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    Fixed { bytes: out, made, left }
}

/// What the edits that are made so far change, in the order of the file.
#[derive(Debug, Default)]
struct Taken {
    /// Where an edit begins, insertions too.
    starts: BTreeSet<usize>,
    /// The bytes that go, from start to end; no two pieces overlap.
    pieces: BTreeMap<usize, usize>,
}

impl Taken {
    /// Two insertions at one place would come out in either order, and so count as overlapping.
    fn clashes(&self, span: Span) -> bool {
        if self.starts.contains(&span.start) {
            return true;
        }
        // An insertion shares no byte with anything.
        if span.start == span.end {
            return false;
        }
        let before = self.pieces.range(..span.start).next_back();
        before.is_some_and(|(_, end)| *end > span.start)
            || self.pieces.range(span.start..span.end).next().is_some()
    }

    fn add(&mut self, span: Span) {
        self.starts.insert(span.start);
        if span.start < span.end {
            self.pieces.insert(span.start, span.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, by looking at each pair.
    fn overlap(a: Span, b: Span) -> bool {
        a.start.max(b.start) < a.end.min(b.end) || a.start == b.start
    }

    proptest! {
        #[test]
        fn clashes_are_overlaps(spans in prop::collection::vec((0_usize..40, 0_usize..6), 0..40)) {
            let mut taken = Taken::default();
            let mut made: Vec<Span> = Vec::new();
            for (start, length) in spans {
                let span = Span { start, end: start + length };
                let expected = made.iter().any(|other| overlap(span, *other));
                prop_assert_eq!(taken.clashes(span), expected, "{:?} among {:?}", span, made);
                if !expected {
                    taken.add(span);
                    made.push(span);
                }
            }
        }
    }
}
