//! The steps of a build as they ran, several at once: their times, and the last lines of the one that failed.

use std::collections::BTreeMap;

use super::escape;
use super::run_report::{BuildFacts, FailedStep, StepTiming};
use super::tail::Tail;
use crate::event::Event;

/// Steps of a build whose times are kept; no Dockerfile that anybody wrote has as many.
const MOST: usize = 1000;
/// Bytes of an instruction that are kept beside its times: a heredoc can hold a whole script.
const MOST_INSTRUCTION: usize = 400;

/// What is known of a build's steps so far.
#[derive(Debug, Default)]
pub(super) struct BuildSteps {
    /// Those that have not ended, by number.
    running: BTreeMap<u32, Running>,
    failed: Option<FailedStep>,
}

#[derive(Debug, Default)]
struct Running {
    /// Its place among the timings.
    timing: Option<usize>,
    facts: FailedStep,
    tail: Tail,
}

impl Running {
    fn into_failed(self) -> FailedStep {
        FailedStep { tail: self.tail.into_vec(), ..self.facts }
    }
}

impl BuildSteps {
    /// Takes what an event tells of steps into `build`.
    pub(super) fn take(&mut self, event: &Event, at_ms: u64, build: &mut Option<BuildFacts>) {
        match event {
            Event::BuildStep { step, stage, index, total, instruction, line } => {
                let build = build.get_or_insert_default();
                build.steps = build.steps.saturating_add(1);
                let mut timing = None;
                if build.timings.len() < MOST {
                    timing = Some(build.timings.len());
                    build.timings.push(StepTiming {
                        stage: stage.clone(),
                        index: *index,
                        instruction: cut(instruction),
                        line: *line,
                        start_ms: at_ms,
                        ms: 0,
                        cached: false,
                    });
                }
                let facts = FailedStep {
                    stage: stage.clone(),
                    index: *index,
                    total: *total,
                    instruction: instruction.clone(),
                    line: *line,
                    file: None,
                    source: None,
                    tail: Vec::new(),
                };
                self.running.insert(*step, Running { timing, facts, tail: Tail::default() });
            }
            Event::BuildCached { step } => {
                let build = build.get_or_insert_default();
                build.cached = build.cached.saturating_add(1);
                let timing = self.running.get(step).and_then(|running| running.timing);
                if let Some(timing) = timing.and_then(|at| build.timings.get_mut(at)) {
                    timing.cached = true;
                }
            }
            Event::BuildLog { step: Some(step), line } => {
                if let Some(running) = self.running.get_mut(step) {
                    running.tail.push(line);
                }
            }
            Event::BuildStepEnded { step, failed } => {
                let Some(running) = self.running.remove(step) else { return };
                time(build, &running, at_ms);
                if *failed && self.failed.is_none() {
                    self.failed = Some(running.into_failed());
                }
            }
            _ => {}
        }
    }

    /// Ends the steps that run.
    pub(super) fn end(&mut self, at_ms: u64, build: &mut Option<BuildFacts>) {
        for running in self.running.values_mut() {
            time(build, running, at_ms);
            running.timing = None;
        }
    }

    /// The step at which the build failed: the first that said so, or the last that ran.
    pub(super) fn into_failed(mut self) -> Option<FailedStep> {
        self.failed.take().or_else(|| self.running.pop_last().map(|(_, running)| running.into_failed()))
    }
}

fn time(build: &mut Option<BuildFacts>, running: &Running, at_ms: u64) {
    let timing = running.timing.and_then(|at| build.as_mut()?.timings.get_mut(at));
    if let Some(timing) = timing {
        timing.ms = at_ms.saturating_sub(timing.start_ms);
    }
}

fn cut(instruction: &str) -> String {
    match instruction.get(..escape::boundary(instruction, MOST_INSTRUCTION)) {
        Some(head) if head.len() < instruction.len() => format!("{head}…"),
        _ => instruction.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_run_beside_each_other() {
        let step = |step, stage: &str| Event::BuildStep {
            step,
            stage: Some(stage.to_owned()),
            index: 2,
            total: 3,
            instruction: "RUN make".to_owned(),
            line: Some(step),
        };
        let log = |step, line: &str| Event::BuildLog { step: Some(step), line: line.to_owned() };
        let (mut steps, mut build) = (BuildSteps::default(), None);
        let events = [
            (10, step(1, "a")),
            (20, step(2, "b")),
            (30, log(2, "of b")),
            (30, log(1, "of a")),
            (40, Event::BuildCached { step: 1 }),
            (50, Event::BuildStepEnded { step: 2, failed: true }),
            (60, log(2, "too late")),
            (70, Event::BuildStepEnded { step: 1, failed: false }),
        ];
        for (at, event) in events {
            steps.take(&event, at, &mut build);
        }
        steps.end(99, &mut build);
        let build = build.unwrap();
        let timings: Vec<_> = build.timings.iter().map(|t| (t.start_ms, t.ms, t.cached)).collect();
        assert_eq!((build.steps, build.cached, timings), (2, 1, vec![(10, 60, true), (20, 30, false)]));
        let failed = steps.into_failed().unwrap();
        assert_eq!(
            (failed.stage.as_deref(), failed.line, failed.tail),
            (Some("b"), Some(2), vec!["of b".to_owned()])
        );
    }
}
