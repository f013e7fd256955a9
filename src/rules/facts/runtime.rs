//! What running containers of an image showed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::Deserialize;

use crate::expect::ImageKind;
use crate::rules::{Expectations, Fact};

mod asked;
mod ports;

/// What was seen of one image. A fact is missing where its probe was not made, with the reason.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuntimeFacts {
    /// How findings name the image.
    pub reference: String,
    /// What the image is for.
    #[serde(skip)]
    pub kind: Fact<KindSeen>,
    /// Its start.
    pub start: Fact<StartSeen>,
    /// Its HEALTHCHECK; missing where it has none.
    pub health: Fact<HealthSeen>,
    /// What the HEALTHCHECK said once every process of the service was frozen.
    pub frozen: Fact<FrozenSeen>,
    /// Users of its processes.
    pub users: Fact<UsersSeen>,
    /// Processes, at several moments.
    pub processes: Fact<ProcessesSeen>,
    /// What it logs, and where.
    pub logs: Fact<LogsSeen>,
    /// What it wrote outside of volumes and temporary folders.
    pub writes: Fact<WritesSeen>,
    /// Its start with a root file system that cannot be written.
    pub read_only: Fact<VariantSeen>,
    /// Its start with all hardening.
    pub hardened: Fact<VariantSeen>,
    /// How it stopped.
    pub stop: Fact<StopSeen>,
    /// Its start after a stop.
    pub restart: Fact<VariantSeen>,
    /// Ports.
    pub ports: Fact<PortsSeen>,
    /// Its start without a network.
    pub offline: Fact<OfflineSeen>,
    /// What it used of its limits.
    pub limits: Fact<LimitsSeen>,
    /// What the settings expect of it.
    #[serde(skip)]
    pub expectations: Expectations,
}

impl Default for RuntimeFacts {
    fn default() -> RuntimeFacts {
        RuntimeFacts::unknown("", "not seen")
    }
}

impl RuntimeFacts {
    /// Nothing is known, and why.
    pub fn unknown(reference: &str, why: &str) -> RuntimeFacts {
        let why = why.to_owned();
        RuntimeFacts {
            reference: reference.to_owned(),
            kind: Fact::Missing(why.clone()),
            start: Fact::Missing(why.clone()),
            health: Fact::Missing(why.clone()),
            frozen: Fact::Missing(why.clone()),
            users: Fact::Missing(why.clone()),
            processes: Fact::Missing(why.clone()),
            logs: Fact::Missing(why.clone()),
            writes: Fact::Missing(why.clone()),
            read_only: Fact::Missing(why.clone()),
            hardened: Fact::Missing(why.clone()),
            stop: Fact::Missing(why.clone()),
            restart: Fact::Missing(why.clone()),
            ports: Fact::Missing(why.clone()),
            offline: Fact::Missing(why.clone()),
            limits: Fact::Missing(why),
            expectations: Expectations::default(),
        }
    }
}

/// What an image is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSeen {
    /// It.
    pub kind: ImageKind,
    /// Why it is taken for that: `configured`, or what was seen.
    pub why: String,
}

/// How a container ended, or that it did not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StartSeen {
    /// Whether it was up when it was looked at last.
    pub up: bool,
    /// How long it was watched, in milliseconds.
    pub watched_ms: u64,
    /// Its exit code, where it ended.
    pub exit: Option<i64>,
    /// Whether the kernel killed it for memory.
    pub oom: bool,
    /// The engine's words on why it could not start; empty where it did.
    pub error: String,
    /// The last lines of its log, capped.
    pub log: Vec<String>,
}

/// What a HEALTHCHECK said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthSeen {
    /// Whether it became healthy.
    pub healthy: bool,
    /// After how many milliseconds, or how long it was waited for.
    pub after_ms: u64,
    /// The last probes: exit code and output, capped.
    pub probes: Vec<(i64, String)>,
}

/// What a HEALTHCHECK said of a frozen service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrozenSeen {
    /// Whether it turned unhealthy.
    pub unhealthy: bool,
    /// How long it was waited for, in milliseconds.
    pub waited_ms: u64,
    /// How many processes were stopped.
    pub stopped: usize,
    /// How many probes succeeded after that.
    pub passed: usize,
}

/// As whom it says to run, and as whom it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UsersSeen {
    /// `Config.User`; empty is root.
    pub claimed: String,
    /// The number that this stands for, where it could be told.
    pub claimed_uid: Option<u32>,
    /// Numbers of users of its processes, each with the name of one of them.
    pub actual: BTreeMap<u32, String>,
}

/// One process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessSeen {
    /// Its number on the engine's machine.
    pub pid: u32,
    /// Its parent's.
    pub ppid: u32,
    /// The kernel's name of it, 15 bytes at most.
    pub name: String,
    /// The executable where it could be told, else the first word of its command line.
    pub executable: String,
    /// Its command line, capped.
    pub args: String,
}

/// Processes at several moments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessesSeen {
    /// The number of the container's first process.
    pub first: u32,
    /// What ran at each moment, in their order.
    pub samples: Vec<Vec<ProcessSeen>>,
    /// Names of executables that may run beside the service.
    pub companions: BTreeSet<String>,
}

/// What it logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogsSeen {
    /// Lines on standard output, as far as they were read.
    pub stdout_lines: u64,
    /// Lines on standard error.
    pub stderr_lines: u64,
    /// Lines on standard output that tell of an error by their level, one of them, capped.
    pub errors_on_stdout: Vec<String>,
    /// Files that it wrote a log to.
    pub files: Vec<LogFileSeen>,
}

/// A file that looks like a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogFileSeen {
    /// Its path.
    pub path: String,
    /// Its size in bytes in the image; 0 where it is not in there.
    pub before: u64,
    /// And in the container, when it was looked at.
    pub after: u64,
    /// Its last line, capped.
    pub last_line: String,
}

/// What it wrote outside of volumes and temporary folders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WritesSeen {
    /// Files that it made or changed, logs and what a start leaves behind (`/etc/hosts`) apart; sorted.
    pub paths: Vec<String>,
    /// Whether there were more than could be read.
    pub cut: bool,
}

/// A start under other conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VariantSeen {
    /// Whether it came up as it did before.
    pub came_up: bool,
    /// Why not: one line.
    pub why: String,
    /// The last lines of its log, capped.
    pub log: Vec<String>,
}

/// How it stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StopSeen {
    /// The signal it was sent: `SIGTERM`.
    pub signal: String,
    /// How long it had, in milliseconds.
    pub grace_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Its exit code.
    pub exit: i64,
    /// Whether it had to be killed.
    pub killed: bool,
}

/// A socket that waits for others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerSeen {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The address that it is bound to.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
}

/// Ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortsSeen {
    /// `Config.ExposedPorts`, `port/protocol`.
    pub exposed: BTreeSet<String>,
    /// What listens, those of the engine's own resolver left out.
    pub listening: BTreeSet<ListenerSeen>,
}

/// A start without a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfflineSeen {
    /// Whether it came up as it did with a network.
    pub came_up: bool,
    /// Why not: one line.
    pub why: String,
    /// The names that it, or its HEALTHCHECK, asked for, in their order, each once.
    pub names: Vec<String>,
    /// Why names are not known, where they are not.
    pub names_unknown: Option<String>,
    /// The last lines of its log, capped.
    pub log: Vec<String>,
}

/// What it used of its limits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSeen {
    /// The most memory it was seen to use, in bytes.
    pub memory: u64,
    /// What it had, in bytes.
    pub memory_limit: u64,
    /// Whether the kernel killed one of its processes for memory.
    pub oom: bool,
    /// The most processes and threads it was seen to have.
    pub pids: u64,
    /// How many it might have.
    pub pids_limit: u64,
}
