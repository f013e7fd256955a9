//! What goes to stdout and stderr. A closed pipe ends the printing, not the run.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;

use super::args::{CiOutput, Color, Format, Global, Progress};
use super::ci::Ci;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::flow::{Around, detect};
use crate::report::{self, Masker, OutputFlags, OutputMode, RunReport, Surroundings};
use crate::rules::holds_secret;

/// Variables that hold what must not be shown, wherever a build or a container prints it.
const SECRETS: [&str; 10] = [
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "CI_JOB_TOKEN",
    "CI_REGISTRY_PASSWORD",
    "COSIGN_PASSWORD",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "IMGBUILD_REGISTRY_PASSWORD",
    "IMGBUILD_SIGN_PASSWORD",
    "REGISTRY_TOKEN",
];

/// Holds the key to sign with, or says where it is.
const SIGN_KEY: &str = "IMGBUILD_SIGN_KEY";

/// Bytes from which on a value is hidden for its variable's name alone.
const LONG: usize = 12;

/// Those of them that a runner of GitHub's kind makes itself.
const RUNNERS: [&str; 3] = ["ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN", "GITHUB_TOKEN"];

/// How this process prints.
pub(super) struct Output {
    pub(super) mode: OutputMode,
    pub(super) masker: Masker,
    pub(super) ci: Ci,
}

impl Output {
    pub(super) fn new(global: &Global, environment: &Environment) -> Output {
        let masker = Masker::default();
        for name in SECRETS {
            if let Some(secret) = environment.get(name) {
                masker.add(secret);
            }
        }
        // What a name alone gives away is only hidden where it cannot be a common word.
        let named = environment.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        // It mostly says where the key is, which messages have to name; the key itself is told by its first line.
        let is_place = |name: &str, value: &str| name == SIGN_KEY && !value.contains("-----BEGIN");
        let named = named.filter(|(name, value)| !is_place(name, value));
        for (_, secret) in named.filter(|(name, value)| value.len() >= LONG && holds_secret(name, value)) {
            masker.add(secret);
        }
        let off = global.ci_output == CiOutput::Off
            || environment
                .get("IMGBUILD_CI_OUTPUT")
                .is_some_and(|_| !environment.is_true("IMGBUILD_CI_OUTPUT"));
        let directory = global.directory.as_deref().unwrap_or(Path::new("."));
        let around = detect(environment);
        let ci = if off { Ci::default() } else { Ci::new(around.surface, environment, directory) };
        Output { mode: Output::mode(global, off, environment, &around), masker, ci }
    }

    fn mode(global: &Global, off: bool, environment: &Environment, ci: &Around) -> OutputMode {
        let flags = OutputFlags {
            format: match global.format {
                Format::Human => report::Format::Human,
                // Whichever document it is, it is one, and for programs.
                Format::Json | Format::Sarif | Format::Github | Format::Checkstyle | Format::Gitlab => {
                    report::Format::Json
                }
                Format::Ndjson => report::Format::Ndjson,
            },
            progress: match global.progress {
                Progress::Auto => None,
                Progress::Live => Some(report::Progress::Live),
                Progress::Plain => Some(report::Progress::Plain),
            },
            color: choice(global.color),
            quiet: global.quiet,
            no_ci_output: off,
        };
        resolve(&flags, environment, ci)
    }

    /// Has the CI mask the secrets of the environment, before anything else of a run is printed. Only a runner that takes
    /// outputs is sure to listen: others would keep what it is told.
    pub(super) fn mask(&self, environment: &Environment) {
        if environment.get_os("GITHUB_OUTPUT").is_none() {
            return;
        }
        // The runner's own tokens are masked by it already, and a file would keep the secrets.
        let known = RUNNERS.map(|name| environment.get(name));
        let secrets = SECRETS.into_iter().filter_map(|name| environment.get(name));
        let unknown = secrets.filter(|secret| !known.contains(&Some(*secret)));
        let masks = self.mode.surface.masks(unknown);
        let is_file = |meta: rustix::fs::Stat| rustix::fs::FileType::from_raw_mode(meta.st_mode).is_file();
        if !masks.is_empty() && !rustix::fs::fstat(std::io::stderr()).is_ok_and(is_file) {
            self.err(&masks);
        }
    }

    /// Prints an error to stderr, and marks it on the CI's page.
    pub(super) fn error(&self, error: &Error) {
        self.err(&report::error_text(error, &self.mode, &self.masker));
        self.ci.error(error, self);
    }

    /// Prints the end of a run: the summary to stderr, the result to stdout.
    pub(super) fn finish(&self, report: &RunReport, written: Option<&Path>) -> Result<()> {
        // Quiet or not, a run that failed says why.
        if self.mode.progress != report::Progress::Quiet || !report.ok {
            self.summary(report, written);
        }
        match self.mode.format {
            report::Format::Json => self.out(&report.to_json()?),
            // What a copy or a promotion is for is the reference of what it made.
            report::Format::Human
                if self.mode.progress == report::Progress::Quiet
                    || ["copy", "promote"].contains(&report.command.as_str()) =>
            {
                self.out(&report::result_line(report))
            }
            report::Format::Human | report::Format::Ndjson => Ok(()),
        }
    }

    /// Prints the summary to stderr.
    pub(super) fn summary(&self, report: &RunReport, written: Option<&Path>) {
        let surface = self.mode.surface;
        let text = report::summary(report, &self.mode, written);
        // What a run that passed says of itself quotes nobody.
        let text = if report.ok { surface.guarded(&text) } else { surface.shielded(&text) };
        self.log(&format!("{}{text}", surface.heading("result")));
    }

    /// Prints what was noted on the way of a command that is no run.
    pub(super) fn remarks(&self, report: &RunReport) {
        if self.mode.progress == report::Progress::Quiet {
            return;
        }
        let all = report.warnings.iter().map(|text| ("warning", text));
        for (what, text) in all.chain(report.notes.iter().map(|text| ("note", text))) {
            self.err(&format!("{what}: {}\n", self.mode.line(text, report::escape::LOG_COLUMNS)));
        }
    }

    /// Prints text that holds names from outside to stdout, each line escaped.
    pub(super) fn lines(&self, text: &str) -> Result<()> {
        let mut safe = String::new();
        for line in text.lines() {
            safe.push_str(&self.mode.line(&self.masker.text(line), report::UNBOUNDED));
            safe.push('\n');
        }
        self.out(&safe)
    }

    /// Prints to stdout. That the reader has gone is no failure.
    pub(super) fn out(&self, text: &str) -> Result<()> {
        let text = self.mode.surface.guarded(text);
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Error::new(Kind::Io, "cannot write to stdout").because(cause))
            }
            _ => Ok(()),
        }
    }

    /// Prints a JSON document to stdout, on a line of its own.
    pub(super) fn json(&self, document: &str) -> Result<()> {
        self.out(&(report::json::safe(document) + "\n"))
    }

    /// Prints a line with names from outside to stderr, unless only results are wanted.
    pub(super) fn say(&self, line: &str) {
        if self.mode.progress != report::Progress::Quiet {
            let line = self.masker.text(line);
            self.err(&format!("{}\n", self.mode.line(&line, report::escape::LOG_COLUMNS)));
        }
    }

    /// Prints to where the log of the run goes: to stderr, unless the CI listens elsewhere.
    pub(super) fn log(&self, text: &str) {
        if self.mode.surface.is_on_stdout() {
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
        } else {
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
    }

    /// Prints what to know to stderr, unless only results are wanted.
    pub(super) fn note(&self, note: &str) {
        if self.mode.progress != report::Progress::Quiet {
            self.err(&report::note_text(note, &self.mode, &self.masker));
        }
    }

    /// Asks whoever sits at the terminal; `None` where nobody does.
    pub(super) fn ask(&self, question: &str) -> Result<Option<bool>> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() || !std::io::stderr().is_terminal() {
            return Ok(None);
        }
        // Not by `say`: who asked for quiet still has to know what is waited for.
        self.err(&format!("{question} [y/N]\n"));
        let mut answer = String::new();
        let read = stdin.lock().take(100).read_line(&mut answer);
        read.map_err(|cause| Error::new(Kind::Io, "cannot read the answer").because(cause))?;
        Ok(Some(matches!(answer.trim(), "y" | "Y" | "yes")))
    }

    fn err(&self, text: &str) {
        let text = self.mode.surface.guarded(text);
        // There is nobody left to tell that stderr is closed.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

/// How this process prints, by what was asked for and by where it runs.
pub(super) fn resolve(flags: &OutputFlags, environment: &Environment, ci: &Around) -> OutputMode {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
    let around = Surroundings {
        stdout_tty: std::io::stdout().is_terminal(),
        stderr_tty: std::io::stderr().is_terminal(),
        columns: size.map(|size| usize::from(size.ws_col)),
        ci: ci.is_ci,
        ci_color: ci.renders_color,
        surface: ci.surface,
        ..Surroundings::from_environment(environment)
    };
    report::resolve(flags, &around)
}

/// `--color` as the reporters know it.
pub(super) fn choice(color: Color) -> report::ColorChoice {
    match color {
        Color::Auto => report::ColorChoice::Auto,
        Color::Always => report::ColorChoice::Always,
        Color::Never => report::ColorChoice::Never,
    }
}
