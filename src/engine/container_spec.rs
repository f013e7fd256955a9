//! What a container is created from.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
    NetworkingConfig, PortBinding,
};

use super::arrange::Restart;

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
    /// A network's name or id, `none`, `host`, or `container:ID` to share another one's. Always name one: the default
    /// bridge may be missing.
    pub network: Option<String>,
    /// Names of it beside its own on [`network`](Self::network); only networks that somebody created know any.
    pub aliases: Vec<String>,
    /// TCP ports of the container to publish, each on a free port of the engine's loopback. Whose network it shares
    /// publishes them, so that this does not count then, nor do the next three.
    pub publish: Vec<u16>,
    /// Ports of the host, of a container that others than tests are to reach.
    pub ports: Vec<HostPort>,
    /// Addresses of name servers.
    pub dns: Vec<String>,
    /// Domains that names without one are looked for in. `.` alone is none; an empty list is what the engine's machine has.
    pub dns_search: Vec<String>,
    /// `name:address`, for its `/etc/hosts`.
    pub extra_hosts: Vec<String>,
    /// `container:ID` to see that one's processes, `host` to see all of the engine's.
    pub pid_mode: Option<String>,
    /// Changes to the image's healthcheck; its test is inherited.
    pub health: Option<HealthOverride>,
    /// The healthcheck's test (`["CMD", "/check"]`) in place of the image's.
    pub health_test: Option<Vec<String>>,
    /// No healthcheck, whatever image and the fields above say.
    pub unset_health: bool,
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
    /// The same, of sources that have to be there.
    pub mounts: Vec<Mounted>,
    /// When the engine starts it again; never where nobody says.
    pub restart: Option<Restart>,
    /// Processors in billionths; 0 is no limit.
    pub nano_cpus: u64,
    /// The root file system cannot be written.
    pub read_only: bool,
    /// Capabilities on top of those that are left: `NET_ADMIN`.
    pub cap_add: Vec<String>,
    /// Everything is allowed. Then capabilities are neither dropped nor added, and setuid programs work.
    pub privileged: bool,
    /// It gets a terminal: its log is one stream, with CR LF at the ends of lines.
    pub tty: bool,
}

/// A port of the host that leads to one of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// The host's address; all of them where there is none.
    pub address: Option<String>,
    /// The host's port.
    pub host: u16,
    /// The container's port.
    pub container: u16,
    /// UDP in place of TCP.
    pub udp: bool,
}

/// A file, folder or volume of the host in a container. The engine refuses a file that is not there, and makes a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// A path of the host; else the name of a volume.
    pub is_path: bool,
    /// That path or name.
    pub source: String,
    /// Where it is in the container.
    pub target: String,
    /// It must not be written.
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
        let published = if self.shares_network() { &[][..] } else { &self.publish };
        let mut ports: Vec<String> = published.iter().map(|port| format!("{port}/tcp")).collect();
        ports.extend(self.ports.iter().map(HostPort::inner));
        ports.sort_unstable();
        ports.dedup();
        let mut body = ContainerCreateBody {
            image: Some(self.image.clone()),
            cmd: self.command.clone(),
            entrypoint: self.entrypoint.clone().map(keep_empty),
            user: self.user.clone(),
            working_dir: self.workdir.clone(),
            stop_timeout: self.stop_timeout.map(|t| i64::try_from(t.as_secs()).unwrap_or(i64::MAX)),
            healthcheck: self.healthcheck(),
            host_config: Some(self.host(published)),
            networking_config: self.endpoint(),
            tty: self.tty.then_some(true),
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

    /// The engine refuses ports, name servers and hosts of a container that has no network of its own.
    fn shares_network(&self) -> bool {
        self.network.as_ref().is_some_and(|network| network.starts_with("container:"))
    }

    fn healthcheck(&self) -> Option<HealthConfig> {
        if self.unset_health {
            return Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..Default::default() });
        }
        let timing = self.health.as_ref().map(HealthOverride::body);
        match &self.health_test {
            None => timing,
            Some(test) => Some(HealthConfig { test: Some(test.clone()), ..timing.unwrap_or_default() }),
        }
    }

    /// What it is called on its network; the engine refuses names on networks of its own.
    fn endpoint(&self) -> Option<NetworkingConfig> {
        let network = self.network.as_ref().filter(|_| !self.aliases.is_empty() && !self.shares_network())?;
        if ["none", "host", "bridge", "default"].contains(&network.as_str()) {
            return None;
        }
        let settings = EndpointSettings { aliases: Some(self.aliases.clone()), ..Default::default() };
        Some(NetworkingConfig { endpoints_config: Some(HashMap::from([(network.clone(), settings)])) })
    }

    fn host(&self, published: &[u16]) -> HostConfig {
        let limits = &self.limits;
        let some = |bytes: u64| (bytes > 0).then(|| i64::try_from(bytes).unwrap_or(i64::MAX));
        let mut host = HostConfig {
            memory: some(limits.memory_bytes),
            memory_swap: some(limits.memory_bytes),
            pids_limit: some(u64::from(limits.pids)),
            network_mode: self.network.clone(),
            pid_mode: self.pid_mode.clone(),
            privileged: self.privileged.then_some(true),
            readonly_rootfs: self.read_only.then_some(true),
            // Never auto_remove: exit code and log of a container that is gone cannot be read.
            auto_remove: Some(false),
            ..Default::default()
        };
        // Beside `privileged` the engine would take these from what it gives.
        if limits.drop_capabilities && !self.privileged {
            host.cap_drop = Some(vec!["ALL".to_owned()]);
        }
        if !self.cap_add.is_empty() && !self.privileged {
            host.cap_add = Some(self.cap_add.clone());
        }
        if limits.no_new_privileges && !self.privileged {
            host.security_opt = Some(vec!["no-new-privileges".to_owned()]);
        }
        if limits.log_bytes > 0 {
            let options = [("max-size", limits.log_bytes.to_string()), ("max-file", "1".to_owned())];
            host.log_config = Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: Some(options.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            });
        }
        if !self.dns.is_empty() && !self.shares_network() {
            host.dns = Some(self.dns.clone());
        }
        if !self.dns_search.is_empty() && !self.shares_network() {
            host.dns_search = Some(self.dns_search.clone());
        }
        if !self.extra_hosts.is_empty() && !self.shares_network() {
            host.extra_hosts = Some(self.extra_hosts.clone());
        }
        if !self.tmpfs.is_empty() {
            host.tmpfs = Some(self.tmpfs.clone().into_iter().collect());
        }
        if !self.binds.is_empty() {
            host.binds = Some(self.binds.clone());
        }
        if !self.mounts.is_empty() {
            host.mounts = Some(self.mounts.iter().map(Mounted::body).collect());
        }
        if self.nano_cpus > 0 {
            host.nano_cpus = Some(i64::try_from(self.nano_cpus).unwrap_or(i64::MAX));
        }
        host.restart_policy = self.restart.as_ref().map(Restart::body);
        let mut bindings: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
        for port in published {
            // Loopback only: a test must not open the image under test to the network.
            let free = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some("0".to_owned()) };
            bindings.insert(format!("{port}/tcp"), Some(vec![free]));
        }
        for port in &self.ports {
            let binding =
                PortBinding { host_ip: port.address.clone(), host_port: Some(port.host.to_string()) };
            bindings.entry(port.inner()).or_default().get_or_insert_default().push(binding);
        }
        if !bindings.is_empty() {
            host.port_bindings = Some(bindings);
        }
        host
    }
}

impl HostPort {
    /// The container's side, as the engine spells it.
    fn inner(&self) -> String {
        format!("{}/{}", self.container, if self.udp { "udp" } else { "tcp" })
    }
}

impl Mounted {
    fn body(&self) -> Mount {
        Mount {
            typ: Some(if self.is_path { MountType::BIND } else { MountType::VOLUME }),
            source: Some(self.source.clone()),
            target: Some(self.target.clone()),
            read_only: self.read_only.then_some(true),
            ..Default::default()
        }
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
    fn body(spec: ContainerSpec) -> serde_json::Value {
        serde_json::to_value(spec.body()).unwrap()
    }

    #[test]
    fn what_a_container_of_a_host_has() {
        let port = |address: Option<&str>, host| HostPort {
            address: address.map(str::to_owned),
            host,
            container: 80,
            udp: false,
        };
        let mount = |is_path, source: &str, read_only| Mounted {
            is_path,
            source: source.to_owned(),
            target: "/t".to_owned(),
            read_only,
        };
        let spec = ContainerSpec {
            ports: vec![port(None, 8080), port(Some("127.0.0.1"), 9090)],
            mounts: vec![mount(true, "/etc/x", true), mount(false, "data", false)],
            restart: Some(Restart { policy: "always".to_owned(), retries: 0 }),
            nano_cpus: 1_500_000_000,
            ..Default::default()
        };
        let body = body(spec);
        assert_eq!(body["ExposedPorts"], serde_json::json!({"80/tcp": {}}));
        let host = &body["HostConfig"];
        let bindings = serde_json::json!([{"HostPort": "8080"}, {"HostIp": "127.0.0.1", "HostPort": "9090"}]);
        assert_eq!(host["PortBindings"]["80/tcp"], bindings);
        assert_eq!(
            host["Mounts"],
            serde_json::json!([
                {"Type": "bind", "Source": "/etc/x", "Target": "/t", "ReadOnly": true},
                {"Type": "volume", "Source": "data", "Target": "/t"},
            ])
        );
        assert_eq!(
            (&host["RestartPolicy"]["Name"], &host["NanoCpus"]),
            (&"always".into(), &1_500_000_000.into())
        );
    }

    #[test]
    fn a_shared_network_takes_no_ports_names_or_hosts() {
        let spec = ContainerSpec {
            network: Some("container:abc".into()),
            pid_mode: Some("container:abc".into()),
            publish: vec![80],
            dns: vec!["127.0.0.1".into()],
            dns_search: vec![".".into()],
            extra_hosts: vec!["a:1.2.3.4".into()],
            aliases: vec!["web".into()],
            ..Default::default()
        };
        let host = serde_json::json!({"AutoRemove": false, "NetworkMode": "container:abc", "PidMode": "container:abc"});
        assert_eq!(body(spec.clone()), serde_json::json!({"Image": "", "HostConfig": host}));
        let own = body(ContainerSpec { network: Some("n1".into()), ..spec.clone() });
        assert_eq!(own["HostConfig"]["Dns"], serde_json::json!(["127.0.0.1"]));
        assert_eq!(own["HostConfig"]["ExtraHosts"], serde_json::json!(["a:1.2.3.4"]));
        assert_eq!(own["NetworkingConfig"]["EndpointsConfig"]["n1"]["Aliases"], serde_json::json!(["web"]));
        let none = body(ContainerSpec { network: Some("none".into()), ..spec });
        assert_eq!(none["NetworkingConfig"], serde_json::Value::Null);
    }

    #[test]
    fn a_privileged_container_loses_nothing_again() {
        let limits = Limits { drop_capabilities: true, no_new_privileges: true, ..Default::default() };
        let spec =
            ContainerSpec { limits, cap_add: vec!["NET_ADMIN".into()], tty: true, ..Default::default() };
        let bound = body(spec.clone());
        assert_eq!(bound["HostConfig"]["CapAdd"], serde_json::json!(["NET_ADMIN"]));
        assert_eq!((&bound["HostConfig"]["CapDrop"][0], &bound["Tty"]), (&"ALL".into(), &true.into()));
        let free = body(ContainerSpec { privileged: true, ..spec });
        assert_eq!(free["HostConfig"], serde_json::json!({"AutoRemove": false, "Privileged": true}));
    }

    #[test]
    fn another_healthcheck_or_none() {
        let health = Some(HealthOverride { retries: 2, ..Default::default() });
        let test = Some(vec!["CMD".into(), "/check".into()]);
        let spec = ContainerSpec { health, health_test: test, ..Default::default() };
        let expected = serde_json::json!({"Test": ["CMD", "/check"], "Retries": 2});
        assert_eq!(body(spec.clone())["Healthcheck"], expected);
        let off = body(ContainerSpec { unset_health: true, ..spec });
        assert_eq!(off["Healthcheck"], serde_json::json!({"Test": ["NONE"]}));
    }
}
