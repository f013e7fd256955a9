//! The options of every command, which say what is printed and how.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Run as if started in this folder.
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub directory: Option<PathBuf>,

    /// The configuration file, in place of the imgbuild.toml that is found.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What is printed to stdout: text, one JSON document, or one JSON event per line.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub format: Format,

    /// How progress is shown on stderr.
    #[arg(long, global = true, value_enum, default_value_t = Progress::Auto)]
    pub progress: Progress,

    /// Whether to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,

    /// Whether to show the CI groups, annotations, outputs and a summary as it knows them.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = CiOutput::Auto)]
    pub ci_output: CiOutput,

    /// Say nothing but errors and results.
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Write the run's report to this file, as versioned JSON.
    #[arg(long, global = true, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// What is printed to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text.
    Human,
    /// One JSON document, at the end.
    Json,
    /// One JSON event per line, as it happens.
    Ndjson,
    /// SARIF 2.1.0; only of check.
    Sarif,
    /// GitHub's annotations; only of check.
    Github,
    /// Checkstyle's XML; only of check.
    Checkstyle,
    /// GitLab's Code Quality report; only of check.
    Gitlab,
}

impl Format {
    /// Whether only `check` has it.
    pub fn is_of_findings(self) -> bool {
        matches!(self, Format::Sarif | Format::Github | Format::Checkstyle | Format::Gitlab)
    }
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// Live on a terminal outside CI, else lines.
    Auto,
    /// A live view.
    Live,
    /// Lines that are only ever appended.
    Plain,
}

/// Whether to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// As NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and the terminal say.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether to use what a CI offers beyond text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CiOutput {
    /// As the CI that is detected has it, unless IMGBUILD_CI_OUTPUT is off.
    Auto,
    /// Lines of text alone.
    Off,
}
