//! What the live view shows, apart from any terminal: lines that stay, and the frame that is redrawn under them.

use std::collections::BTreeMap;

use self::steps::Steps;
use super::look::Look;
use super::tail::Tail;
use super::words;
use crate::event::{Event, Outcome, Stage, Stamped};

mod steps;

/// Lines of the running step that are shown while it runs.
const PEEK: usize = 6;

/// The state of a run as its events tell it.
pub(super) struct View {
    pub(super) look: Look,
    running: BTreeMap<Stage, u64>,
    context: String,
    sent: u64,
    steps: Steps,
    tests: Vec<Test>,
    passed: u32,
    failed: u32,
    /// The failed test whose output may still be coming.
    last_failed: Option<String>,
    pushing: Option<String>,
    push_line: String,
    published: u32,
    /// What is being done to a deployment.
    deploying: String,
}

struct Test {
    name: String,
    since: u64,
    log: Tail,
}

impl View {
    pub(super) fn new(look: Look) -> Self {
        View {
            look,
            running: BTreeMap::new(),
            context: String::new(),
            sent: 0,
            steps: Steps::default(),
            tests: Vec::new(),
            passed: 0,
            failed: 0,
            last_failed: None,
            pushing: None,
            push_line: String::new(),
            published: 0,
            deploying: String::new(),
        }
    }

    /// Takes an event; returns the lines that it leaves for good, each of which fits the width.
    pub(super) fn event(&mut self, stamped: &Stamped) -> Vec<String> {
        let look = self.look;
        match &stamped.event {
            Event::StageStarted { stage } => {
                self.running.insert(*stage, stamped.at_ms);
            }
            Event::StageFinished { stage, outcome, ms } => return self.stage_finished(*stage, *outcome, *ms),
            Event::Note { text } => return look.message("note: ", text, 2),
            Event::Warning { text } => {
                return look.message(&format!("{} ", look.yellow("warning:")), text, 2);
            }
            Event::Finding { rule, level, place, message, .. } => {
                let head = format!("{} {rule} ", look.level(level));
                return look.message(&head, &format!("{place}: {message}"), 2);
            }
            Event::ContextListed { entries, bytes, .. } => {
                self.context = format!("{}, {}", words::count(*entries, "entry"), words::size(*bytes));
            }
            Event::ContextSent { bytes } => self.sent = *bytes,
            Event::BuildStep { .. }
            | Event::BuildStepEnded { .. }
            | Event::BuildCached { .. }
            | Event::BuildLog { .. } => self.steps.take(look, &stamped.event),
            Event::TestStarted { name } => {
                let test = Test { name: name.clone(), since: stamped.at_ms, log: Tail::default() };
                self.tests.push(test);
            }
            Event::ContainerLog { test, line } => {
                match self.tests.iter_mut().rfind(|running| running.name == *test) {
                    Some(running) => running.log.push(line),
                    None if self.last_failed.as_ref() == Some(test) => return vec![look.quoted(line, 0)],
                    None => {}
                }
            }
            Event::TestFinished { name, outcome, ms, problems, .. } => {
                return self.test_finished(name, *outcome, *ms, problems);
            }
            Event::TagPushing { reference, .. } => {
                self.pushing = Some(look.escape(reference, look.width));
                self.push_line.clear();
            }
            Event::PushStatus { line } => self.push_line = look.escape(line, look.width),
            Event::TagPublished { reference, digest, before } => {
                self.pushing = None;
                self.published = self.published.saturating_add(1);
                let was = before.as_deref().map(|before| match before == digest {
                    true => " (already published)".to_owned(),
                    false => format!(" (was {})", words::short_digest(before)),
                });
                let text = format!("{reference}{}", was.unwrap_or_default());
                return look.message(&format!("  {} ", look.good()), &text, 4);
            }
            Event::EvidenceAttached { kind, place, signed, .. } => {
                let how = if *signed { "signed" } else { "not signed" };
                let text = format!("{kind} is attached, {how}: {place}");
                return look.message(&format!("  {} ", look.good()), &text, 4);
            }
            Event::TagRemoved { reference, .. } => {
                return look.message(&format!("  {} ", look.good()), &format!("{reference} is removed"), 4);
            }
            Event::DeployStep { name, step, task, back, .. } => {
                let back = if *back { "back: " } else { "" };
                let task = task.as_ref().map(|task| format!(" {task}")).unwrap_or_default();
                self.deploying = look.escape(&format!("{name}: {back}{step}{task}"), look.width);
            }
            Event::Deployed { name, reference, .. } => {
                return look.message(
                    &format!("  {} ", look.good()),
                    &format!("{reference} runs as {name}"),
                    4,
                );
            }
            Event::Cancelling { signal } => {
                let text = format!("{signal}: cancelling and cleaning up, the same again ends at once");
                let mut lines = look.message(&format!("{} ", look.cut_off()), &text, 2);
                // A stage that a signal cuts off never says so itself.
                for (stage, since) in std::mem::take(&mut self.running) {
                    let ms = stamped.at_ms.saturating_sub(since);
                    lines.push(self.line(&look.cut_off(), stage, ms, "cancelled"));
                }
                return lines;
            }
            Event::RunStarted { .. } | Event::ImageBuilt { .. } | Event::RunFinished { .. } => {}
        }
        Vec::new()
    }

    fn stage_finished(&mut self, stage: Stage, outcome: Outcome, ms: u64) -> Vec<String> {
        let look = self.look;
        if self.running.remove(&stage).is_none() {
            return Vec::new();
        }
        let (mark, detail) = match outcome {
            Outcome::Ok => (look.good(), self.result(stage)),
            Outcome::Failed => (look.bad(), self.doing(stage)),
            Outcome::Cancelled => (look.cut_off(), "cancelled".to_owned()),
        };
        let mut lines = vec![self.line(&mark, stage, ms, &detail)];
        if (stage, outcome) == (Stage::Build, Outcome::Failed) {
            let log = self.steps.shown().into_iter().flat_map(|step| step.log.iter());
            lines.extend(log.map(|line| look.quoted(&line.text, line.beyond)));
        }
        lines
    }

    fn test_finished(&mut self, name: &str, outcome: Outcome, ms: u64, problems: &[String]) -> Vec<String> {
        let look = self.look;
        let test =
            self.tests.iter().rposition(|running| running.name == name).map(|at| self.tests.remove(at));
        if outcome == Outcome::Ok {
            self.passed = self.passed.saturating_add(1);
            return Vec::new();
        }
        self.failed = self.failed.saturating_add(1);
        self.last_failed = Some(name.to_owned());
        let head = match outcome {
            Outcome::Cancelled => format!("  {} ", look.cut_off()),
            _ => format!("  {} ", look.bad()),
        };
        let mut lines = look.message(&head, &format!("test {name}  {}", words::duration(ms)), 4);
        for problem in problems {
            lines.extend(look.message("    - ", problem, 6));
        }
        if let Some(test) = test {
            lines.extend(test.log.iter().map(|line| look.quoted(&line.text, line.beyond)));
        }
        lines
    }

    /// The lines that show what is running, each of which fits the width.
    pub(super) fn frame(&self, at_ms: u64) -> Vec<String> {
        let mut lines = Vec::new();
        for (stage, since) in &self.running {
            let spinner = self.look.spinner(at_ms);
            lines.push(self.line(&spinner, *stage, at_ms.saturating_sub(*since), &self.doing(*stage)));
            match stage {
                Stage::Build => {
                    if let Some(step) = self.steps.shown() {
                        let hidden = step.log.iter().len().saturating_sub(PEEK);
                        let log = step.log.iter().skip(hidden);
                        lines.extend(log.map(|line| self.look.quoted(&line.text, line.beyond)));
                    }
                }
                Stage::Smoke => lines.extend(self.tests.iter().map(|test| {
                    let elapsed = words::duration(at_ms.saturating_sub(test.since));
                    let name = self.look.escape(&test.name, self.look.width);
                    self.look.fit(&format!("  {spinner} {name}  {elapsed}"))
                })),
                Stage::Publish if !self.push_line.is_empty() => {
                    lines.push(self.look.quoted(&self.push_line, 0))
                }
                _ => {}
            }
        }
        lines
    }

    fn line(&self, mark: &str, stage: Stage, ms: u64, detail: &str) -> String {
        let line = format!("{mark} {:8} {:>6}  {detail}", stage.name(), words::duration(ms));
        self.look.fit(line.trim_end())
    }

    /// What a stage is at, or was at when it failed.
    fn doing(&self, stage: Stage) -> String {
        match (stage, self.steps.doing()) {
            (Stage::Build, Some(step)) => step,
            (Stage::Build, None) if self.sent > 0 => {
                format!("{} of the context sent", words::size(self.sent))
            }
            (Stage::Context, _) => self.context.clone(),
            (Stage::Smoke, _) if self.passed + self.failed > 0 => self.tests_so_far(),
            (Stage::Publish, _) => self.pushing.clone().unwrap_or_default(),
            (Stage::Deploy, _) => self.deploying.clone(),
            _ => String::new(),
        }
    }

    /// What a stage came to.
    fn result(&self, stage: Stage) -> String {
        match stage {
            Stage::Build if self.steps.count > 0 => {
                format!("{}, {} cached", words::count(self.steps.count, "step"), self.steps.cached)
            }
            Stage::Context => self.context.clone(),
            Stage::Smoke => self.tests_so_far(),
            // What stays on the engine is told in the end.
            Stage::Publish if self.published > 0 => words::count(self.published, "tag"),
            _ => String::new(),
        }
    }

    fn tests_so_far(&self) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        format!("{} passed{failed}", words::count(self.passed, "test"))
    }
}

#[cfg(test)]
mod tests;
