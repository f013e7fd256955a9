//! What is deployed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::config::model;
use crate::config::origin::Origin;
use crate::expect::{HttpCheck, ReadySpec};
use crate::image::Reference;

/// One container on a host, or one service of a swarm.
#[derive(Debug, Clone, PartialEq)]
pub struct DeploySettings {
    /// The deployment's name, by which commands and labels know it.
    pub name: String,
    /// What runs where the command names nothing else.
    pub image: Reference,
    /// The container's name, or the service's.
    pub container: String,
    /// What is deployed is a service of a swarm, like this; `None` is a container.
    pub service: Option<ServiceSettings>,
    /// Replaces CMD.
    pub cmd: Option<Vec<String>>,
    /// Ports of the host.
    pub ports: Vec<PublishedPort>,
    /// Variables beside the image's own.
    pub env: BTreeMap<String, EnvFrom>,
    /// Volumes, files and temporary file systems.
    pub mounts: Vec<HostMount>,
    /// Networks, in the order in which it joins them; none is the engine's bridge.
    pub networks: Vec<JoinedNetwork>,
    /// When the engine starts it again.
    pub restart: Restart,
    /// Memory in bytes.
    pub memory: Option<u64>,
    /// Processors; finite and more than 0.
    pub cpus: Option<f64>,
    /// Processes and threads.
    pub pids: Option<u32>,
    /// `uid[:gid]` or a name of the image.
    pub user: Option<String>,
    /// The root file system cannot be written.
    pub read_only: bool,
    /// When it counts as started.
    pub ready: ReadySpec,
    /// What it must answer then.
    pub http: Vec<HttpCheck>,
    /// How long it gets to end by itself.
    pub grace: Duration,
    /// How long a new one is watched.
    pub watch: Duration,
    /// How many images stay on the host; at least 1.
    pub keep: u32,
    /// Whether the new image is tried beside the old one; `None` leaves it to what the two share.
    pub preflight: Option<bool>,
    /// Commands before the swap.
    pub before: Vec<BeforeCommand>,
    /// Labels that the image must carry.
    pub labels: BTreeMap<String, String>,
    /// Which images may run.
    pub accept: Accept,
    /// Where it is written.
    pub origin: Origin,
    /// As it is written, with no default filled in.
    pub written: model::Deploy,
}

/// What a service has beyond a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Tasks; at least 1.
    pub replicas: u32,
    /// Tasks that are replaced at a time; at least 1.
    pub parallelism: u32,
    /// A new task starts before the old one stops.
    pub start_first: bool,
    /// Ports are those of the nodes on which a task runs, and not the swarm's.
    pub host_ports: bool,
}

/// Options of a temporary file system, as far as a swarm knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TmpfsOptions {
    /// In bytes.
    pub size: Option<u64>,
    /// The mode of its root.
    pub mode: Option<u32>,
}

/// Which images may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// Those of a clean commit, built in a CI.
    Release,
    /// All.
    Any,
}

/// Where the value of a variable is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvFrom {
    /// Here.
    Text(String),
    /// In a variable of imgbuild's own environment.
    Variable(String),
    /// In a file, without a line feed at its end.
    File(PathBuf),
}

/// A port of the host that leads to one of the container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishedPort {
    /// The host's address; all of them where there is none.
    pub address: Option<String>,
    /// The host's port, never 0.
    pub host: u16,
    /// The container's port, never 0.
    pub container: u16,
    /// UDP in place of TCP.
    pub udp: bool,
}

/// Something of the host that is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostMount {
    /// A file or folder.
    Bind {
        /// On the host, absolute.
        source: String,
        /// In the container, absolute.
        target: String,
        /// It must not be written.
        read_only: bool,
    },
    /// A volume.
    Volume {
        /// Its name.
        name: String,
        /// In the container, absolute.
        target: String,
        /// It must not be written.
        read_only: bool,
    },
    /// A temporary file system of the container's own.
    Tmpfs {
        /// In the container, absolute.
        target: String,
        /// As mount takes them; may be empty.
        options: String,
    },
}

impl HostMount {
    /// Whether two containers with it can write to the same place.
    pub fn is_shared_writable(&self) -> bool {
        matches!(self, HostMount::Bind { read_only: false, .. } | HostMount::Volume { read_only: false, .. })
    }
}

/// A network that the container is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedNetwork {
    /// Its name.
    pub name: String,
    /// What the container is called there, beside its own name.
    pub aliases: Vec<String>,
}

/// When the engine starts a container again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// `no`, `always`, `unless-stopped` or `on-failure`.
    pub policy: &'static str,
    /// Of `on-failure`: how often; 0 is always.
    pub retries: u32,
}

/// A command before the swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeforeCommand {
    /// Program and arguments; not empty.
    pub argv: Vec<String>,
    /// In a container of the new image in place of this machine.
    pub inside: bool,
    /// The longest that it may take.
    pub within: Duration,
}

impl FromStr for PublishedPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let shown: String = text.chars().take(60).collect();
            format!(
                "{shown:?} is no pair of ports: write \"80:8080\", \"127.0.0.1:80:8080\" or \"53:53/udp\""
            )
        };
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let (rest, container) = ports.rsplit_once(':').ok_or_else(wrong)?;
        let (address, host) = match rest.rsplit_once(':') {
            Some((address, host)) => (Some(address), host),
            None => (None, rest),
        };
        let port = |text: &str| {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u16>().ok().filter(|port| *port > 0 && digits).ok_or_else(wrong)
        };
        let address = address
            .map(|address| {
                let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                let parsed = bare.unwrap_or(address).parse::<std::net::IpAddr>();
                parsed.map(|address| address.to_string()).map_err(|_| wrong())
            })
            .transpose()?;
        if !matches!(protocol, "tcp" | "udp") {
            return Err(wrong());
        }
        Ok(PublishedPort { address, host: port(host)?, container: port(container)?, udp: protocol == "udp" })
    }
}

impl FromStr for TmpfsOptions {
    type Err = String;

    /// `size=16m,mode=1777`, each of them or none.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut options = TmpfsOptions::default();
        for option in text.split(',').filter(|option| !option.is_empty()) {
            let known = match option.split_once('=') {
                Some(("size", size)) => bytes(size).map(|size| options.size = Some(size)),
                Some(("mode", mode)) => {
                    let mode = u32::from_str_radix(mode, 8).ok().filter(|mode| *mode <= 0o7777);
                    mode.map(|mode| options.mode = Some(mode))
                }
                _ => None,
            };
            known.ok_or_else(|| {
                let shown: String = option.chars().take(60).collect();
                format!("{shown:?} is no option that a swarm knows: it knows size=16m and mode=1777")
            })?;
        }
        Ok(options)
    }
}

/// Bytes as mount takes them: with `k`, `m`, `g` or nothing behind.
fn bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let (digits, shift) = match text.as_bytes().last()? {
        b'k' => (text.strip_suffix('k')?, 10),
        b'm' => (text.strip_suffix('m')?, 20),
        b'g' => (text.strip_suffix('g')?, 30),
        _ => (text.as_str(), 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

impl FromStr for Restart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, retries) = text.split_once(':').map_or((text, None), |(word, n)| (word, Some(n)));
        let policies = ["no", "always", "unless-stopped", "on-failure"];
        let policy = policies.into_iter().find(|policy| *policy == word);
        let retries = match retries {
            None => Some(0),
            Some(text) => text.parse::<u32>().ok().filter(|_| word == "on-failure"),
        };
        match (policy, retries) {
            (Some(policy), Some(retries)) => Ok(Restart { policy, retries }),
            _ => {
                Err("must be one of \"no\", \"always\", \"unless-stopped\", \"on-failure\", \"on-failure:3\""
                    .to_owned())
            }
        }
    }
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retries {
            0 => f.write_str(self.policy),
            retries => write!(f, "{}:{retries}", self.policy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_ports() {
        let port = |address: Option<&str>, host, container, udp| {
            Ok(PublishedPort { address: address.map(str::to_owned), host, container, udp })
        };
        for (text, expected) in [
            ("80:8080", port(None, 80, 8080, false)),
            ("127.0.0.1:80:8080/tcp", port(Some("127.0.0.1"), 80, 8080, false)),
            ("[::1]:53:53/udp", port(Some("::1"), 53, 53, true)),
        ] {
            assert_eq!(text.parse::<PublishedPort>(), expected, "{text}");
        }
        for bad in
            ["", "80", "0:80", "80:0", "80:http", "host:80:80", "80:80/sctp", "70000:80", "+80:80", "80:-1"]
        {
            assert!(bad.parse::<PublishedPort>().is_err(), "{bad}");
        }
    }

    #[test]
    fn options_of_a_tmpfs_in_a_swarm() {
        let of = |text: &str| text.parse::<TmpfsOptions>();
        assert_eq!(of("size=16m,mode=1777"), Ok(TmpfsOptions { size: Some(16 << 20), mode: Some(0o1777) }));
        assert_eq!(of(""), Ok(TmpfsOptions::default()));
        assert_eq!(of("size=100").unwrap().size, Some(100));
        for bad in
            ["noexec", "size=", "size=1t", "mode=999", "mode=17777", "size=99999999999999999999g", "size"]
        {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn policies_of_restarts() {
        for good in ["no", "always", "unless-stopped", "on-failure", "on-failure:3"] {
            assert_eq!(good.parse::<Restart>().unwrap().to_string(), good);
        }
        for bad in ["", "never", "always:3", "on-failure:x", "on-failure:"] {
            assert!(bad.parse::<Restart>().is_err(), "{bad}");
        }
    }
}
