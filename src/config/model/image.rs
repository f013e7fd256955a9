//! `[image]` and `[image.build]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Period, SourceDate, Test};
use crate::config::settings;
use crate::expect::{ImageKind, ProbeSet};

/// `[image]`: the one image of this repository.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Image {
    /// The image's name. With `[registries]` a bare name that is joined to the role's prefix: `"api"`. Without,
    /// a full one: `"ghcr.io/acme/api"`; one without a registry host stays local. Default: the last component of
    /// the git remote, local only.
    pub repository: Option<String>,
    /// The folder that is sent to the engine, relative to this file and inside the repository. Default: `"."`.
    pub context: Option<PathBuf>,
    /// The Dockerfile, relative to this file. Default: the only one of `Dockerfile`, `Containerfile`,
    /// `docker/Dockerfile`, `build/Dockerfile` in the context.
    pub dockerfile: Option<PathBuf>,
    /// The stage to build: `"runtime"`. Default: the last one.
    pub target: Option<String>,
    /// The platform to build for: `"linux/arm64"`. Default: the engine's own.
    pub platform: Option<String>,
    /// A suffix of every version tag: `"alpine"` gives `1.2.3-alpine` and `alpine`. Default: none.
    pub variant: Option<String>,
    /// Further tags of every image that is pushed: `["{branch}", "nightly", "v{version}"]`. A tag one of whose
    /// placeholders has no value in a run is left out of that run. The placeholders: `{branch}` and `{tag}`, the names
    /// as far as a tag can hold them; `{pr}`, the pull request's number; `{sha}` and `{commit}`, the commit's first 7
    /// digits and all of them; `{version}`, `{minor}` and `{major}`, such as `1.2.3`, `1.2` and `1`; `{date}` and
    /// `{time}`, the UTC day (`20260131`) and the unix seconds of the run's start. `--tag` adds to these. Default: none.
    pub tags: Option<Vec<String>>,
    /// Labels beside those that imgbuild sets: `{ "com.acme.team" = "payments" }`. They win over the
    /// `org.opencontainers.image.*` ones; `dev.imgbuild.*` cannot be set.
    pub labels: Option<BTreeMap<String, String>>,
    /// What the image is for, and so which practices it is held to: `"service"` runs until it is stopped, `"job"` does its
    /// work and ends, `"base"` is for others to build from. Default: guessed from EXPOSE, HEALTHCHECK and what it does.
    pub kind: Option<Kind>,
    /// How many of the practices that only a running container shows are looked at: `"full"`, `"quick"` (those that share
    /// one container) or `"off"`. Default: `"quick"` in `build`, else `"full"`.
    pub probes: Option<Probes>,
    /// The image works with a root file system that cannot be written, and is held to it. Default: `false`.
    pub read_only: Option<bool>,
    /// The image has to work hardened: with a root file system that cannot be written, without capabilities or new
    /// privileges, as an unprivileged user. Default: `false`.
    pub hardened: Option<bool>,
    /// Executables that may run beside the service: `["crond"]`. Default: none.
    pub companions: Option<Vec<String>>,
    /// Files of container-structure-test (schema 2.0.0) that the image must pass as well, relative to this file and inside
    /// the repository: `["tests/structure.yaml"]`. Default: none.
    pub structure_tests: Option<Vec<PathBuf>>,
    /// Files of goss, likewise: `["tests/goss.yaml"]`. What cannot be judged from outside of the container is an error.
    /// Default: none.
    pub goss: Option<Vec<PathBuf>>,
    /// How many development images of each branch stay on the engine, at least 1; `build` removes older ones of its own, and
    /// so does `imgbuild clean`: `5`. Default: `3`.
    #[schemars(range(min = 1))]
    pub keep_dev: Option<u32>,
    /// How the image is built.
    #[serde(default, deserialize_with = "super::shape::table")]
    pub build: Option<Build>,
    /// The tests that an image must pass before it is pushed. Default: it starts, becomes healthy where it has a
    /// HEALTHCHECK, and stays up.
    #[serde(default, deserialize_with = "super::shape::tables")]
    pub test: Option<Vec<Test>>,
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It runs until it is stopped.
    Service,
    /// It does its work and ends.
    Job,
    /// Others are built from it.
    Base,
}

impl From<Kind> for ImageKind {
    fn from(kind: Kind) -> ImageKind {
        match kind {
            Kind::Service => ImageKind::Service,
            Kind::Job => ImageKind::Job,
            Kind::Base => ImageKind::Base,
        }
    }
}

/// How many probes of running containers are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Probes {
    /// None.
    Off,
    /// Those that share one container.
    Quick,
    /// All of them.
    Full,
}

impl From<Probes> for ProbeSet {
    fn from(probes: Probes) -> ProbeSet {
        match probes {
            Probes::Off => ProbeSet::Off,
            Probes::Quick => ProbeSet::Quick,
            Probes::Full => ProbeSet::Full,
        }
    }
}

/// What builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Builder {
    /// BuildKit where the engine has it.
    Auto,
    /// BuildKit.
    BuildKit,
    /// The engine's classic builder.
    Classic,
}

impl From<Builder> for settings::Builder {
    fn from(builder: Builder) -> settings::Builder {
        match builder {
            Builder::Auto => settings::Builder::Auto,
            Builder::BuildKit => settings::Builder::BuildKit,
            Builder::Classic => settings::Builder::Classic,
        }
    }
}

/// The times that files are sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mtime {
    /// Made of the content.
    Content,
    /// The file system's.
    Real,
}

impl From<Mtime> for settings::Mtime {
    fn from(mtime: Mtime) -> settings::Mtime {
        match mtime {
            Mtime::Content => settings::Mtime::Content,
            Mtime::Real => settings::Mtime::Real,
        }
    }
}

/// Where the files of the context come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContextFrom {
    /// The folder, with whatever lies in it.
    Worktree,
    /// The commit that is checked out.
    Commit,
}

impl From<ContextFrom> for settings::ContextFrom {
    fn from(from: ContextFrom) -> settings::ContextFrom {
        match from {
            ContextFrom::Worktree => settings::ContextFrom::Worktree,
            ContextFrom::Commit => settings::ContextFrom::Commit,
        }
    }
}

/// What a commit names, and a clone may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fetched {
    /// Files that git-lfs fetched.
    Lfs,
    /// Submodules that are checked out.
    Submodules,
}

impl From<Fetched> for settings::Fetched {
    fn from(fetched: Fetched) -> settings::Fetched {
        match fetched {
            Fetched::Lfs => settings::Fetched::Lfs,
            Fetched::Submodules => settings::Fetched::Submodules,
        }
    }
}

/// What a build may be allowed beyond what every build may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Entitlement {
    /// Steps in the host's network.
    #[serde(rename = "network.host")]
    NetworkHost,
    /// Steps without the walls around them.
    #[serde(rename = "security.insecure")]
    SecurityInsecure,
}

impl Entitlement {
    /// Its name for BuildKit, and in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Entitlement::NetworkHost => "network.host",
            Entitlement::SecurityInsecure => "security.insecure",
        }
    }
}

/// `[image.build]`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Build {
    /// Build arguments, every value a string: `{ RUST_VERSION = "1.90" }`. They end in the image's history: never
    /// put a secret here.
    pub args: Option<BTreeMap<String, String>>,
    /// What builds: `"buildkit"`, `"classic"`, or `"auto"`, which is BuildKit where the engine has it. The address of a builder
    /// is taken from `--builder` and `IMGBUILD_BUILDER` alone. Default: `"auto"`.
    pub builder: Option<Builder>,
    /// Where the files of the context come from: `"worktree"` is the folder, with whatever lies in it; `"commit"` is the commit
    /// that is checked out, so that nothing else can get into the image. Default: `"worktree"`.
    pub context: Option<ContextFrom>,
    /// With `context = "commit"`: what the commit only names, and is taken as it was fetched: `"lfs"` for the files of git-lfs,
    /// which are held against their pointers, `"submodules"` for the recorded commits of submodules that are checked out.
    /// Default: none, and such a file in the context is an error.
    pub fetched: Option<Vec<Fetched>>,
    /// The modification times that BuildKit is sent: `"content"` makes them of a file's content, so that a file is sent and
    /// a step is run again only where its content changed; `"real"` takes those of the files, for a `make` that goes by
    /// them. Default: `"content"`.
    pub mtime: Option<Mtime>,
    /// The time that the image, its history and its label `created` are said to be of: `"commit"`, `"none"`, or unix seconds.
    /// The variable `SOURCE_DATE_EPOCH` goes before it. Needs a BuildKit from 0.11 on. Default: `"none"`.
    pub source_date_epoch: Option<SourceDate>,
    /// Give files in layers that are newer than `source-date-epoch` that time, so that a build without any cache gives the same
    /// image. Needs a BuildKit from 0.13 on, and an engine that keeps images in containerd's store. Default: `false`.
    pub rewrite_timestamp: Option<bool>,
    /// What steps may do that ask for it: `["network.host"]` for `RUN --network=host`, `["security.insecure"]` for `RUN
    /// --security=insecure`. Needs BuildKit, and a builder that allows it. On a pull request this list is the base branch's.
    /// Default: none.
    pub entitlements: Option<Vec<Entitlement>>,
    /// Ids of secrets for `RUN --mount=type=secret`: `["npmrc"]`. The value of `npmrc` is that of the variable `NPMRC`, or
    /// what the file holds that `NPMRC_FILE` names, or what `--secret` says. Needs BuildKit. On a pull request this list is
    /// the base branch's.
    pub secrets: Option<Vec<String>>,
    /// Ids of ssh agents for `RUN --mount=type=ssh`: `["default"]`. An agent is that of `SSH_AUTH_SOCK`, or what `--ssh`
    /// says. Needs BuildKit. On a pull request this list is the base branch's.
    pub ssh: Option<Vec<String>>,
    /// Further contexts by name, for `FROM` and `COPY --from`: `{ base = "docker-image://registry.example.com/base:1" }`, or
    /// the URL of a git repository or an archive. Needs BuildKit. On a pull request they are the base branch's, as caches are.
    pub contexts: Option<BTreeMap<String, String>>,
    /// Caches to begin with: `["type=registry,ref=registry.example.com/app:cache"]`, `["type=local,src=.cache"]`, `["type=gha"]`.
    /// Needs BuildKit.
    pub cache_from: Option<Vec<String>>,
    /// Caches to fill, by a run that pushes and is of no pull request: `["type=inline"]`, `["type=registry,ref=…,mode=max"]`,
    /// `["type=local,dest=.cache"]`, `["type=gha"]`. Needs BuildKit, and all but `inline` an engine that keeps images in containerd's store.
    pub cache_to: Option<Vec<String>>,
    /// The network of `RUN` steps: `"none"`, `"host"`, or the name of a network on the engine. Default: a network
    /// of the run's own.
    pub network: Option<String>,
    /// Ask the registry for newer base images even where the engine has one. Default: `false`.
    pub pull: Option<bool>,
    /// Build every step anew. Default: `false`.
    pub no_cache: Option<bool>,
    /// Leave out what differs from run to run (build URL, build time), so that the same commit gives the same
    /// image id while the engine's cache holds. Default: `false` in CI, and always so in local builds.
    pub reproducible: Option<bool>,
    /// Files in the context that git ignores on purpose, as patterns relative to the context: `["dist/**"]`. Each is
    /// read as a line of `.dockerignore` would be. Default: none, and such a file is a finding.
    pub generated: Option<Vec<String>>,
    /// The longest that a build may take: `"45m"`. Default: `"30m"`.
    pub timeout: Option<Period>,
    /// The longest that a build may stay silent: `"5m"`. Default: `"10m"`.
    pub idle_timeout: Option<Period>,
}
