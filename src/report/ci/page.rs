//! The summary of a run as Markdown: for GitHub's step summary, Azure's summary, Buildkite's annotation.

use std::path::Path;

use super::markdown::{Markdown, code, text};
use crate::report::run_report::{Ended, RunReport, TagState, TestFacts};
use crate::report::{from_root, words};
use crate::rules::{FindingRecord, ItemState, Rule, registry};

/// GitHub takes 1 MiB of a step, and Buildkite of an annotation; others may have used some of it.
const MOST_BYTES: usize = 900 * 1024;
/// Tests that failed, and findings, that are shown.
const MOST: usize = 50;

/// The page. `taken` bytes of what the CI accepts are used up already. The report has to be masked.
pub fn page(report: &RunReport, taken: u64) -> String {
    let taken = usize::try_from(taken).unwrap_or(usize::MAX);
    let mut page = Markdown::new(MOST_BYTES.saturating_sub(taken));
    let (mark, verb) = if report.ok { ("✅", "passed") } else { ("❌", "failed") };
    page.block(&format!("### {mark} imgbuild {} {verb}\n", text(&report.command)));
    failure(&mut page, report);
    page.table(&["", ""], facts(report).into_iter());
    tags(&mut page, report);
    for test in report.tests.iter().filter(|test| test.outcome == Ended::Failed).take(MOST) {
        failed_test(&mut page, test);
    }
    findings(&mut page, report);
    practices(&mut page, report);
    page.finish("\nThe summary is cut here: the rest is in the log, and in the report of the run.\n")
}

fn failure(page: &mut Markdown, report: &RunReport) {
    if let Some(error) = &report.error {
        page.block(&format!("\n**error:** {}\n", lines(&error.message)));
        for hint in &error.hints {
            page.block(&format!("\n**hint:** {}\n", lines(hint)));
        }
    }
    if let Some(step) = report.build.as_ref().and_then(|build| build.failed_step.as_ref()) {
        let step_text =
            words::step((step.index, step.total), step.stage.as_deref(), &step.instruction, step.line);
        page.block(&format!("\n**failed:** {}\n", code(&step_text)));
        page.log(&step.tail);
    }
}

fn facts(report: &RunReport) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    if let Some(source) = &report.source {
        let mut words = code(&source.commit);
        for (what, name) in
            [(" on ", &source.branch), (", pull request ", &source.pr), (", tag ", &source.tag)]
        {
            words.push_str(&name.as_ref().map(|name| format!("{what}{}", code(name))).unwrap_or_default());
        }
        row("commit", words);
    }
    if let Some(image) = &report.image {
        let digests = [("image", &image.id), ("digest", &image.digest)];
        for (name, digest) in digests {
            if let Some(digest) = digest {
                row(name, code(digest.as_str()));
            }
        }
    }
    if report.pushed {
        row("pushed", "yes".to_owned());
    } else if let Some(why) = &report.not_pushed_because {
        row("pushed", format!("nothing: {}", text(why)));
    }
    if !report.tests.is_empty() {
        let passed = report.tests.iter().filter(|test| test.outcome == Ended::Ok).count();
        row("tests", format!("{passed}/{} passed", report.tests.len()));
    }
    let times: Vec<String> =
        report.timings.iter().map(|time| format!("{} {}", time.stage, words::duration(time.ms))).collect();
    if !times.is_empty() {
        row("time", text(&times.join(", ")));
    }
    rows
}

fn tags(page: &mut Markdown, report: &RunReport) {
    let rows = report.tags.iter().filter(|tag| report.ok || tag.digest.is_some()).map(|tag| {
        let digest = tag.digest.as_ref().map(|digest| code(words::short_digest(digest.as_str())));
        let place = if tag.state == TagState::Planned { "not set" } else { "on the engine" };
        vec![code(&tag.reference), digest.unwrap_or_else(|| place.to_owned())]
    });
    page.table(&["tag", "digest"], rows);
}

fn failed_test(page: &mut Markdown, test: &TestFacts) {
    let title = format!("\n**test {} failed** after {}\n\n", code(&test.name), words::duration(test.ms));
    page.block(&title);
    for problem in test.problems.iter().take(MOST) {
        page.block(&format!("- {}\n", lines(problem)));
    }
    page.log(&test.log);
    for evidence in &test.evidence {
        page.log(&evidence.log);
    }
}

fn findings(page: &mut Markdown, report: &RunReport) {
    let mut standing: Vec<&FindingRecord> =
        report.findings.iter().filter(|finding| finding.excused.is_none()).collect();
    standing.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let row = |finding: &&FindingRecord| {
        let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
        vec![
            finding.level.as_str().to_owned(),
            format!("{} {}", finding.rule, finding.name),
            code(&format!("{}{line}", place(report, finding))),
            lines(&finding.message),
        ]
    };
    page.table(&["level", "rule", "place", "finding"], standing.iter().take(MOST).map(row));
    if standing.len() > MOST {
        page.block(&format!("and {} more\n", standing.len() - MOST));
    }
}

fn practices(page: &mut Markdown, report: &RunReport) {
    let row = |score: &crate::rules::Score| {
        let state = match score.state {
            ItemState::Enforced => "✅ kept",
            ItemState::Waived => "☑️ accepted",
            ItemState::Failed => "❌ broken",
            ItemState::NotChecked => "not checked",
        };
        vec![format!("{}", score.number), text(&score.title), state.to_owned(), text(&words::of_score(score))]
    };
    page.table(&["", "practice", "", ""], report.scorecard.iter().map(row));
}

/// The file from the repository's root, as whoever reads of a pull request knows it; an image by its reference.
fn place(report: &RunReport, finding: &FindingRecord) -> String {
    match registry::find(&finding.rule).is_some_and(Rule::is_of_image) {
        true => finding.path.clone(),
        false => from_root(Path::new(&report.folder), &finding.path),
    }
}

/// A text of several lines on one.
fn lines(words: &str) -> String {
    words.lines().take(20).map(text).collect::<Vec<_>>().join("<br>")
}
