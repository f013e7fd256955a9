//! The final values: every layer merged, every default applied, each value with its origin.

mod builder;
mod checks;
mod deploy;
mod evidence;
mod retention;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::model::Test;
use super::origin::{Origin, Sourced};
use super::repository::{self, Destination};
use crate::expect::{ImageKind, ProbeSet, TestSpec};
use crate::image::TagTemplate;

pub use builder::{
    Builder, BuilderSettings, CacheSpec, ContextFrom, Fetched, Handed, HandedBy, Mtime, SourceDate,
};
pub use checks::{Baseline, Checks, EffectivePolicy, WaiverCaps, WaiverSpec, fits as rule_fits};
pub use deploy::{
    Accept, BeforeCommand, DeploySettings, EnvFrom, HostMount, JoinedNetwork, PublishedPort, Restart,
    ServiceSettings, TmpfsOptions,
};
pub use evidence::{EvidenceSettings, KeySource};
pub use retention::Retention;

/// What a run goes by. No value here is checked against the repository or the engine yet: files may be missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The configuration file, where there is one.
    pub config_path: Option<PathBuf>,
    /// The folder that the file's paths are relative to: the file's own, or the repository's root without a file.
    pub config_dir: PathBuf,
    /// Where the file and what it extends lie in the repository, as far as they do.
    pub config_files: Vec<PathBuf>,
    /// Which overlay applied.
    pub profile: Sourced<Profile>,
    /// The repository as configured; `None` leaves the name to the CI or the git remote.
    pub repository: Option<Sourced<String>>,
    /// The registries by role.
    pub registries: Registries,
    /// What may be promoted.
    pub promote: PromoteSettings,
    /// The build context: `config_dir` or the working folder joined with what was configured, `.` and `..` resolved
    /// by their names alone.
    pub context: Sourced<PathBuf>,
    /// The configured Dockerfile, joined like `context`; `None` means that it is looked for.
    pub dockerfile: Option<Sourced<PathBuf>>,
    /// The stage to build; `None` is the last one.
    pub target: Option<Sourced<String>>,
    /// `os/architecture[/variant]`; `None` is the engine's own.
    pub platform: Option<Sourced<String>>,
    /// The suffix of version tags.
    pub variant: Option<Sourced<String>>,
    /// Further tags in the order in which they were given, each once; none is literally what a release sets.
    pub tags: Vec<Sourced<TagTemplate>>,
    /// Build arguments by name.
    pub build_args: BTreeMap<String, Sourced<String>>,
    /// Labels by key; none starts with `dev.imgbuild.`.
    pub labels: BTreeMap<String, Sourced<String>>,
    /// Patterns of files that git ignores and the context may hold, relative to the context.
    pub generated: Sourced<Vec<String>>,
    /// The network of build steps; `None` is one of the run's own.
    pub network: Option<Sourced<String>>,
    /// Whether the registry is asked for newer base images.
    pub pull: Sourced<bool>,
    /// Whether every step is built anew.
    pub no_cache: Sourced<bool>,
    /// Whether what differs from run to run stays out of the image.
    pub reproducible: Sourced<bool>,
    /// Which builder, and what only BuildKit can.
    pub builder: BuilderSettings,
    /// The longest that a build may take.
    pub timeout: Sourced<Duration>,
    /// The longest that a build may stay silent.
    pub idle_timeout: Sourced<Duration>,
    /// The tests of the file.
    pub tests: Sourced<Vec<ConfiguredTest>>,
    /// What the image is for; `None` where nobody said it.
    pub kind: Option<Sourced<ImageKind>>,
    /// Which practices of running containers are looked at; `None` leaves it to the command.
    pub probes: Option<Sourced<ProbeSet>>,
    /// Whether the image is held to work with a root file system that cannot be written.
    pub read_only: Sourced<bool>,
    /// Whether it is held to work hardened.
    pub hardened: Sourced<bool>,
    /// Executables that may run beside the service.
    pub companions: Sourced<Vec<String>>,
    /// Files of container-structure-test, joined like `context`, each once: the file's, then those of flags.
    pub structure_tests: Vec<Sourced<PathBuf>>,
    /// Files of goss, likewise.
    pub goss: Vec<Sourced<PathBuf>>,
    /// What is deployed, by name.
    pub deploys: BTreeMap<String, DeploySettings>,
    /// How many development images of a branch stay on the engine; never 0.
    pub keep_dev: Sourced<u32>,
    /// What stays in a registry.
    pub retention: Retention,
    /// How strict the checks are.
    pub checks: Checks,
    /// What is attached to a published image, and what is believed of it.
    pub evidence: EvidenceSettings,
    /// How long a registry that fails or stalls is put up with.
    pub push_limits: PushLimits,
    /// Whether this run pushes. A fork or a privileged pull request never does, whatever this says.
    pub push: Sourced<Push>,
    /// Where the run report goes.
    pub report: Option<Sourced<PathBuf>>,
    /// Where the tests' results go as JUnit XML.
    pub junit: Option<Sourced<PathBuf>>,
    /// The folder that the report goes to in every form.
    pub report_dir: Option<Sourced<PathBuf>>,
}

impl Settings {
    /// Whether anybody wrote a test of the image.
    pub fn has_tests(&self) -> bool {
        !(self.tests.is_empty() && self.structure_tests.is_empty() && self.goss.is_empty())
    }

    /// The name of this run's image in the registry of `role`. `fallback` is its name where none is configured: the
    /// remote's last component, or what the CI says.
    pub fn destination(&self, role: Role, fallback: &str) -> Destination {
        let name = self.repository.as_ref().map_or(fallback, |r| r.value.as_str());
        if self.registries.is_empty() {
            return repository::destination(name);
        }
        match self.registries.get(role) {
            Some(entry) => Destination::Registry(repository::join(&entry.prefix, name)),
            None => Destination::NoRole(role),
        }
    }
}

/// Which overlay of the file applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Where a CI is detected.
    Ci,
    /// Elsewhere.
    Local,
}

/// Whether a run pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Push {
    /// Where a registry is known and the rules allow it.
    Auto,
    /// Not at all.
    Never,
    /// It must, and a reason not to is an error.
    Always,
}

/// A value that is one of a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidWord(pub(super) &'static str);

impl fmt::Display for InvalidWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be one of {}", self.0)
    }
}

impl std::error::Error for InvalidWord {}

impl Profile {
    /// The word in the file and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Profile::Ci => "ci",
            Profile::Local => "local",
        }
    }
}

impl FromStr for Profile {
    type Err = InvalidWord;

    fn from_str(word: &str) -> Result<Self, InvalidWord> {
        match word {
            "ci" => Ok(Profile::Ci),
            "local" => Ok(Profile::Local),
            _ => Err(InvalidWord("ci, local")),
        }
    }
}

impl Push {
    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Push::Auto => "auto",
            Push::Never => "never",
            Push::Always => "always",
        }
    }
}

impl FromStr for Push {
    type Err = InvalidWord;

    fn from_str(word: &str) -> Result<Self, InvalidWord> {
        match word {
            "auto" => Ok(Push::Auto),
            "never" => Ok(Push::Never),
            "always" => Ok(Push::Always),
            _ => Err(InvalidWord("auto, never, always")),
        }
    }
}

/// What a registry is for, and so who may push there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Developers.
    Sandbox,
    /// CI only.
    Integration,
    /// Promotion only.
    Release,
}

impl Role {
    /// Every role, in the order of an image's way.
    pub const ALL: [Role; 3] = [Role::Sandbox, Role::Integration, Role::Release];

    /// The key under `[registries]`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Sandbox => "sandbox",
            Role::Integration => "integration",
            Role::Release => "release",
        }
    }
}

/// The registries by role. Without any, `repository` is a full name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Registries {
    /// Developers' registry.
    pub sandbox: Option<RoleSettings>,
    /// CI's registry.
    pub integration: Option<RoleSettings>,
    /// The registry of what was promoted.
    pub release: Option<RoleSettings>,
    /// Hosts that are reached over plain HTTP beside those on loopback, each once, as in references.
    pub insecure: Vec<Sourced<String>>,
}

impl Registries {
    /// Whether `host`, as a reference has it, is configured to be reached over plain HTTP. Loopback is for the caller
    /// to know.
    pub fn is_insecure(&self, host: &str) -> bool {
        self.insecure.iter().any(|entry| entry.eq_ignore_ascii_case(host))
    }

    /// Whether no role is configured.
    pub fn is_empty(&self) -> bool {
        Role::ALL.iter().all(|role| self.get(*role).is_none())
    }

    /// The registry of `role`.
    pub fn get(&self, role: Role) -> Option<&RoleSettings> {
        match role {
            Role::Sandbox => self.sandbox.as_ref(),
            Role::Integration => self.integration.as_ref(),
            Role::Release => self.release.as_ref(),
        }
    }
}

/// One registry with a role.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleSettings {
    /// Host and path, without a slash at the end.
    pub prefix: Sourced<String>,
    /// Whether a version tag that exists is never moved.
    pub immutable: Sourced<bool>,
}

/// What may be promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromoteSettings {
    /// Patterns of branches, one of which an image's commit has to be on.
    pub branches: Sourced<Vec<String>>,
}

/// How long a registry that fails or stalls is put up with. None of them is zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushLimits {
    /// How long a failed request or push may be tried again.
    pub retry_for: Sourced<Duration>,
    /// The longest that a push may stand still.
    pub idle_timeout: Sourced<Duration>,
    /// The longest that the push of one image may take.
    pub timeout: Sourced<Duration>,
}

/// One test as the file has it, and what it asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfiguredTest {
    /// What is done.
    pub spec: TestSpec,
    /// Where it is written.
    pub origin: Origin,
    /// As it is written, with no default filled in.
    pub written: Test,
}
