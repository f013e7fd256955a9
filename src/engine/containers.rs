//! The life of containers: create, start, wait, stop, remove, list.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::query_parameters as query;
use http::Method;

use crate::error::{Error, Kind, Result};

use super::client::{CALL, Engine};
use super::container_spec::ContainerSpec;
use super::fault::{Fault, cap};
use super::inspect::answer;
use super::wire::{Plain, escape, within};

/// How often, and how long in between, a container is looked at that somebody else removes.
const REMOVALS: u32 = 400;
const REMOVAL_PAUSE: Duration = Duration::from_millis(50);

/// One row of a list of containers.
#[derive(Debug, Clone, Default)]
pub struct ContainerSummary {
    /// The whole id.
    pub id: String,
    /// Its first name, without the slash.
    pub name: String,
    /// The image's id.
    pub image_id: String,
    /// What runs in it, as the engine writes it for people.
    pub command: String,
    /// As [`Container::status`](super::Container::status).
    pub status: String,
    /// Unix seconds of its creation.
    pub created: i64,
    /// Its own and the image's.
    pub labels: BTreeMap<String, String>,
}

answer! { struct Row {
    id: String = "Id",
    names: Vec<String> = "Names",
    image: String = "ImageID",
    command: String = "Command",
    state: String = "State",
    created: i64 = "Created",
    labels: BTreeMap<String, String> = "Labels",
} }
answer! { struct WaitAnswer {
    code: i64 = "StatusCode",
    error: Option<WaitError> = "Error",
} }
answer! { struct WaitError { message: String = "Message", } }

impl Engine {
    /// Creates a container and gives its id. Note its name in the journal before, its id after.
    pub async fn create_container(&self, spec: &ContainerSpec) -> Result<String> {
        let options = query::CreateContainerOptions { name: spec.name.clone(), ..Default::default() };
        let created = self.limit(CALL, self.docker.create_container(Some(options), spec.body())).await;
        created.map(|answer| answer.id).map_err(|fault| match fault.status() {
            Some(409) => Error::new(
                Kind::Engine,
                format!(
                    "cannot create a container: the name {} is taken",
                    spec.name.as_deref().unwrap_or("?")
                ),
            )
            .hint("`imgbuild clean` removes containers of runs that died"),
            Some(404) if fault.message().contains("No such image") => Error::new(
                Kind::Engine,
                format!("cannot create a container: the engine has no image {}", spec.image),
            ),
            Some(400) => Error::new(
                Kind::Tests,
                format!("the engine refuses to create the container: {}", cap(fault.message())),
            ),
            _ => self.told(fault, format!("create a container of {}", spec.image)),
        })
    }

    /// Starts a container. A command that does not exist in the image is an error of kind `Tests` that names it; the
    /// container stays for the caller's teardown.
    pub async fn start_container(&self, id: &str) -> Result<()> {
        let started =
            self.limit(CALL, self.docker.start_container(id, None::<query::StartContainerOptions>)).await;
        started.map_err(|fault| match missing_command(fault.message()) {
            Some(text) => Error::new(Kind::Tests, text).hint("see ENTRYPOINT and CMD of the Dockerfile"),
            None => self.told(fault, format!("start container {}", short(id))),
        })
    }

    /// Waits until the container is not running and gives its exit code; no limit but the caller's.
    pub async fn wait_container(&self, id: &str) -> Result<i64> {
        let path = format!("/containers/{}/wait", escape(id));
        let told = |fault| self.told(fault, format!("wait for container {}", short(id)));
        let answer: Result<WaitAnswer, Fault> = async {
            let request = self.wire.request(Method::POST, &path, &[], Plain::default())?;
            let body = self.wire.send(request).await?.collect(1 << 20).await?;
            serde_json::from_slice(&body).map_err(|error| Fault::Garbled(error.to_string()))
        }
        .await;
        match answer.map_err(told)? {
            WaitAnswer { error: Some(error), .. } if !error.message.is_empty() => {
                Err(told(Fault::Refused { status: 500, message: error.message }))
            }
            WaitAnswer { code, .. } => Ok(code),
        }
    }

    /// Asks the container to stop and kills it after `grace`. One that is not running is stopped already.
    pub async fn stop_container(&self, id: &str, grace: Duration) -> Result<()> {
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = query::StopContainerOptions { t: Some(seconds), ..Default::default() };
        self.limit(CALL.saturating_add(grace), self.docker.stop_container(id, Some(options)))
            .await
            .map_err(|fault| self.told(fault, format!("stop container {}", short(id))))
    }

    /// Sends `signal` (`SIGTERM`) to the first process.
    pub async fn kill_container(&self, id: &str, signal: &str) -> Result<()> {
        let options = query::KillContainerOptions { signal: signal.to_owned() };
        self.limit(CALL, self.docker.kill_container(id, Some(options)))
            .await
            .map_err(|fault| self.told(fault, format!("send {signal} to container {}", short(id))))
    }

    /// Kills and removes a container with its anonymous volumes. Whether there was one.
    pub async fn remove_container(&self, id: &str) -> Result<bool> {
        let told = |fault| self.told(fault, format!("remove container {}", short(id)));
        // Somebody else may be removing it: then it is gone when the engine says 404.
        for _ in 0..REMOVALS {
            let options = query::RemoveContainerOptions { force: true, v: true, ..Default::default() };
            match self.limit(CALL, self.docker.remove_container(id, Some(options))).await {
                Ok(()) => return Ok(true),
                Err(fault) if fault.status() == Some(404) => return Ok(false),
                Err(fault) if fault.status() == Some(409) && fault.message().contains("in progress") => {
                    tokio::time::sleep(REMOVAL_PAUSE).await;
                }
                Err(fault) => return Err(told(fault)),
            }
        }
        Err(told(Fault::Slow(REMOVAL_PAUSE * REMOVALS)))
    }

    /// Removes a container that is not running, without its volumes. Whether it is gone: one that runs by now stays.
    pub async fn remove_ended_container(&self, id: &str) -> Result<bool> {
        let options = query::RemoveContainerOptions { force: false, v: false, ..Default::default() };
        match self.limit(CALL, self.docker.remove_container(id, Some(options))).await {
            Ok(()) => Ok(true),
            Err(fault) if fault.status() == Some(404) => Ok(true),
            Err(fault) if fault.status() == Some(409) => Ok(false),
            Err(fault) => Err(self.told(fault, format!("remove container {}", short(id)))),
        }
    }

    /// Every container, running or not, that carries one of `labels` (`key` or `key=value`; all of them without any).
    pub async fn list_containers(&self, labels: &[String]) -> Result<Vec<ContainerSummary>> {
        let query = [("all", "1".to_owned()), ("filters", label_filter(labels))];
        let rows: Vec<Row> = within(CALL, self.wire.get("/containers/json", &query, CALL))
            .await
            .map_err(|fault| self.told(fault, "list containers"))?;
        Ok(rows.into_iter().map(ContainerSummary::from).collect())
    }
}

impl From<Row> for ContainerSummary {
    fn from(row: Row) -> ContainerSummary {
        ContainerSummary {
            name: row.names.first().map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default(),
            id: row.id,
            image_id: row.image,
            command: row.command,
            status: row.state,
            created: row.created,
            labels: row.labels,
        }
    }
}

/// The `filters` parameter for labels that must all be there.
pub(super) fn label_filter(labels: &[String]) -> String {
    let mut filters = HashMap::new();
    if !labels.is_empty() {
        filters.insert("label", labels);
    }
    serde_json::to_string(&filters).unwrap_or_else(|_| "{}".to_owned())
}

/// The first 12 digits of an id, as docker prints it; a name stays.
pub(super) fn short(id: &str) -> &str {
    let bare = id.strip_prefix("sha256:").unwrap_or(id);
    if bare.len() == 64 && bare.bytes().all(|b| b.is_ascii_hexdigit()) {
        bare.get(..12).unwrap_or(bare)
    } else {
        id
    }
}

/// runc's and crun's words for a command that is not in the image, or cannot be run.
fn missing_command(message: &str) -> Option<String> {
    let known = [
        "executable file not found",
        "no such file or directory",
        "permission denied",
        "exec format error",
        "not a directory",
    ];
    let start = message.contains("OCI runtime")
        || message.contains("runtime create failed")
        || message.contains("exec:");
    let why = known.iter().find(|word| message.contains(*word)).filter(|_| start)?;
    // `exec: "nope": executable file not found in $PATH`
    let command =
        message.rsplit_once("exec: \"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
    Some(match (command, *why) {
        (Some(name), "executable file not found") => {
            format!("the container's command {:?} does not exist in the image", cap(name))
        }
        (Some(name), "no such file or directory") => {
            format!(
                "the container's command {:?} does not exist in the image, or its interpreter does not",
                cap(name)
            )
        }
        (Some(name), why) => format!("the container's command {:?} cannot be run: {why}", cap(name)),
        (None, _) => format!("the container cannot be started: {}", cap(message)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_command_is_named() {
        let docker = r#"failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown"#;
        assert_eq!(
            missing_command(docker).unwrap(),
            "the container's command \"nope\" does not exist in the image"
        );
        let path = r#"OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "/nope": stat /nope: no such file or directory: unknown"#;
        assert!(missing_command(path).unwrap().contains("\"/nope\" does not exist"));
        let denied = r#"OCI runtime create failed: exec: "/etc": permission denied"#;
        assert!(missing_command(denied).unwrap().contains("permission denied"));
        assert_eq!(missing_command("could not find bridge docker0"), None);
        assert_eq!(missing_command("mount /x: no such file or directory"), None);
    }

    #[test]
    fn filters_and_short_ids() {
        assert_eq!(label_filter(&["a=b".into()]), r#"{"label":["a=b"]}"#);
        assert_eq!(label_filter(&[]), "{}");
        assert_eq!(short(&format!("sha256:{}", "a".repeat(64))), "aaaaaaaaaaaa");
        assert_eq!(short("ä-name"), "ä-name");
    }
}
