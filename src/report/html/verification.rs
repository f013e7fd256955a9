//! The tests of the image: their checks, what did not fit, and what containers left to be read.

use super::about::more;
use super::outcome::log;
use super::timeline::time;
use super::writer::Html;
use crate::expect::{CheckResult, Evidence, Verdict};
use crate::report::RunReport;
use crate::report::run_report::{Ended, TestFacts};

/// Tests that are shown.
const MOST_TESTS: usize = 200;
/// Checks of a test that are shown.
const MOST_CHECKS: usize = 100;
/// Misfits of a check, problems of a test, and services with evidence that are shown.
const MOST_PARTS: usize = 20;
/// Lines of a log that are shown.
const MOST_LINES: usize = 60;

/// The tests of the run.
pub(super) fn section(html: &mut Html, report: &RunReport) {
    if report.tests.is_empty() {
        return;
    }
    let passed = report.tests.iter().filter(|test| test.outcome == Ended::Ok).count();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    html.raw("<section aria-labelledby=\"tests\">\n<h2 id=\"tests\">Tests</h2>\n<p class=\"tally\">");
    html.number(number(passed)).raw(" of ").number(number(report.tests.len())).raw(" passed.</p>\n");
    // Those that failed have to be there, however many there are.
    let (passed, failed): (Vec<_>, Vec<_>) = report.tests.iter().partition(|test| test.outcome == Ended::Ok);
    let mut shown = 0;
    for test in failed.into_iter().chain(passed).take(MOST_TESTS) {
        if html.is_full() {
            break;
        }
        self::test(html, test);
        shown += 1;
    }
    more(html, report.tests.len() - shown, "test");
    html.raw("</section>\n");
}

fn test(html: &mut Html, test: &TestFacts) {
    let (open, badge): (&'static str, &'static str) = match test.outcome {
        Ended::Ok => (
            "<details class=\"test\">\n<summary>",
            "<span class=\"badge good\"><span aria-hidden=\"true\">✓</span> passed</span> ",
        ),
        Ended::Failed => (
            "<details class=\"test\" open>\n<summary>",
            "<span class=\"badge bad\"><span aria-hidden=\"true\">✗</span> failed</span> ",
        ),
        Ended::Cancelled => (
            "<details class=\"test\" open>\n<summary>",
            "<span class=\"badge warn\"><span aria-hidden=\"true\">■</span> cancelled</span> ",
        ),
    };
    html.raw(open).raw(badge).within("<span class=\"name\">", &test.name, "</span> ");
    html.within("<span class=\"muted\">", &time(test.ms), "</span></summary>\n<div class=\"body\">\n");
    let told: Vec<String> = test.checks.iter().flat_map(CheckResult::sentences).collect();
    let beyond: Vec<&String> = test.problems.iter().filter(|problem| !told.contains(problem)).collect();
    if !beyond.is_empty() {
        html.raw("<ul class=\"problems\">\n");
        for problem in beyond.iter().take(MOST_PARTS) {
            html.raw("<li>").lines(problem).raw("</li>\n");
        }
        html.raw("</ul>\n");
        more(html, beyond.len().saturating_sub(MOST_PARTS), "problem");
    }
    if !test.checks.is_empty() {
        checks(html, &test.checks);
    }
    for evidence in test.evidence.iter().take(MOST_PARTS) {
        left(html, evidence);
    }
    if !test.log.is_empty() {
        html.raw("<details open>\n<summary>Output of commands on this machine</summary>\n");
        log(html, &test.log, MOST_LINES);
        html.raw("</details>\n");
    }
    html.raw("</div>\n</details>\n");
}

fn checks(html: &mut Html, checks: &[CheckResult]) {
    html.raw(
        "<table class=\"stack checks\">\n<thead><tr><th scope=\"col\">Check</th><th scope=\"col\">Kind</th>",
    );
    html.raw("<th scope=\"col\">Result</th><th scope=\"col\">Time</th></tr></thead>\n<tbody>\n");
    let mut shown = 0;
    for check in checks.iter().take(MOST_CHECKS) {
        if html.is_full() {
            break;
        }
        row(html, check);
        shown += 1;
    }
    html.raw("</tbody>\n</table>\n");
    more(html, checks.len() - shown, "check");
}

fn row(html: &mut Html, check: &CheckResult) {
    let is_plain = check.misfits.is_empty() && check.reproduce.is_none();
    html.raw(if is_plain { "<tr>" } else { "<tr class=\"with\">" });
    html.within("<th scope=\"row\">", &check.name, "</th><td>").text(&check.kind).raw("</td><td>");
    html.raw(match check.verdict {
        Verdict::Passed => "<span class=\"badge good\"><span aria-hidden=\"true\">✓</span> passed</span>",
        Verdict::Failed => "<span class=\"badge bad\"><span aria-hidden=\"true\">✗</span> failed</span>",
        Verdict::Skipped => "<span class=\"badge plain\"><span aria-hidden=\"true\">–</span> skipped</span>",
    });
    html.within("</td><td class=\"time\">", &time(check.ms), "</td></tr>\n");
    if is_plain {
        return;
    }
    html.raw("<tr class=\"misfits\"><td colspan=\"4\">\n");
    for misfit in check.misfits.iter().take(MOST_PARTS) {
        html.within("<dl class=\"misfit\"><dt>", &misfit.what, "</dt><dd>\n");
        html.raw("<span class=\"want\"><span class=\"word\">expected</span> <code>").lines(&misfit.expected);
        html.raw("</code></span>\n<span class=\"got\"><span class=\"word\">got</span> <code>")
            .lines(&misfit.got);
        html.raw("</code></span></dd></dl>\n");
    }
    more(html, check.misfits.len().saturating_sub(MOST_PARTS), "misfit");
    if let Some(command) = &check.reproduce {
        by_hand(html, command);
    }
    html.raw("</td></tr>\n");
}

fn by_hand(html: &mut Html, command: &str) {
    html.raw("<p class=\"hand\">By hand:</p><pre class=\"command\" tabindex=\"0\">")
        .lines(command)
        .raw("</pre>\n");
}

/// What a container left to be read.
fn left(html: &mut Html, evidence: &Evidence) {
    html.raw("<details open>\n<summary>");
    match &evidence.service {
        Some(service) => html.within("The service ", service, ""),
        None => html.raw("The container"),
    };
    if let Some(exit) = evidence.exit {
        html.text(&format!(", exit code {exit}"));
    }
    html.raw(if evidence.oom { ", killed for memory (OOM)" } else { "" }).raw("</summary>\n");
    if evidence.log.is_empty() {
        html.raw("<p class=\"muted\">It logged nothing.</p>\n");
    } else {
        log(html, &evidence.log, MOST_LINES);
    }
    if !evidence.health.is_empty() {
        html.raw("<table class=\"stack\">\n<caption>Last runs of its HEALTHCHECK</caption>\n<thead><tr>");
        html.raw("<th scope=\"col\">Exit code</th><th scope=\"col\">Output</th></tr></thead>\n<tbody>\n");
        for probe in evidence.health.iter().take(MOST_PARTS) {
            html.within("<tr><td>", &probe.exit.to_string(), "</td><td>");
            if probe.output.trim().is_empty() {
                html.raw("<span class=\"muted\">nothing</span>");
            } else {
                html.raw("<pre>").lines(&probe.output).raw("</pre>");
            }
            html.raw("</td></tr>\n");
        }
        html.raw("</tbody>\n</table>\n");
    }
    if !evidence.reproduce.is_empty() {
        by_hand(html, &evidence.reproduce);
    }
    html.raw("</details>\n");
}
