//! What a service of a swarm is to be, and the JSON that says so.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::arrange::Restart;
use super::container_spec::{HostPort, Mounted};

/// A service.
#[derive(Debug, Clone, Default)]
pub struct ServiceSpec {
    /// Its name.
    pub name: String,
    /// Its own labels; its containers get none of them.
    pub labels: BTreeMap<String, String>,
    /// The image, by a digest: each node gets it from the registry.
    pub image: String,
    /// Replaces the image's CMD.
    pub command: Option<Vec<String>>,
    /// Variables, beside the image's own.
    pub env: BTreeMap<String, String>,
    /// As whom it runs.
    pub user: Option<String>,
    /// Its root file system cannot be written.
    pub read_only: bool,
    /// Files of nodes, and volumes.
    pub mounts: Vec<Mounted>,
    /// Temporary file systems: where, bytes, and mode.
    pub tmpfs: Vec<(String, Option<u64>, Option<u32>)>,
    /// Networks, and its names there.
    pub networks: Vec<(String, Vec<String>)>,
    /// Ports.
    pub ports: Vec<HostPort>,
    /// Ports are those of the nodes on which a task runs, and not the swarm's.
    pub host_ports: bool,
    /// Bytes of memory; 0 is no limit.
    pub memory_bytes: u64,
    /// Billionths of a processor; 0 is no limit.
    pub nano_cpus: u64,
    /// Processes; 0 is no limit.
    pub pids: u32,
    /// When a task that ended is replaced.
    pub restart: Restart,
    /// How long a task gets to end by itself.
    pub stop_grace: Duration,
    /// Tasks.
    pub replicas: u32,
    /// Tasks that are replaced at a time.
    pub parallelism: u32,
    /// A new task starts before the old one stops.
    pub start_first: bool,
    /// How long a new task is watched.
    pub monitor: Duration,
    /// A number that no other version of the service has: its tasks are made anew even where nothing else differs.
    pub force: u64,
}

impl ServiceSpec {
    /// As the engine takes it. An update that fails is rolled back by the swarm; a rollback that fails stops there.
    pub fn body(&self) -> Value {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX >> 1);
        let env: Vec<String> = self.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mounts = self.mounts.iter().map(|mount| {
            let kind = if mount.is_path { "bind" } else { "volume" };
            json!({ "Type": kind, "Source": mount.source, "Target": mount.target, "ReadOnly": mount.read_only })
        });
        let tmpfs = self.tmpfs.iter().map(|(target, size, mode)| {
            let options = json!({ "SizeBytes": size.unwrap_or(0), "Mode": mode.unwrap_or(0o1777) });
            json!({ "Type": "tmpfs", "Target": target, "TmpfsOptions": options })
        });
        let networks =
            self.networks.iter().map(|(name, aliases)| json!({ "Target": name, "Aliases": aliases }));
        let ports = self.ports.iter().map(|port| {
            json!({
                "Protocol": if port.udp { "udp" } else { "tcp" }, "TargetPort": port.container,
                "PublishedPort": port.host, "PublishMode": if self.host_ports { "host" } else { "ingress" },
            })
        });
        let rolling = |action: &str| {
            json!({
                "Parallelism": self.parallelism, "FailureAction": action, "Monitor": nanos(self.monitor),
                "MaxFailureRatio": 0, "Order": if self.start_first { "start-first" } else { "stop-first" },
            })
        };
        let condition = match self.restart.policy.as_str() {
            "always" | "unless-stopped" => "any",
            "on-failure" => "on-failure",
            _ => "none",
        };
        let mut container = json!({
            "Image": self.image, "Env": env, "ReadOnly": self.read_only, "StopGracePeriod": nanos(self.stop_grace),
            "Mounts": mounts.chain(tmpfs).collect::<Vec<Value>>(),
        });
        if let Some(command) = &self.command {
            container["Args"] = json!(command);
        }
        if let Some(user) = &self.user {
            container["User"] = json!(user);
        }
        json!({
            "Name": self.name,
            "Labels": self.labels,
            "TaskTemplate": {
                "ContainerSpec": container,
                "Resources": { "Limits": {
                    "MemoryBytes": self.memory_bytes, "NanoCPUs": self.nano_cpus, "Pids": self.pids,
                } },
                "RestartPolicy": { "Condition": condition, "MaxAttempts": self.restart.retries },
                "Networks": networks.collect::<Vec<Value>>(),
                "ForceUpdate": self.force,
            },
            "Mode": { "Replicated": { "Replicas": self.replicas } },
            "UpdateConfig": rolling("rollback"),
            "RollbackConfig": rolling("pause"),
            "EndpointSpec": { "Ports": ports.collect::<Vec<Value>>() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_says_what_is_wanted() {
        let spec = ServiceSpec {
            name: "web".to_owned(),
            image: "r.example/web@sha256:1".to_owned(),
            command: Some(vec!["serve".to_owned()]),
            env: [("A".to_owned(), "b".to_owned())].into(),
            ports: vec![HostPort { address: None, host: 80, container: 8080, udp: false }],
            tmpfs: vec![("/t".to_owned(), Some(16 << 20), None)],
            networks: vec![("back".to_owned(), vec!["api".to_owned()])],
            restart: Restart { policy: "unless-stopped".to_owned(), retries: 0 },
            replicas: 3,
            parallelism: 2,
            start_first: true,
            monitor: Duration::from_secs(15),
            stop_grace: Duration::from_secs(2),
            force: 7,
            ..ServiceSpec::default()
        };
        let body = spec.body();
        let task = &body["TaskTemplate"];
        assert_eq!(task["ContainerSpec"]["Args"], json!(["serve"]));
        assert_eq!(task["ContainerSpec"]["Env"], json!(["A=b"]));
        assert_eq!(task["ContainerSpec"]["StopGracePeriod"], 2_000_000_000_u64);
        assert_eq!(
            task["ContainerSpec"]["Mounts"][0]["TmpfsOptions"],
            json!({ "SizeBytes": 16 << 20, "Mode": 0o1777 })
        );
        assert_eq!(task["RestartPolicy"]["Condition"], "any");
        assert_eq!((&task["Networks"][0]["Aliases"][0], &task["ForceUpdate"]), (&json!("api"), &json!(7)));
        assert_eq!(body["Mode"]["Replicated"]["Replicas"], 3);
        let update = json!({ "Parallelism": 2, "FailureAction": "rollback", "Monitor": 15_000_000_000_u64,
            "MaxFailureRatio": 0, "Order": "start-first" });
        assert_eq!(
            (&body["UpdateConfig"], &body["RollbackConfig"]["FailureAction"]),
            (&update, &json!("pause"))
        );
        assert_eq!(body["EndpointSpec"]["Ports"][0]["PublishMode"], "ingress");
        // The image's own user and command are not replaced by empty ones.
        let plain = ServiceSpec::default().body();
        assert!(plain["TaskTemplate"]["ContainerSpec"].get("User").is_none());
        assert!(plain["TaskTemplate"]["ContainerSpec"].get("Args").is_none());
    }
}
