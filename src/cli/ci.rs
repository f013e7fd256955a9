//! What of a command goes to the CI beyond its text: marks on its page, the outputs of the step, a summary.

use std::path::PathBuf;

use super::output::Output;
use crate::environment::Environment;
use crate::error::Error;
use crate::report::ci::{self, Agent, Annotation, Outputs};
use crate::report::{RunReport, Surface};
use crate::rules::FindingRecord;

/// Where the CI takes what does not go into the log.
#[derive(Debug, Default)]
pub(super) struct Ci {
    /// The file of `GITHUB_OUTPUT`.
    outputs: Option<PathBuf>,
    /// The file of `GITHUB_STEP_SUMMARY`.
    summary: Option<PathBuf>,
    agent: Option<Agent>,
}

/// Files of a run's report that CIs read.
pub(super) struct Files {
    pub(super) summary: Option<PathBuf>,
    pub(super) junit: Option<PathBuf>,
}

impl Ci {
    pub(super) fn new(surface: Surface, environment: &Environment) -> Ci {
        let file = |name: &str| environment.get_os(name).map(PathBuf::from);
        let agent = (surface == Surface::Buildkite).then(|| environment.program("buildkite-agent")).flatten();
        Ci {
            outputs: file("GITHUB_OUTPUT"),
            summary: file("GITHUB_STEP_SUMMARY"),
            agent: agent.map(Agent::new),
        }
    }

    /// The end of a run, whose report is masked and written.
    pub(super) fn concluded(&self, report: &RunReport, files: Files, output: &Output) {
        output.log(&output.mode.surface.annotations(&Annotation::of_report(report)));
        self.outputs(&Outputs::of_report(report), output);
        self.checked(report, files, output);
    }

    /// The same of a check, whose marks are made.
    pub(super) fn checked(&self, report: &RunReport, files: Files, output: &Output) {
        // One that could not be written is told already.
        let there = |path: Option<PathBuf>| path.filter(|path| path.is_file());
        let [summary, junit] =
            [files.summary, files.junit].map(|path| there(path).map(|p| p.display().to_string()));
        output.log(&output.mode.surface.files(summary.as_deref(), junit.as_deref()));
        if let Some(path) = &self.summary {
            self.told(ci::append(path, |taken| ci::page(report, taken)), output);
        }
        if let Some(agent) = &self.agent {
            self.called(agent.annotate(&ci::page(report, 0), report.ok), output);
        }
    }

    /// The outputs of the step.
    pub(super) fn outputs(&self, outputs: &Outputs, output: &Output) {
        output.log(&output.mode.surface.outputs(outputs));
        if let Some(path) = &self.outputs {
            self.told(ci::append(path, |_| outputs.github()), output);
        }
        if let Some(agent) = &self.agent {
            self.called(agent.set(outputs), output);
        }
    }

    /// Marks for what a check found.
    pub(super) fn findings(&self, mut findings: Vec<FindingRecord>, output: &Output) {
        for FindingRecord { path, field, message, remedy, .. } in &mut findings {
            for text in [path, message, remedy].into_iter().chain(field) {
                *text = output.masker.text(std::mem::take(text));
            }
        }
        output.log(&output.mode.surface.annotations(&Annotation::of_findings(&findings)));
    }

    /// A mark for why a command failed.
    pub(super) fn error(&self, error: &Error, output: &Output) {
        let mark = Annotation::of_error(error, &output.masker);
        output.log(&output.mode.surface.annotations(mark.as_slice()));
    }

    /// What goes to the CI is no part of the run: it fails nothing.
    fn told(&self, result: Result<(), Error>, output: &Output) {
        if let Err(error) = result {
            output.say(&format!("note: {error}"));
        }
    }

    fn called(&self, result: Result<(), String>, output: &Output) {
        if let Err(why) = result {
            output.say(&format!("note: {why}"));
        }
    }
}
