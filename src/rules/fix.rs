//! Making the changes that findings propose.

use super::{Edit, Finding};

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
    let (mut made, mut left) = (0, 0);
    for fix in findings.filter(|finding| finding.stands()).filter_map(|finding| finding.fix.as_ref()) {
        let valid = |edit: &&Edit| edit.span.start <= edit.span.end && edit.span.end <= bytes.len();
        let clashes = |edit: &&Edit| edits.iter().any(|other| overlap(edit, other));
        if fix.edits.iter().all(|edit| valid(&edit) && !clashes(&edit)) {
            edits.extend(&fix.edits);
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

/// Two insertions at one place would come out in either order, and so count as overlapping.
fn overlap(a: &Edit, b: &Edit) -> bool {
    a.span.start.max(b.span.start) < a.span.end.min(b.span.end) || a.span.start == b.span.start
}
