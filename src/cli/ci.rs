//! What of a command goes to the CI beyond its text: marks on its page, the outputs of the step, a summary.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use super::output::Output;
use crate::environment::Environment;
use crate::error::Error;
use crate::flow;
use crate::report::ci::{self, Agent, Annotation, Outputs};
use crate::report::{Progress, RunReport, Surface, from_root};
use crate::rules::{FindingRecord, Level};

/// Where the CI takes what does not go into the log.
#[derive(Debug, Default)]
pub(super) struct Ci {
    /// The file of `GITHUB_OUTPUT`.
    outputs: Option<PathBuf>,
    /// The file of `GITHUB_STEP_SUMMARY`.
    summary: Option<PathBuf>,
    agent: Option<Agent>,
    /// Where the command works, as it was given: findings are named from there.
    directory: PathBuf,
}

/// Files of a run's report that CIs read.
pub(super) struct Files {
    pub(super) summary: Option<PathBuf>,
    pub(super) junit: Option<PathBuf>,
}

impl Ci {
    pub(super) fn new(surface: Surface, environment: &Environment, directory: &Path) -> Ci {
        let file = |name: &str| environment.get_os(name).map(PathBuf::from);
        let agent = (surface == Surface::Buildkite).then(|| environment.program("buildkite-agent")).flatten();
        Ci {
            outputs: file("GITHUB_OUTPUT"),
            summary: file("GITHUB_STEP_SUMMARY"),
            directory: directory.to_owned(),
            agent: agent.map(|program| Agent::new(program, environment)),
        }
    }

    /// The end of a run, whose report is masked and written.
    pub(super) fn concluded(&self, report: &RunReport, files: Files, output: &Output) {
        self.mark(Annotation::of_report(report), output);
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
            self.told(agent.annotate(&ci::page(report, 0), report.ok), output);
        }
    }

    /// The outputs of the step.
    pub(super) fn outputs(&self, outputs: &Outputs, output: &Output) {
        output.log(&output.mode.surface.outputs(outputs));
        if let Some(path) = &self.outputs {
            self.told(ci::append(path, |_| outputs.github()), output);
        }
        if let Some(agent) = &self.agent {
            self.told(agent.set(outputs), output);
        }
    }

    /// Marks for what a check found.
    pub(super) fn findings(&self, mut findings: Vec<FindingRecord>, output: &Output) {
        for FindingRecord { path, field, message, remedy, .. } in &mut findings {
            for text in [path, message, remedy].into_iter().chain(field) {
                *text = output.masker.text(std::mem::take(text));
            }
        }
        self.mark(Annotation::of_findings(&findings), output);
    }

    /// Sets marks; with `--quiet` those of what failed alone.
    fn mark(&self, marks: Vec<Annotation>, output: &Output) {
        let mut marks = self.placed(marks);
        if output.mode.progress == Progress::Quiet {
            marks.retain(|mark| mark.level == Level::Error);
        }
        output.log(&output.mode.surface.annotations(&marks));
    }

    /// The same marks, on files as the CI knows them: by their paths in the repository.
    fn placed(&self, mut marks: Vec<Annotation>) -> Vec<Annotation> {
        if marks.iter().any(|mark| mark.path.is_some()) {
            let folder = in_repository(&self.directory);
            for path in marks.iter_mut().filter_map(|mark| mark.path.as_mut()) {
                *path = from_root(&folder, path);
            }
        }
        marks
    }

    /// A mark for why a command failed.
    pub(super) fn error(&self, error: &Error, output: &Output) {
        let mark = Annotation::of_error(error, &output.masker);
        output.log(&output.mode.surface.annotations(mark.as_slice()));
    }

    /// What goes to the CI is no part of the run: it fails nothing.
    fn told(&self, result: Result<(), impl Display>, output: &Output) {
        if let Err(why) = result {
            output.say(&format!("note: {why}"));
        }
    }
}

/// Where `directory` lies in its repository; nowhere deeper than its root where there is none.
fn in_repository(directory: &Path) -> PathBuf {
    let Ok(real) = directory.canonicalize() else { return PathBuf::new() };
    real.strip_prefix(flow::root_of(&real)).map(Path::to_owned).unwrap_or_default()
}
