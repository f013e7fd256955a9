//! A test: a scene, and the checks that are made in it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Check, ReadySpec};

/// One test of the image.
#[derive(Debug, Clone, PartialEq)]
pub struct TestSpec {
    /// Its name, unlike every other test's.
    pub name: String,
    /// The container that is started for it; `None` where its checks need none that runs.
    pub start: Option<Start>,
    /// What its containers get.
    pub container: ContainerOptions,
    /// Other containers that it needs, started in this order.
    pub services: Vec<ServiceSpec>,
    /// The checks, in order.
    pub checks: Vec<Check>,
    /// The longest that all of it may take.
    pub within: Duration,
}

/// What a started container has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// Become ready and stay up.
    Service(ReadySpec),
    /// End with exit code 0.
    Job,
    /// Become ready and stay up; or, where the image looks like no service, end with exit code 0.
    Either(ReadySpec),
    /// Become ready and stay up, or end with exit code 0, whatever the image looks like: a base is run for other things.
    Any(ReadySpec),
}

impl Start {
    /// When the container is ready; `None` for one that is there to end.
    pub fn ready(&self) -> Option<&ReadySpec> {
        match self {
            Start::Service(ready) | Start::Either(ready) | Start::Any(ready) => Some(ready),
            Start::Job => None,
        }
    }
}

/// What the containers of a test get.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContainerOptions {
    /// Variables beside the image's own.
    pub env: BTreeMap<String, String>,
    /// Whether `$NAME` and `${NAME}` in the values of `env` are filled in from the image's own variables.
    pub expand: bool,
    /// Replaces CMD.
    pub cmd: Option<Vec<String>>,
    /// `uid[:gid]` or a name of the image.
    pub user: Option<String>,
    /// Files, folders and temporary file systems.
    pub mounts: Vec<Mount>,
    /// `none`, `host` or a network of the engine; the test's own where there is none.
    pub network: Option<String>,
    /// The root file system cannot be written.
    pub read_only: bool,
    /// All rights of the host.
    pub privileged: bool,
    /// Capabilities beside the engine's usual ones.
    pub capabilities: Vec<String>,
    /// A terminal.
    pub tty: bool,
    /// Memory in bytes; the default of tests where it is `None`.
    pub memory: Option<u64>,
}

/// Something that is mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    /// A file or folder of the engine's machine: `/host/path:/path[:ro]`.
    Bind(String),
    /// A temporary file system at a path, with options (`size=16m`).
    Tmpfs(String, String),
}

/// A container that a test needs beside the image's own.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSpec {
    /// Its image, which the engine has or can pull.
    pub image: String,
    /// The name by which the others reach it.
    pub alias: String,
    /// When it counts as started.
    pub ready: ReadySpec,
    /// What it gets; `network` does not count.
    pub container: ContainerOptions,
}

/// What an image is for, and so what may be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageKind {
    /// It runs until it is stopped.
    Service,
    /// It does its work and ends.
    Job,
    /// Others are built from it.
    Base,
}

/// How many probes of running containers are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProbeSet {
    /// None.
    Off,
    /// Those that share one container.
    Quick,
    /// All of them.
    Full,
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),* }) => {
        impl $type {
            /// Each of them.
            pub const ALL: &[$type] = &[$($type::$variant),*];

            /// The word in files and on the command line.
            pub const fn as_str(self) -> &'static str {
                match self { $($type::$variant => $word),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                let words = [$($word),*].join(", ");
                $type::ALL.iter().copied().find(|known| known.as_str() == word)
                    .ok_or_else(|| format!("must be one of {words}"))
            }
        }
    };
}

words!(ImageKind { Service = "service", Job = "job", Base = "base" });
words!(ProbeSet { Off = "off", Quick = "quick", Full = "full" });
