//! What a container is created from.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, PortBinding};

/// A container to create. Everything left empty is inherited from the image.
#[derive(Debug, Clone, Default)]
pub struct ContainerSpec {
    /// The image's id (or a name, for `imgbuild test IMAGE`).
    pub image: String,
    /// A name of its own; the engine invents one where there is none.
    pub name: Option<String>,
    /// Replaces the image's CMD.
    pub command: Option<Vec<String>>,
    /// Replaces the image's ENTRYPOINT; docker then drops the image's CMD too. An empty list removes it.
    pub entrypoint: Option<Vec<String>>,
    /// `KEY=value` pairs on top of the image's.
    pub env: BTreeMap<String, String>,
    /// Labels on top of the image's, which a container inherits.
    pub labels: BTreeMap<String, String>,
    /// What it may use.
    pub limits: Limits,
    /// A network's name or id, `none` or `host`. Always name one: the default bridge may be missing.
    pub network: Option<String>,
    /// TCP ports of the container to publish, each on a free port of the engine's loopback.
    pub publish: Vec<u16>,
    /// Changes to the image's healthcheck; its test is inherited.
    pub health: Option<HealthOverride>,
    /// How long the engine waits between the stop signal and the kill, in whole seconds.
    pub stop_timeout: Option<Duration>,
    /// `uid[:gid]` or a name in the image.
    pub user: Option<String>,
    /// Working directory.
    pub workdir: Option<String>,
    /// Path to mount options (`size=16m`).
    pub tmpfs: BTreeMap<String, String>,
    /// `/host/path:/path[:ro]` or `volume:/path`.
    pub binds: Vec<String>,
    /// The root file system cannot be written.
    pub read_only: bool,
}

/// What a container may use. Zero or `false` means no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Memory in bytes; swap gets nothing on top.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub pids: u32,
    /// Drop every capability.
    pub drop_capabilities: bool,
    /// setuid programs gain nothing.
    pub no_new_privileges: bool,
    /// The engine keeps at most this much of the log, in one file.
    pub log_bytes: u64,
}

/// Timing of a healthcheck. Zero is inherited from the image; the engine wants at least 1 ms of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthOverride {
    /// Between two probes.
    pub interval: Duration,
    /// After which a probe counts as failed.
    pub timeout: Duration,
    /// Failures within it do not count.
    pub start_period: Duration,
    /// Between two probes within it. From Engine 25 on, where this is zero the engine waits 5 s; older ones know
    /// `interval` alone and ignore it.
    pub start_interval: Duration,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
}

impl ContainerSpec {
    /// The request's body.
    pub(super) fn body(&self) -> ContainerCreateBody {
        let ports: Vec<String> = self.publish.iter().map(|port| format!("{port}/tcp")).collect();
        let mut body = ContainerCreateBody {
            image: Some(self.image.clone()),
            cmd: self.command.clone(),
            entrypoint: self.entrypoint.clone().map(keep_empty),
            user: self.user.clone(),
            working_dir: self.workdir.clone(),
            stop_timeout: self.stop_timeout.map(|t| i64::try_from(t.as_secs()).unwrap_or(i64::MAX)),
            healthcheck: self.health.as_ref().map(HealthOverride::body),
            host_config: Some(self.host(&ports)),
            ..Default::default()
        };
        if !self.env.is_empty() {
            body.env = Some(self.env.iter().map(|(key, value)| format!("{key}={value}")).collect());
        }
        if !self.labels.is_empty() {
            body.labels = Some(self.labels.clone().into_iter().collect());
        }
        if !ports.is_empty() {
            body.exposed_ports = Some(ports);
        }
        body
    }

    fn host(&self, ports: &[String]) -> HostConfig {
        let limits = &self.limits;
        let some = |bytes: u64| (bytes > 0).then(|| i64::try_from(bytes).unwrap_or(i64::MAX));
        let mut host = HostConfig {
            memory: some(limits.memory_bytes),
            memory_swap: some(limits.memory_bytes),
            pids_limit: some(u64::from(limits.pids)),
            network_mode: self.network.clone(),
            readonly_rootfs: self.read_only.then_some(true),
            // Never auto_remove: exit code and log of a container that is gone cannot be read.
            auto_remove: Some(false),
            ..Default::default()
        };
        if limits.drop_capabilities {
            host.cap_drop = Some(vec!["ALL".to_owned()]);
        }
        if limits.no_new_privileges {
            host.security_opt = Some(vec!["no-new-privileges".to_owned()]);
        }
        if limits.log_bytes > 0 {
            let options = [("max-size", limits.log_bytes.to_string()), ("max-file", "1".to_owned())];
            host.log_config = Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(options.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            });
        }
        if !self.tmpfs.is_empty() {
            host.tmpfs = Some(self.tmpfs.clone().into_iter().collect());
        }
        if !self.binds.is_empty() {
            host.binds = Some(self.binds.clone());
        }
        if !ports.is_empty() {
            // Loopback only: a test must not open the image under test to the network.
            let free = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some("0".to_owned()) };
            let all: HashMap<_, _> =
                ports.iter().map(|port| (port.clone(), Some(vec![free.clone()]))).collect();
            host.port_bindings = Some(all);
        }
        host
    }
}

/// The engine takes an empty list for "inherit" and a list of one empty string for "none".
fn keep_empty(entrypoint: Vec<String>) -> Vec<String> {
    if entrypoint.is_empty() { vec![String::new()] } else { entrypoint }
}

impl HealthOverride {
    fn body(&self) -> HealthConfig {
        let nanos = |duration: Duration| {
            (!duration.is_zero())
                .then(|| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX).max(1_000_000))
        };
        HealthConfig {
            interval: nanos(self.interval),
            timeout: nanos(self.timeout),
            start_period: nanos(self.start_period),
            start_interval: nanos(self.start_interval),
            retries: (self.retries > 0).then_some(i64::from(self.retries)),
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_inherited() {
        let spec = ContainerSpec { image: "sha256:x".into(), ..Default::default() };
        let body = serde_json::to_value(spec.body()).unwrap();
        assert_eq!(body, serde_json::json!({"Image": "sha256:x", "HostConfig": {"AutoRemove": false}}));
    }

    #[test]
    fn limits_ports_and_health_as_the_api_wants_them() {
        let spec = ContainerSpec {
            image: "x".into(),
            entrypoint: Some(Vec::new()),
            publish: vec![80],
            limits: Limits {
                memory_bytes: 1 << 20,
                pids: 9,
                drop_capabilities: true,
                no_new_privileges: true,
                log_bytes: 10,
            },
            health: Some(HealthOverride {
                interval: Duration::from_millis(100),
                start_interval: Duration::from_millis(200),
                ..Default::default()
            }),
            ..Default::default()
        };
        let body = serde_json::to_value(spec.body()).unwrap();
        assert_eq!(body["Entrypoint"], serde_json::json!([""]));
        assert_eq!(body["ExposedPorts"], serde_json::json!({"80/tcp": {}}));
        assert_eq!(
            body["Healthcheck"],
            serde_json::json!({"Interval": 100_000_000, "StartInterval": 200_000_000})
        );
        let host = &body["HostConfig"];
        assert_eq!((&host["Memory"], &host["MemorySwap"]), (&(1 << 20).into(), &(1 << 20).into()));
        assert_eq!(host["PortBindings"]["80/tcp"][0]["HostIp"], "127.0.0.1");
        assert_eq!(host["LogConfig"]["Config"]["max-size"], "10");
        assert_eq!(host["CapDrop"], serde_json::json!(["ALL"]));
    }
}
