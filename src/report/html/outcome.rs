//! What the run came to, in one look; and why it failed.

use super::writer::Html;
use super::{excerpt, links, timeline};
use crate::error::Kind;
use crate::report::run_report::{Ended, ErrorFacts, FailedStep, TagState};
use crate::report::{Masker, RunReport, words};

/// Lines of a failed step's output that are shown.
const MOST_LINES: usize = 60;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    Refused,
    Cancelled,
}

impl Verdict {
    pub(super) fn of(report: &RunReport) -> Verdict {
        let is = |kind: Kind| report.exit_code == kind.exit_code();
        match report.ok {
            true => Verdict::Passed,
            false if is(Kind::Interrupted) || is(Kind::Terminated) => Verdict::Cancelled,
            false if is(Kind::Refused) => Verdict::Refused,
            false => Verdict::Failed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "Passed",
            Verdict::Failed => "Failed",
            Verdict::Refused => "Refused",
            Verdict::Cancelled => "Cancelled",
        }
    }

    fn badge(self) -> &'static str {
        match self {
            Verdict::Passed => {
                "<span class=\"verdict good\"><span aria-hidden=\"true\">✓</span> Passed</span>"
            }
            Verdict::Failed => {
                "<span class=\"verdict bad\"><span aria-hidden=\"true\">✗</span> Failed</span>"
            }
            Verdict::Refused => {
                "<span class=\"verdict bad\"><span aria-hidden=\"true\">⊘</span> Refused</span>"
            }
            Verdict::Cancelled => {
                "<span class=\"verdict warn\"><span aria-hidden=\"true\">■</span> Cancelled</span>"
            }
        }
    }
}

/// The title of the page.
pub(super) fn title(report: &RunReport) -> String {
    format!("{}: {} of {}", Verdict::of(report).word(), command(report), subject(report))
}

fn command(report: &RunReport) -> String {
    format!("imgbuild {}", report.command)
}

/// What the run is about: the image's name, or the commit's.
fn subject(report: &RunReport) -> String {
    let image = report.image.as_ref();
    let repository = image.and_then(|image| image.repository.clone());
    let of_tag = || {
        let tag = report.tags.first()?;
        // A registry's port is followed by a slash, a tag by none.
        let (name, _) = tag.reference.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
        Some(name.to_owned())
    };
    let of_remote = || {
        let remote = links::page(report.source.as_ref()?.remote.as_deref()?)?;
        let path = remote.path().trim_matches('/');
        Some(path.strip_suffix(".git").unwrap_or(path).to_owned()).filter(|path| !path.is_empty())
    };
    let of_id =
        || image.and_then(|image| image.id.as_ref()).map(|id| words::short_digest(id.as_str()).to_owned());
    let of_commit = || report.source.as_ref().map(|source| source.short.clone());
    repository
        .or_else(of_tag)
        .or_else(of_remote)
        .or_else(of_id)
        .or_else(of_commit)
        .unwrap_or_else(|| "this folder".to_owned())
}

/// The head of the page.
pub(super) fn header(html: &mut Html, report: &RunReport) {
    html.raw("<header class=\"top\">\n<p class=\"command\">").text(&command(report)).raw("</p>\n<h1>");
    html.text(&subject(report)).raw("</h1>\n<p class=\"result\">");
    html.raw(Verdict::of(report).badge())
        .raw(" <span class=\"says\">")
        .text(&says(report))
        .raw("</span></p>\n<p class=\"when\">");
    moment(html, &report.started);
    if let Some(finished) = &report.finished {
        html.raw(" to ");
        moment(html, finished);
    }
    html.raw("</p>\n</header>\n");
}

fn moment(html: &mut Html, time: &str) {
    html.raw("<time").attribute("datetime", time).raw(">");
    // As people write it; what is no such time stays as it is.
    let shown =
        time.strip_suffix('Z').filter(|time| time.is_ascii()).map(|time| time.replacen('T', " ", 1) + " UTC");
    html.text(shown.as_deref().unwrap_or(time)).raw("</time>");
}

/// The result in one line: `2 tags published, 5/5 tests passed, in 13.4s`.
fn says(report: &RunReport) -> String {
    let mut parts = Vec::new();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let published = report.tags.iter().filter(|tag| tag.state == TagState::Verified).count();
    if report.pushed || published > 0 {
        parts.push(format!("{} published", words::count(number(published), "tag")));
    } else if report.not_pushed_because.is_some() {
        parts.push("nothing pushed".to_owned());
    }
    if !report.tests.is_empty() {
        let passed = report.tests.iter().filter(|test| test.outcome == Ended::Ok).count();
        parts.push(format!("{passed} of {} passed", words::count(number(report.tests.len()), "test")));
    }
    let standing = report.findings.iter().filter(|finding| finding.excused.is_none()).count();
    if report.judged.is_some() {
        parts.push(words::count(number(standing), "finding"));
    }
    if !report.ok {
        parts.push(format!("exit code {}", report.exit_code));
    }
    let took = words::duration(timeline::total(report));
    parts.push(if report.ok { format!("in {took}") } else { format!("after {took}") });
    parts.join(" · ")
}

/// Why the run failed, where it did.
pub(super) fn failure(html: &mut Html, report: &RunReport, masker: &Masker) {
    let step = report.build.as_ref().and_then(|build| build.failed_step.as_ref());
    if report.error.is_none() && step.is_none() {
        return;
    }
    html.raw("<section class=\"failure\" aria-labelledby=\"failure\">\n<h2 id=\"failure\">");
    html.raw(match Verdict::of(report) {
        Verdict::Refused => "Why it was refused",
        Verdict::Cancelled => "Why it ended",
        _ => "Why it failed",
    });
    html.raw("</h2>\n");
    if let Some(error) = &report.error {
        told(html, error);
    }
    if let Some(step) = step {
        build_step(html, report, step, masker);
    }
    html.raw("</section>\n");
}

fn told(html: &mut Html, error: &ErrorFacts) {
    html.raw("<p class=\"message\">").lines(&error.message).raw("</p>\n");
    if !error.hints.is_empty() {
        html.raw("<h3>Hints</h3>\n<ul class=\"hints\">\n");
        for hint in error.hints.iter().take(20) {
            html.raw("<li>").lines(hint).raw("</li>\n");
        }
        html.raw("</ul>\n");
    }
}

fn build_step(html: &mut Html, report: &RunReport, step: &FailedStep, masker: &Masker) {
    html.raw("<h3>Step ").number(step.index).raw(" of ").number(step.total);
    if let Some(line) = step.line {
        html.raw(", line ").number(line).raw(" of the Dockerfile");
    }
    html.raw("</h3>\n");
    if !dockerfile(html, report, step, masker) {
        html.raw("<pre>").lines(&step.instruction).raw("</pre>\n");
    }
    if !step.tail.is_empty() {
        html.raw("<h3>The last of its output</h3>\n");
        log(html, &step.tail, MOST_LINES);
    }
}

/// The text of the Dockerfile around the step, where it is the only file that was judged.
fn dockerfile(html: &mut Html, report: &RunReport, step: &FailedStep, masker: &Masker) -> bool {
    let (Some(line), Some(judged)) = (step.line, report.judged.as_ref()) else { return false };
    let mut texts = judged.texts.values();
    match (texts.next(), texts.next()) {
        (Some(text), None) => excerpt::around_line(html, text, line, masker),
        _ => false,
    }
}

/// The last `most` of `lines`, as they came.
pub(super) fn log(html: &mut Html, lines: &[String], most: usize) {
    let left = lines.len().saturating_sub(most);
    html.raw("<pre class=\"log\" tabindex=\"0\">");
    if left > 0 {
        html.raw("<span class=\"cut\">… ");
        html.text(&words::count(u64::try_from(left).unwrap_or(u64::MAX), "line")).raw(" before</span>\n");
    }
    for line in lines.iter().skip(left) {
        html.text(line).raw("\n");
    }
    html.raw("</pre>\n");
}
