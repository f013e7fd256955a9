//! The page as a whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::writer::Html;
use super::{about, findings, outcome, remarks, scores, timeline, verification};
use crate::report::{Masker, RunReport};

/// Its only style. What it colours it says in words, too.
pub(super) const STYLE: &str = include_str!("style.css");

/// The page of `report`, which has to be masked; texts of files that findings show are masked here. It is bounded: what
/// does not fit is counted, and stands in `report.json`.
pub(in crate::report) fn html(report: &RunReport, masker: &Masker) -> String {
    let mut html = Html::new();
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    policy(&mut html);
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    html.raw("<meta name=\"robots\" content=\"noindex\">\n<title>");
    html.bare(&outcome::title(report));
    html.raw("</title>\n<style>").raw(STYLE).raw("</style>\n</head>\n<body>\n");
    html.raw("<a class=\"skip\" href=\"#main\">Skip to the result</a>\n");
    html.budget(60_000);
    outcome::header(&mut html, report);
    navigation(&mut html, report);
    html.raw("<main id=\"main\">\n");
    html.budget(60_000);
    outcome::failure(&mut html, report, masker);
    html.budget(60_000);
    about::section(&mut html, report);
    html.budget(80_000);
    about::tags(&mut html, report);
    html.budget(40_000);
    scores::section(&mut html, report);
    html.budget(250_000);
    findings::section(&mut html, report, masker);
    html.budget(350_000);
    verification::section(&mut html, report);
    html.budget(200_000);
    timeline::section(&mut html, report);
    html.budget(80_000);
    remarks::section(&mut html, report);
    html.raw("</main>\n<footer><p>Made by imgbuild ").text(&report.tool_version);
    html.raw(" for run <code>").text(&report.run);
    html.raw("</code>. The same as data, complete: <code>report.json</code>; for other tools: <code>junit.xml</code>, ");
    html.raw("<code>imgbuild.sarif</code>, <code>codequality.json</code>.</p></footer>\n</body>\n</html>\n");
    html.finish()
}

/// Nothing is loaded and nothing runs: the style is named by its hash.
fn policy(html: &mut Html) {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    html.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"");
    // Written by this program alone; as an attribute its quotes would be entities, which is the same to a browser.
    html.bare(&policy).raw("\">\n");
}

/// Links to those parts that are there.
fn navigation(html: &mut Html, report: &RunReport) {
    html.raw("<nav aria-label=\"Parts of the report\"><ul>\n");
    let parts = [
        (!report.tags.is_empty(), "<li><a href=\"#tags\">Tags</a></li>\n"),
        (!report.scorecard.is_empty(), "<li><a href=\"#practices\">Practices</a></li>\n"),
        (
            report.judged.is_some() || !report.findings.is_empty(),
            "<li><a href=\"#findings\">Findings</a></li>\n",
        ),
        (!report.tests.is_empty(), "<li><a href=\"#tests\">Tests</a></li>\n"),
        (timeline::is_there(report), "<li><a href=\"#timeline\">Timeline</a></li>\n"),
        (remarks::is_there(report), "<li><a href=\"#details\">Details</a></li>\n"),
    ];
    for (_, part) in parts.into_iter().filter(|(is_there, _)| *is_there) {
        html.raw(part);
    }
    html.raw("</ul></nav>\n");
}
