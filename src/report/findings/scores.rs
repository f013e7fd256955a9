//! The scorecard as a table.

use crate::report::look::Look;
use crate::report::words;
use crate::rules::{ItemState, Score};

/// One line for each practice, more where its note is long: state, number, title, note.
pub(super) fn table(scores: &[Score], look: Look) -> Vec<String> {
    scores.iter().flat_map(|score| row(score, look)).collect()
}

fn row(score: &Score, look: Look) -> Vec<String> {
    let (mark, word, paint): (_, _, fn(Look, &str) -> String) = match score.state {
        ItemState::Enforced => (look.good(), "enforced", Look::green),
        ItemState::Waived => (look.cut_off(), "waived", Look::yellow),
        ItemState::Failed => (look.bad(), "failed", Look::red),
        ItemState::NotChecked => (look.dim("-"), "not checked", Look::dim),
    };
    let note = words::of_score(score);
    let note = if note.is_empty() { note } else { format!(": {note}") };
    let head = format!("  {mark} {} {:>2} ", paint(look, &format!("{word:11}")), score.number);
    look.message(&head, &format!("{}{note}", score.title), 19)
}
