//! The arguments of `init`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is set up, and how.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// A folder of the repository; what is written stands at the repository's root. The default is the folder of now.
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,

    /// Write without asking.
    #[arg(long)]
    pub yes: bool,

    /// Show what would be written, and write nothing.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,

    /// The CI to set up, in place of what is found.
    #[arg(long, value_enum)]
    pub ci: Option<Ci>,

    /// Set up git's pre-push hook, too.
    #[arg(long)]
    pub hooks: bool,

    /// Where the image goes, as registry/name, in place of what the remote suggests.
    #[arg(long, value_name = "NAME")]
    pub image: Option<String>,

    /// The Dockerfile that is meant, where there are several.
    #[arg(short = 'f', long, value_name = "FILE")]
    pub dockerfile: Option<String>,

    /// What the repository is written in, for a Dockerfile where there is none.
    #[arg(long, value_enum)]
    pub language: Option<Language>,

    /// What such a Dockerfile builds or starts: ./cmd/api, server.js, a module.
    #[arg(long, value_name = "WHAT")]
    pub start: Option<String>,

    /// The port that the service listens on; 8080 where nothing says another.
    #[arg(long)]
    pub port: Option<u16>,

    /// The path that answers once the service works; /healthz where nothing says another.
    #[arg(long, value_name = "PATH")]
    pub health_path: Option<String>,

    /// The GitHub Action of imgbuild, as OWNER/imgbuild@COMMIT.
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,

    /// The image of imgbuild, for CIs that run jobs in one.
    #[arg(long, value_name = "REF")]
    pub imgbuild_image: Option<String>,

    /// The id of Jenkins' credentials for the registry; registry where nothing says another.
    #[arg(long, value_name = "ID")]
    pub credentials: Option<String>,
}

/// A CI with a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// Jenkins.
    Jenkins,
    /// Buildkite.
    Buildkite,
    /// Tekton.
    Tekton,
    /// None.
    None,
}

/// What a Dockerfile is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// .NET.
    Dotnet,
    /// Java, with Maven.
    Java,
    /// Python.
    Python,
    /// Node.js, with npm.
    Node,
    /// A folder as a web site.
    Static,
    /// A program that is in the repository.
    Generic,
}
