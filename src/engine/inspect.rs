//! A container as the engine sees it, decoded leniently: states are text, since podman and later engines have more of
//! them than bollard's enum, and whatever is missing or null is empty.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::arrange::Restart;
use super::client::{CALL, Engine};
use super::wire::escape;
use crate::error::Result;

/// One look at a container.
#[derive(Debug, Clone, Default)]
pub struct Container {
    /// The whole id.
    pub id: String,
    /// Its name, without docker's leading slash.
    pub name: String,
    /// The id of the image it was made from.
    pub image_id: String,
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`; podman: `configured`, `stopped` …
    pub status: String,
    /// Its first process runs.
    pub running: bool,
    /// The engine starts it again and again.
    pub restarting: bool,
    /// Its first process, as the engine's own machine counts; 0 where none runs.
    pub pid: u32,
    /// Of the first process; meaningful once it ended.
    pub exit_code: i64,
    /// The kernel killed a process of it for memory.
    pub oom_killed: bool,
    /// The engine's words on why it could not start or run.
    pub error: String,
    /// RFC 3339 as the engine writes it; empty where it never started.
    pub started_at: String,
    /// RFC 3339 as the engine writes it; empty where it has not ended.
    pub finished_at: String,
    /// RFC 3339.
    pub created_at: String,
    /// Present where image or container have a healthcheck.
    pub health: Option<Health>,
    /// Its address in each network, by the network's name.
    pub addresses: BTreeMap<String, String>,
    /// Names that somebody gave it in each network, by the network's name, whether it runs or not.
    pub networks: BTreeMap<String, Vec<String>>,
    /// When the engine starts it again.
    pub restart: Restart,
    /// How often the engine has done so.
    pub restarts: u64,
    /// Host port of each published TCP port.
    pub ports: BTreeMap<u16, u16>,
    /// Its own and the image's.
    pub labels: BTreeMap<String, String>,
    /// As whom it was told to run; empty is root.
    pub user: String,
    /// `KEY=value`, its own and the image's.
    pub env: Vec<String>,
    /// What it runs, before `cmd`.
    pub entrypoint: Vec<String>,
    /// Arguments of `entrypoint`, or what it runs where that is empty.
    pub cmd: Vec<String>,
    /// It has a terminal, so its log is one raw stream.
    pub tty: bool,
}

/// What the healthcheck says.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// `starting`, `healthy`, `unhealthy`.
    pub status: String,
    /// Failures in a row.
    pub failing_streak: u64,
    /// The last probes (docker keeps five), oldest first.
    pub log: Vec<HealthLog>,
}

/// One probe.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HealthLog {
    /// Its exit code.
    #[serde(rename = "ExitCode", deserialize_with = "nullable")]
    pub exit: i64,
    /// What it printed; docker keeps 4 KiB.
    #[serde(rename = "Output", deserialize_with = "nullable")]
    pub output: String,
    /// When it began, RFC 3339 by the engine's clock.
    #[serde(rename = "Start", deserialize_with = "nullable")]
    pub start: String,
    /// When it ended, RFC 3339 by the engine's clock.
    #[serde(rename = "End", deserialize_with = "nullable")]
    pub end: String,
}

/// `null` where a value is expected reads as its default.
pub(super) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! answer {
    ($(#[$meta:meta])* struct $name:ident { $($field:ident: $type:ty = $key:literal,)* }) => {
        $(#[$meta])*
        #[derive(Default, serde::Deserialize)]
        #[serde(default)]
        pub(super) struct $name {
            $(#[serde(rename = $key, deserialize_with = "crate::engine::inspect::nullable")] pub(super) $field: $type,)*
        }
    };
}
pub(super) use answer;

answer! { struct Answer {
    id: String = "Id",
    name: String = "Name",
    image: String = "Image",
    created: String = "Created",
    state: StateAnswer = "State",
    config: ConfigAnswer = "Config",
    network: NetworkAnswer = "NetworkSettings",
    host: HostAnswer = "HostConfig",
    restarts: u64 = "RestartCount",
} }
answer! { struct HostAnswer { restart: RestartAnswer = "RestartPolicy", } }
answer! { struct RestartAnswer {
    name: String = "Name",
    retries: u32 = "MaximumRetryCount",
} }
answer! { struct StateAnswer {
    status: String = "Status",
    running: bool = "Running",
    restarting: bool = "Restarting",
    pid: i64 = "Pid",
    exit_code: i64 = "ExitCode",
    oom_killed: bool = "OOMKilled",
    error: String = "Error",
    started_at: String = "StartedAt",
    finished_at: String = "FinishedAt",
    health: Option<HealthAnswer> = "Health",
} }
answer! { struct HealthAnswer {
    status: String = "Status",
    streak: u64 = "FailingStreak",
    log: Vec<HealthLog> = "Log",
} }
answer! { struct ConfigAnswer {
    labels: BTreeMap<String, String> = "Labels",
    user: String = "User",
    env: Vec<String> = "Env",
    entrypoint: Vec<String> = "Entrypoint",
    cmd: Vec<String> = "Cmd",
    tty: bool = "Tty",
} }
answer! { struct NetworkAnswer {
    networks: BTreeMap<String, AddressAnswer> = "Networks",
    ports: BTreeMap<String, Option<Vec<PortAnswer>>> = "Ports",
} }
answer! { struct AddressAnswer {
    address: String = "IPAddress",
    aliases: Vec<String> = "Aliases",
} }
answer! { struct PortAnswer { port: String = "HostPort", } }

impl From<Answer> for Container {
    fn from(answer: Answer) -> Container {
        let state = answer.state;
        // Go's zero time means never.
        let time = |text: String| if text.starts_with("0001-") { String::new() } else { text };
        let port = |(key, bindings): (String, Option<Vec<PortAnswer>>)| {
            let inner = key.strip_suffix("/tcp")?.parse().ok()?;
            Some((inner, bindings?.first()?.port.parse().ok()?))
        };
        let networks = answer.network.networks;
        // Engines list the beginning of the id among them.
        let own = |alias: &String| !(alias.len() == 12 && answer.id.starts_with(alias.as_str()));
        let named = networks.iter().map(|(name, at)| {
            (name.clone(), at.aliases.iter().filter(|alias| own(alias)).cloned().collect())
        });
        let named = named.collect();
        let restart = answer.host.restart;
        Container {
            id: answer.id,
            name: answer.name.trim_start_matches('/').to_owned(),
            image_id: answer.image,
            created_at: answer.created,
            status: state.status,
            running: state.running,
            restarting: state.restarting,
            pid: u32::try_from(state.pid).unwrap_or(0),
            exit_code: state.exit_code,
            oom_killed: state.oom_killed,
            error: state.error,
            started_at: time(state.started_at),
            finished_at: time(state.finished_at),
            // Podman tells an empty health where there is no healthcheck, docker "none" where it was switched off.
            health: state.health.filter(|h| !h.status.is_empty() && h.status != "none").map(|h| Health {
                status: h.status,
                failing_streak: h.streak,
                log: h.log,
            }),
            networks: named,
            restart: Restart { policy: restart.name, retries: restart.retries },
            restarts: answer.restarts,
            addresses: networks
                .into_iter()
                .map(|(name, a)| (name, a.address))
                .filter(|(_, a)| !a.is_empty())
                .collect(),
            ports: answer.network.ports.into_iter().filter_map(port).collect(),
            labels: answer.config.labels,
            user: answer.config.user,
            env: answer.config.env,
            entrypoint: answer.config.entrypoint,
            cmd: answer.config.cmd,
            tty: answer.config.tty,
        }
    }
}

impl Engine {
    /// Looks at a container; `None` where there is none of that id or name.
    pub async fn inspect_container(&self, id: &str) -> Result<Option<Container>> {
        match self.wire.get::<Answer>(&format!("/containers/{}/json", escape(id)), &[], CALL).await {
            Ok(answer) => Ok(Some(answer.into())),
            Err(fault) if fault.status() == Some(404) => Ok(None),
            Err(fault) => Err(self.told(fault, format!("inspect container {id}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Container {
        serde_json::from_str::<Answer>(text).unwrap().into()
    }

    #[test]
    fn unknown_states_and_nulls_are_read() {
        let c = read(
            r#"{"Id":"i","Name":"/n","State":{"Status":"stopped","Running":false,"Health":null,"StartedAt":"0001-01-01T00:00:00Z"},
            "Config":{"Labels":null},"NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"4242"}],"53/udp":null,"81/tcp":null},
            "Networks":{"n1":{"IPAddress":"172.18.0.2"},"n2":{"IPAddress":""}}}}"#,
        );
        assert_eq!((c.status.as_str(), c.name.as_str(), c.started_at.as_str()), ("stopped", "n", ""));
        assert_eq!(c.ports, BTreeMap::from([(80, 4242)]));
        assert_eq!(c.addresses, BTreeMap::from([("n1".to_owned(), "172.18.0.2".to_owned())]));
        assert!(c.health.is_none());
    }

    #[test]
    fn names_in_networks_and_restarts() {
        let c = read(
            r#"{"Id":"0123456789abcdef","RestartCount":2,"HostConfig":{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}},
            "NetworkSettings":{"Networks":{"front":{"Aliases":["web","0123456789ab"]},"back":{"Aliases":null}}}}"#,
        );
        assert_eq!((c.restart.policy.as_str(), c.restart.retries, c.restarts), ("on-failure", 3, 2));
        assert_eq!(c.networks["front"], ["web"]);
        assert!(c.networks["back"].is_empty() && read("{}").restart.is_never());
    }

    #[test]
    fn an_empty_or_none_health_is_none() {
        for status in ["", "none"] {
            assert!(
                read(&format!(r#"{{"State":{{"Health":{{"Status":"{status}","Log":null}}}}}}"#))
                    .health
                    .is_none()
            );
        }
        let c = read(
            r#"{"State":{"Health":{"Status":"unhealthy","FailingStreak":3,"Log":[{"ExitCode":1,"Output":"no","Start":"2026-01-01T00:00:00Z","End":null}]}}}"#,
        );
        let log = &c.health.unwrap().log[0];
        assert_eq!(
            (log.output.as_str(), log.start.as_str(), log.end.as_str()),
            ("no", "2026-01-01T00:00:00Z", "")
        );
    }

    #[test]
    fn a_process_and_what_it_runs() {
        let c = read(
            r#"{"State":{"Pid":42,"Restarting":true},"Config":{"User":"app","Env":["A=1"],"Cmd":null,"Entrypoint":["/x"]}}"#,
        );
        assert_eq!((c.pid, c.restarting, c.user.as_str()), (42, true, "app"));
        assert_eq!((c.env, c.entrypoint, c.cmd), (vec!["A=1".into()], vec!["/x".into()], Vec::new()));
        assert_eq!(read(r#"{"State":{"Pid":-1}}"#).pid, 0);
    }
}
