//! The findings, the gravest first, each with the text that it is about.

use super::about::more;
use super::excerpt;
use super::links;
use super::writer::Html;
use crate::report::{Masker, RunReport, words};
use crate::rules::{FindingRecord, Level, documentation, first_reference, registry};

/// Findings that are shown with all they say; as many again that were accepted.
const MOST: usize = 200;

/// The findings of the run.
pub(super) fn section(html: &mut Html, report: &RunReport, masker: &Masker) {
    if report.judged.is_none() && report.findings.is_empty() {
        return;
    }
    let (mut standing, excused): (Vec<_>, Vec<_>) = report.findings.iter().partition(|f| f.excused.is_none());
    // Stable: by file and line within a level.
    standing.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    html.raw(
        "<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n<p class=\"tally\">",
    );
    html.text(&tally(&standing, excused.len())).raw("</p>\n");
    let mut shown = 0;
    for finding in standing.iter().take(MOST) {
        if html.is_full() {
            break;
        }
        article(html, report, finding, masker);
        shown += 1;
    }
    more(html, standing.len() - shown, "finding");
    if !excused.is_empty() {
        accepted(html, &excused);
    }
    html.raw("</section>\n");
}

fn tally(standing: &[&FindingRecord], excused: usize) -> String {
    let levels = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Info, "info")];
    let mut parts = Vec::new();
    for (level, noun) in levels {
        let count = standing.iter().filter(|finding| finding.level == level).count();
        if count > 0 {
            parts.push(words::count(number(count), noun));
        }
    }
    if parts.is_empty() {
        parts.push("Nothing was found".to_owned());
    }
    if excused > 0 {
        parts.push(format!("{excused} accepted"));
    }
    parts.join(", ") + "."
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn article(html: &mut Html, report: &RunReport, finding: &FindingRecord, masker: &Masker) {
    let (open, badge): (&'static str, &'static str) = match finding.level {
        Level::Error => (
            "<article class=\"finding bad\">",
            "<span class=\"badge bad\"><span aria-hidden=\"true\">✗</span> error</span> ",
        ),
        Level::Warning => (
            "<article class=\"finding warn\">",
            "<span class=\"badge warn\"><span aria-hidden=\"true\">!</span> warning</span> ",
        ),
        Level::Info => (
            "<article class=\"finding info\">",
            "<span class=\"badge info\"><span aria-hidden=\"true\">i</span> info</span> ",
        ),
    };
    html.raw(open).raw("\n<h3>").raw(badge).within("<span class=\"code\">", &finding.rule, "</span> ");
    html.text(&finding.message).raw("</h3>\n<p class=\"place\"><code>");
    html.text(&place(finding)).raw("</code> <span class=\"muted\">").text(&finding.name);
    if !finding.aliases.is_empty() {
        html.raw(", elsewhere ").text(&finding.aliases.join(", "));
    }
    html.raw("</span></p>\n");
    let text = report.judged.as_ref().and_then(|judged| judged.texts.get(&finding.path));
    if let (Some(region), Some(text)) = (&finding.region, text) {
        excerpt::around(html, text, region, masker);
    }
    html.raw("<dl class=\"facts\">\n");
    if let Some(evidence) = &finding.evidence {
        html.within("<dt>Found</dt><dd><code>", evidence, "</code></dd>\n");
    }
    html.raw("<dt>Remedy</dt><dd>").lines(&finding.remedy);
    if let Some(fix) = &finding.fix {
        html.within(" <span class=\"muted\">(", &fix.title, ": <code>imgbuild check --fix</code>)</span>");
    }
    html.raw("</dd>\n");
    let reference = registry::find(&finding.rule).and_then(|rule| first_reference(&documentation(rule)));
    if let Some(url) = reference {
        html.raw("<dt>More</dt><dd>");
        links::link(html, &url, &url);
        html.raw("</dd>\n");
    }
    html.raw("</dl>\n</article>\n");
}

/// `path:line:column`, with the field where there is one.
fn place(finding: &FindingRecord) -> String {
    let mut text = finding.path.clone();
    for number in [finding.line, finding.column].into_iter().map_while(|number| number) {
        text += &format!(":{number}");
    }
    if let Some(field) = &finding.field {
        text += &format!(" {field}");
    }
    text
}

fn accepted(html: &mut Html, excused: &[&FindingRecord]) {
    html.raw("<details>\n<summary>").number(number(excused.len())).raw(" accepted</summary>\n");
    html.raw("<table class=\"stack\">\n<thead><tr><th scope=\"col\">Rule</th><th scope=\"col\">Place</th>");
    html.raw("<th scope=\"col\">Finding</th><th scope=\"col\">Accepted because</th></tr></thead>\n<tbody>\n");
    let mut shown = 0;
    for finding in excused.iter().take(MOST) {
        if html.is_full() {
            break;
        }
        html.within("<tr><th scope=\"row\">", &finding.rule, "</th><td><code>").text(&place(finding));
        html.within("</code></td><td>", &finding.message, "</td><td>");
        html.text(finding.excused.as_deref().unwrap_or_default()).raw("</td></tr>\n");
        shown += 1;
    }
    html.raw("</tbody>\n</table>\n");
    more(html, excused.len() - shown, "finding");
    html.raw("</details>\n");
}
