//! The last words of a run for people: what came of it, where it is, what it replaced. A failure comes last of all,
//! where a person looks first.

use std::path::Path;

use super::look::Look;
use super::run_report::{Ended, ImageFacts, SourceFacts, TagFacts, TagState};
use super::{OutputMode, Progress, RunReport, error_text, failed_test, findings, words};
use crate::error::Kind;

/// The summary of `report` for stderr, which fits the mode's width and ends with a newline. `written` is where the
/// report itself was put. The tails of logs are left out where progress has already shown them, and nobody folded it away.
///
/// The report has to be masked, as [`Recording::complete`](super::Recording::complete) leaves it.
pub fn summary(report: &RunReport, mode: &OutputMode, written: Option<&Path>) -> String {
    let mut page = Page { look: mode.into(), lines: Vec::new() };
    page.status(report);
    page.facts(report);
    if let Some(path) = written {
        page.row("report", &path.to_string_lossy());
    }
    page.failures(report, mode.progress == Progress::Quiet || mode.surface.folds());
    page.lines.join("\n") + "\n"
}

struct Page {
    look: Look,
    lines: Vec<String>,
}

impl Page {
    fn status(&mut self, report: &RunReport) {
        let look = self.look;
        let cancelled =
            [Kind::Interrupted, Kind::Terminated].map(Kind::exit_code).contains(&report.exit_code);
        let (mark, verb) = match report.ok {
            true => (look.good(), "passed in"),
            false if cancelled => (look.cut_off(), "cancelled after"),
            false => (look.bad(), "failed after"),
        };
        let ms = report.timings.iter().fold(0u64, |sum, timing| sum.saturating_add(timing.ms));
        let code = if report.ok { String::new() } else { format!(" (exit code {})", report.exit_code) };
        let text = format!("{} {verb} {}{code}", report.command, words::duration(ms));
        self.lines.extend(look.message(&format!("{mark} "), &text, 2));
    }

    fn facts(&mut self, report: &RunReport) {
        if let Some(source) = &report.source {
            self.row("commit", &commit(source));
        }
        if let Some(image) = &report.image {
            self.image(image);
        }
        let moved = report.tags.iter().any(|tag| tag.state >= TagState::Pushed);
        // What a failed run meant to do and did not is no news.
        for (i, tag) in
            report.tags.iter().filter(|tag| report.ok || tag.state >= TagState::Pushed).enumerate()
        {
            self.row(if i == 0 { "tags" } else { "" }, &describe(tag));
        }
        if let Some(deploy) = &report.deploy {
            let gap = match deploy.gap_ms {
                None => String::new(),
                Some(0) => ", no gap".to_owned(),
                Some(ms) => format!(", nothing served for {} at most", words::duration(ms)),
            };
            self.row("runs", &format!("{} as {}{gap}", deploy.reference, deploy.name));
        }
        let repository = report.image.as_ref().and_then(|image| image.repository.as_deref());
        match (&report.not_pushed_because, repository) {
            _ if report.pushed => self.row("pushed", &format!("to {}", repository.unwrap_or("the registry"))),
            _ if moved => self.row("pushed", "not all: the tags above may have moved"),
            (Some(reason), _) => self.row("pushed", &format!("nothing: {reason}")),
            _ if !report.tags.is_empty() => self.row("pushed", "nothing"),
            _ => {}
        }
        if !report.tests.is_empty() {
            let passed = report.tests.iter().filter(|test| test.outcome == Ended::Ok).count();
            self.row("tests", &format!("{passed}/{} passed", report.tests.len()));
        }
        let times: Vec<String> =
            report.timings.iter().map(|t| format!("{} {}", t.stage, words::duration(t.ms))).collect();
        if !times.is_empty() {
            self.row("time", &times.join(", "));
        }
    }

    fn image(&mut self, image: &ImageFacts) {
        // In the containerd store the id names a manifest, and the config is what was tested.
        let config = image.config_digest.as_ref().filter(|digest| image.id.as_ref() != Some(digest));
        let rows = [("image", image.id.as_ref()), ("config", config), ("digest", image.digest.as_ref())];
        for (label, digest) in rows {
            if let Some(digest) = digest {
                self.row(label, digest.as_str());
            }
        }
    }

    fn failures(&mut self, report: &RunReport, logs: bool) {
        let look = self.look;
        if let Some(step) = report.build.as_ref().and_then(|build| build.failed_step.as_ref()) {
            let text =
                words::step((step.index, step.total), step.stage.as_deref(), &step.instruction, step.line);
            self.lines.push(String::new());
            self.lines.extend(look.message(&format!("{} ", look.red("failed:")), &text, 2));
            if let (Some(line), Some(source)) = (step.line, &step.source) {
                self.lines.extend(findings::marked_line(source, line, look));
            }
            self.quote(&step.tail, logs);
        }
        for test in report.tests.iter().filter(|test| test.outcome == Ended::Failed) {
            self.lines.push(String::new());
            self.lines.extend(failed_test::lines(test, look));
        }
        if let Some(error) = &report.error {
            self.lines.push(String::new());
            self.lines.extend(error_text::render(&error.message, &error.hints, look));
        }
    }

    fn quote(&mut self, log: &[String], wanted: bool) {
        if wanted {
            self.lines.extend(log.iter().map(|line| self.look.quoted(line, 0)));
        }
    }

    /// One fact: a label of up to six letters, so that a digest fits in 80 columns.
    fn row(&mut self, label: &str, text: &str) {
        let head = format!("  {} ", self.look.dim(&format!("{label:6}")));
        self.lines.extend(self.look.message(&head, text, 9));
    }
}

fn commit(source: &SourceFacts) -> String {
    let mut text = source.short.clone();
    if let Some(branch) = &source.branch {
        text.push_str(&format!(" on {branch}"));
    }
    if let Some(pr) = &source.pr {
        text.push_str(&format!(", pull request {pr}"));
    }
    if let Some(tag) = &source.tag {
        text.push_str(&format!(", tag {tag}"));
    }
    if !source.clean {
        text.push_str(", with changes that are not committed");
    }
    text
}

fn describe(tag: &TagFacts) -> String {
    let news = match (tag.state, &tag.before) {
        (TagState::Planned, _) => " (not set)".to_owned(),
        (TagState::Local, _) => " (on the engine)".to_owned(),
        (TagState::Pushed, None) => " (not verified)".to_owned(),
        (TagState::Pushed, Some(before)) => {
            format!(" (not verified, was {})", words::short_digest(before.as_str()))
        }
        (TagState::Verified, Some(before)) if tag.digest.as_ref() == Some(before) => {
            " (as before)".to_owned()
        }
        (TagState::Verified, Some(before)) => format!(" (was {})", words::short_digest(before.as_str())),
        (TagState::Verified, None) => String::new(),
        (TagState::Removed, _) => " (removed)".to_owned(),
    };
    tag.reference.clone() + &news
}

#[cfg(test)]
mod tests;
