//! Warnings and notes of the run, what was not judged and why, and the image's labels.

use super::about::more;
use super::writer::Html;
use crate::report::RunReport;

/// Of each kind that are shown.
const MOST: usize = 100;

/// Whether there is anything to show.
pub(super) fn is_there(report: &RunReport) -> bool {
    let RunReport { warnings, notes, rules_skipped, labels, .. } = report;
    !(warnings.is_empty() && notes.is_empty() && rules_skipped.is_empty() && labels.is_empty())
}

/// What is good to know, folded but for warnings.
pub(super) fn section(html: &mut Html, report: &RunReport) {
    if !is_there(report) {
        return;
    }
    html.raw("<section aria-labelledby=\"details\">\n<h2 id=\"details\">Details</h2>\n");
    list(html, "<details open>\n<summary>Warnings</summary>\n<ul>\n", &report.warnings);
    list(html, "<details>\n<summary>Notes</summary>\n<ul>\n", &report.notes);
    skipped(html, report);
    labels(html, report);
    html.raw("</section>\n");
}

fn list(html: &mut Html, open: &'static str, texts: &[String]) {
    if texts.is_empty() {
        return;
    }
    html.raw(open);
    for text in texts.iter().take(MOST) {
        html.within("<li>", text, "</li>\n");
    }
    html.raw("</ul>\n");
    more(html, texts.len().saturating_sub(MOST), "line");
    html.raw("</details>\n");
}

/// Rules that could not judge, by the reason.
fn skipped(html: &mut Html, report: &RunReport) {
    if report.rules_skipped.is_empty() {
        return;
    }
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (code, why) in &report.rules_skipped {
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, codes)) => codes.push(code),
            None => reasons.push((why, vec![code])),
        }
    }
    html.raw(
        "<details>\n<summary>Rules that could not judge</summary>\n<table class=\"stack\">\n<thead><tr>",
    );
    html.raw("<th scope=\"col\">Why</th><th scope=\"col\">Rules</th></tr></thead>\n<tbody>\n");
    for (why, codes) in reasons.iter().take(MOST) {
        html.within("<tr><th scope=\"row\">", why, "</th><td>").text(&codes.join(", ")).raw("</td></tr>\n");
    }
    html.raw("</tbody>\n</table>\n</details>\n");
}

fn labels(html: &mut Html, report: &RunReport) {
    if report.labels.is_empty() {
        return;
    }
    html.raw("<details>\n<summary>Labels of the image</summary>\n<table class=\"stack\">\n<thead><tr>");
    html.raw("<th scope=\"col\">Label</th><th scope=\"col\">Value</th></tr></thead>\n<tbody>\n");
    for (key, value) in report.labels.iter().take(MOST) {
        html.within("<tr><th scope=\"row\"><code>", key, "</code></th><td><code>").text(value);
        html.raw("</code></td></tr>\n");
    }
    html.raw("</tbody>\n</table>\n");
    more(html, report.labels.len().saturating_sub(MOST), "label");
    html.raw("</details>\n");
}
