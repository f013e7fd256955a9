//! The command line. The doc comments are the help text.

mod clean;
mod deploy;
mod global;
mod hook;
mod init;
mod promote;
mod shell;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use clean::CleanArgs;
pub use deploy::{DeployArgs, HostArgs, RollbackArgs};
pub use global::{CiOutput, Color, Format, Global, Progress};
pub use hook::{HookArgs, HookCommand, Manager};
pub use init::{Ci, InitArgs, Language};
pub use promote::{PromoteArgs, PromoteTo};
pub use shell::Shell;

/// Build, test, tag and push a container image from a git commit, and push only what was tested.
#[derive(Debug, Parser)]
#[command(name = "imgbuild", version, max_term_width = 80, after_help = super::help::exit_codes())]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write what a repository lacks: configuration, Dockerfile, pipeline. What is there stays as it is.
    Init(InitArgs),
    /// Build the commit, test the image, then tag and push it.
    Ci(BuildArgs),
    /// Build a development image; its tag ends in -dev.
    Build(BuildArgs),
    /// Print what a run would do, and do nothing.
    Plan {
        /// Plan `build` in place of `ci`.
        #[arg(long)]
        dev: bool,
        /// The options of the run.
        #[command(flatten)]
        build: BuildArgs,
    },
    /// Judge Dockerfiles, the build context and images by the practices.
    Check(CheckArgs),
    /// Explain a rule; without one, list them all.
    Explain {
        /// The rule: a code, a name, or what another tool calls it, such as DL3008.
        rule: Option<String>,
    },
    /// Show the build context: what would be sent.
    Context(ContextArgs),
    /// Take back what a run published: each tag becomes what it was before.
    Publish {
        /// The run's report, as --report wrote it.
        #[arg(long, value_name = "REPORT", required = true)]
        undo: PathBuf,
    },
    /// Copy an image or index with its referrers by digest, to another repository or registry.
    Copy {
        /// What to copy, by tag or digest.
        source: String,
        /// Where to; without a tag, that of the source.
        destination: String,
    },
    /// Copy what was proven to the release registry by digest, and set its version and moving tags there.
    Promote(PromoteArgs),
    /// List the versions and moving tags of a repository, and what they resolve to.
    Tags {
        /// The repository, as registry/name.
        repository: String,
        /// Look up unique tags, too: there is one for each run.
        #[arg(long)]
        all: bool,
    },
    /// Check what is attached to a published image: signature, provenance, tests, SBOM, policy.
    Verify(VerifyImageArgs),
    /// Show where a published image comes from, and what is attached to it.
    Inspect {
        /// The image, by tag or digest.
        #[arg(value_name = "REF")]
        reference: String,
        /// A public key, as PEM, whose signatures are believed; may be given more than once.
        #[arg(long = "key", value_name = "FILE")]
        keys: Vec<PathBuf>,
    },
    /// List published images whose base has moved on; exit 1 where there are any.
    Drift {
        /// The images, by tag or digest.
        #[arg(value_name = "REF", required = true)]
        references: Vec<String>,
    },
    /// Have git judge what is pushed, or put back what was there.
    Hook {
        /// What to do.
        #[command(subcommand)]
        what: HookCommand,
    },
    /// Run the configured tests on any image that the engine has or can pull.
    Test(TestArgs),
    /// Put an image in the place of the one that runs on a host; where it does not work, what ran before serves.
    Deploy(DeployArgs),
    /// List what is deployed on a host.
    Deployments(HostArgs),
    /// Put back what ran before on a host.
    Rollback(RollbackArgs),
    /// Remove what dead runs left, and images that are of no more use; says what it would do unless --yes is given.
    Clean(CleanArgs),
    /// Print the settings in force.
    Config {
        /// Print where each value comes from.
        #[arg(long)]
        origin: bool,
        /// The options of the run whose settings are shown.
        #[command(flatten)]
        build: BuildArgs,
    },
    /// Show what the CI says of this run, and where each value comes from.
    CiInfo,
    /// Check git, CI, configuration, engine, registries and hooks, and say what to do.
    Doctor,
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page of imgbuild.
    Man {
        /// Write the pages of all commands into this folder instead.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Look into a container that shares namespaces with this process: what a test runs in a helper container.
    #[command(hide = true)]
    Inside {
        /// What is done.
        #[command(subcommand)]
        job: InsideJob,
    },
}

/// What `inside` does.
#[derive(Debug, Subcommand)]
pub enum InsideJob {
    /// List the sockets that wait for others.
    Sockets,
    /// Answer every question for a name with "no such name", and list the names.
    Dns,
    /// Try a TCP connection.
    Connect {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
        /// How long it may take.
        milliseconds: u64,
    },
    /// Stop all processes.
    Stop,
    /// Let all processes go on.
    Continue,
}

/// What is built from.
#[derive(Debug, Args, Default)]
pub struct FileArgs {
    /// The folder whose content is the build context.
    #[arg(long, value_name = "DIR")]
    pub context: Option<PathBuf>,

    /// The Dockerfile; it has to be inside the context.
    #[arg(short = 'f', long, value_name = "FILE")]
    pub dockerfile: Option<PathBuf>,
}

/// Options of a run.
#[derive(Debug, Args, Default)]
pub struct BuildArgs {
    /// The repository to tag and push to.
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,

    /// What is built from.
    #[command(flatten)]
    pub files: FileArgs,

    /// The stage to build.
    #[arg(long, value_name = "STAGE")]
    pub target: Option<String>,

    /// The platform to build for, as os/arch.
    #[arg(long)]
    pub platform: Option<String>,

    /// A further tag, such as nightly or edge-{date}; may be given more than once.
    #[arg(long = "tag", value_name = "TEMPLATE")]
    pub tags: Vec<String>,

    /// A build argument, as NAME=VALUE; may be given more than once.
    #[arg(long = "build-arg", value_name = "NAME=VALUE", value_parser = name_value)]
    pub build_args: Vec<(String, String)>,

    /// What builds: auto (BuildKit where the engine has it, else the classic builder), buildkit, classic, or the address of
    /// a BuildKit that is none of the engine's: tcp://HOST:PORT, unix:///PATH.
    #[arg(long, value_name = "BUILDER", value_parser = builder)]
    pub builder: Option<crate::config::Builder>,

    /// A secret for RUN --mount=type=secret, as id=ID,env=NAME or id=ID,src=FILE; may be given more than once.
    #[arg(long = "secret", value_name = "SPEC")]
    pub secrets: Vec<String>,

    /// An ssh agent for RUN --mount=type=ssh, as id=ID or id=ID,src=SOCKET; may be given more than once.
    #[arg(long, value_name = "SPEC")]
    pub ssh: Vec<String>,

    /// A further context by name, as NAME=docker-image://REFERENCE or NAME=URL; may be given more than once.
    #[arg(long = "build-context", value_name = "NAME=VALUE", value_parser = name_value)]
    pub contexts: Vec<(String, String)>,

    /// A cache to begin with, as type=registry,ref=REFERENCE; may be given more than once.
    #[arg(long, value_name = "SPEC")]
    pub cache_from: Vec<String>,

    /// A cache to fill, by a run that pushes; may be given more than once.
    #[arg(long, value_name = "SPEC")]
    pub cache_to: Vec<String>,

    /// The network of RUN instructions: none, host, or a network of the engine's.
    #[arg(long)]
    pub network: Option<String>,

    /// Whether to push.
    #[arg(long, value_enum)]
    pub push: Option<Push>,

    /// The private key that signs what is attached to a pushed image: a file of PEM, or env://NAME.
    #[arg(long, value_name = "KEY")]
    pub sign_key: Option<String>,

    /// Do not use the engine's build cache.
    #[arg(long)]
    pub no_cache: bool,

    /// Pull base images even where the engine has them.
    #[arg(long)]
    pub pull: bool,

    /// Leave out labels that differ from run to run.
    #[arg(long)]
    pub reproducible: bool,

    /// The profile of imgbuild.toml, in place of the detected one.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// How the image is verified.
    #[command(flatten)]
    pub verify: VerifyArgs,
}

/// What of a published image has to hold.
#[derive(Debug, Args, Default)]
pub struct VerifyImageArgs {
    /// The image, by tag or digest.
    #[arg(value_name = "REF")]
    pub reference: String,

    /// A public key, as PEM, whose signatures are believed; may be given more than once. Default: those of
    /// evidence.verify-keys.
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,

    /// A configuration file whose `[evidence]` says what has to hold, in place of the repository's.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Leave the bytes of layers unread; whoever pulls them compares them.
    #[arg(long)]
    pub skip_layers: bool,
}

/// How an image is verified.
#[derive(Debug, Args, Default)]
pub struct VerifyArgs {
    /// Which practices are looked at that only a running container shows.
    #[arg(long, value_enum)]
    pub probes: Option<Probes>,

    /// Hold the image to work hardened: read-only root, no capabilities, an unprivileged user.
    #[arg(long)]
    pub hardened: bool,

    /// Write the tests' results to this file, as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write the run's report into this folder in every form: report.html, report.json, junit.xml and others.
    #[arg(long, value_name = "DIR")]
    pub report_dir: Option<PathBuf>,
}

/// Which practices of running containers are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Probes {
    /// None.
    Off,
    /// Those that share one container; what build does by itself.
    Quick,
    /// All; what ci and test do by themselves.
    Full,
}

/// Options of `test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The image: a reference or an id.
    pub image: String,

    /// Put the tests of this file of container-structure-test as well; may be given more than once.
    #[arg(long = "structure-test", value_name = "FILE")]
    pub structure_tests: Vec<PathBuf>,

    /// Put the tests of this file of goss as well; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub goss: Vec<PathBuf>,

    /// What the image is for, in place of what is configured or guessed.
    #[arg(long, value_enum)]
    pub kind: Option<ImageKind>,

    /// How the image is verified.
    #[command(flatten)]
    pub verify: VerifyArgs,
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImageKind {
    /// It runs until it is stopped.
    Service,
    /// It does its work and ends.
    Job,
    /// Others are built from it.
    Base,
}

/// Options of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Dockerfiles, folders to search for some, patterns, or - for stdin. Without any: the Dockerfile, context and git
    /// state that a build would take.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Judge this image of the engine's, too.
    #[arg(long, value_name = "REF")]
    pub image: Option<String>,

    /// Mend what can be mended without a look.
    #[arg(long)]
    pub fix: bool,

    /// The least level that fails, in place of the configured one.
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub fail_on: Option<FailOn>,

    /// Only findings that this file does not have count.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write all findings to this file, as a baseline.
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<PathBuf>,

    /// Write the run's report into this folder in every form: report.html, report.json, junit.xml and others.
    #[arg(long, value_name = "DIR")]
    pub report_dir: Option<PathBuf>,

    /// Ask no registry about base images.
    #[arg(long)]
    pub offline: bool,

    /// Leave out ShellCheck, although it is on PATH.
    #[arg(long)]
    pub no_shellcheck: bool,

    /// What is built from.
    #[command(flatten)]
    pub files: FileArgs,

    /// The stage that is built.
    #[arg(long, value_name = "STAGE")]
    pub target: Option<String>,
}

/// The least level that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Every finding.
    Info,
    /// Warnings and errors.
    Warning,
    /// Errors.
    Error,
    /// No finding.
    Never,
}

/// Options of `context`.
#[derive(Debug, Args)]
pub struct ContextArgs {
    /// What to print; the default is a summary with the ten largest entries.
    #[command(flatten)]
    pub what: ContextWhat,

    /// What is built from.
    #[command(flatten)]
    pub files: FileArgs,
}

/// What `context` prints.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct ContextWhat {
    /// Print every entry.
    #[arg(long)]
    pub list: bool,
    /// Print the context digest.
    #[arg(long)]
    pub digest: bool,
    /// Write the tar stream to stdout.
    #[arg(long)]
    pub tar: bool,
}

/// Whether to push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Push {
    /// `ci` pushes where a registry is known and the run may; `build` does not.
    Auto,
    /// Never.
    Never,
    /// Push, or refuse before the build.
    Always,
}

fn builder(text: &str) -> Result<crate::config::Builder, String> {
    text.parse().map_err(|why: crate::config::InvalidWord| why.to_string())
}

fn name_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
