//! The scorecard of the fifteen practices.

use super::writer::Html;
use crate::report::{RunReport, words};
use crate::rules::{ItemState, Score};

/// The practices, and how each stands.
pub(super) fn section(html: &mut Html, report: &RunReport) {
    if report.scorecard.is_empty() {
        return;
    }
    html.raw(
        "<section aria-labelledby=\"practices\">\n<h2 id=\"practices\">Practices</h2>\n<p class=\"tally\">",
    );
    let all: [(ItemState, &'static str); 4] = [
        (ItemState::Enforced, " enforced"),
        (ItemState::Failed, " failed"),
        (ItemState::Waived, " waived"),
        (ItemState::NotChecked, " not checked"),
    ];
    let mut is_first = true;
    for (state, word) in all {
        let count = report.scorecard.iter().filter(|score| score.state == state).count();
        if count > 0 {
            html.raw(if is_first { "" } else { ", " })
                .number(u64::try_from(count).unwrap_or(u64::MAX))
                .raw(word);
            is_first = false;
        }
    }
    html.raw(".</p>\n<ol class=\"scores\">\n");
    for score in report.scorecard.iter().take(30) {
        card(html, score);
    }
    html.raw("</ol>\n</section>\n");
}

fn card(html: &mut Html, score: &Score) {
    let (open, badge): (&'static str, &'static str) = match score.state {
        ItemState::Enforced => (
            "<li class=\"score good\"",
            "<span class=\"badge good\"><span aria-hidden=\"true\">✓</span> enforced</span>",
        ),
        ItemState::Waived => (
            "<li class=\"score warn\"",
            "<span class=\"badge warn\"><span aria-hidden=\"true\">~</span> waived</span>",
        ),
        ItemState::Failed => (
            "<li class=\"score bad\"",
            "<span class=\"badge bad\"><span aria-hidden=\"true\">✗</span> failed</span>",
        ),
        ItemState::NotChecked => (
            "<li class=\"score plain\"",
            "<span class=\"badge plain\"><span aria-hidden=\"true\">–</span> not checked</span>",
        ),
    };
    let number = u64::try_from(score.number).unwrap_or_default();
    html.raw(open)
        .raw(" value=\"")
        .number(number)
        .raw("\"><div class=\"practice\"><span class=\"nr\" aria-hidden=\"true\">");
    html.number(number)
        .raw("</span> <span class=\"name\">")
        .text(&score.title)
        .raw("</span> ")
        .raw(badge)
        .raw("</div>");
    let note = words::of_score(score);
    if !note.is_empty() {
        html.within("<p class=\"note\">", &note, "</p>");
    }
    html.raw("</li>\n");
}
