//! What can be changed of a container that exists: its name, when it is started again, and its networks.

use std::time::Duration;

use bollard::models::{
    ContainerUpdateBody, EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest, RestartPolicy,
    RestartPolicyNameEnum,
};
use bollard::query_parameters::RenameContainerOptions;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};

use super::client::{CALL, Engine};
use super::containers::short;

/// How often, and how long in between, a container gets another name that ends and is started again meanwhile.
const RENAMES: u32 = 50;
const RENAME_PAUSE: Duration = Duration::from_millis(100);

/// A name that no container has: a name has two letters at least.
const NOBODY: &str = "-";

/// When the engine starts a container again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// `no`, `always`, `unless-stopped`, `on-failure`; empty is `no`.
    pub policy: String,
    /// Of `on-failure`: how often; 0 is always.
    #[serde(default)]
    pub retries: u32,
}

impl Restart {
    /// Never.
    pub fn never() -> Restart {
        Restart { policy: "no".to_owned(), retries: 0 }
    }

    /// Whether it is never started again.
    pub fn is_never(&self) -> bool {
        matches!(self.policy.as_str(), "" | "no")
    }

    pub(super) fn body(&self) -> RestartPolicy {
        let name = match self.policy.as_str() {
            "always" => RestartPolicyNameEnum::ALWAYS,
            "unless-stopped" => RestartPolicyNameEnum::UNLESS_STOPPED,
            "on-failure" => RestartPolicyNameEnum::ON_FAILURE,
            _ => RestartPolicyNameEnum::NO,
        };
        // The engine refuses a number beside any other policy.
        let retries = (self.policy == "on-failure").then_some(i64::from(self.retries));
        RestartPolicy { name: Some(name), maximum_retry_count: retries }
    }
}

impl Engine {
    /// Gives the container `id` another name, under which it is found at once; whatever else is told of it stays. A name
    /// that another one has is an error.
    pub async fn rename_container(&self, id: &str, name: &str) -> Result<()> {
        let mut left = RENAMES;
        loop {
            left -= 1;
            let options = RenameContainerOptions { name: name.to_owned() };
            match self.limit(CALL, self.docker.rename_container(id, options)).await {
                Ok(()) => return Ok(()),
                // Docker looks for the network of one that has just ended, and takes the name back.
                Err(fault) if left > 0 && is_between_starts(fault.message()) => {
                    tokio::time::sleep(RENAME_PAUSE).await;
                }
                Err(fault) if fault.status() == Some(409) => {
                    return Err(Error::new(
                        Kind::Engine,
                        format!("cannot call container {} {name}: another one has this name", short(id)),
                    ));
                }
                Err(fault) => return Err(self.told(fault, format!("call container {} {name}", short(id)))),
            }
        }
    }

    /// Says when the engine starts the container `id` again.
    pub async fn set_restart(&self, id: &str, restart: &Restart) -> Result<()> {
        let body = ContainerUpdateBody { restart_policy: Some(restart.body()), ..Default::default() };
        self.limit(CALL, self.docker.update_container(id, body))
            .await
            .map_err(|fault| self.told(fault, format!("set the restart policy of container {}", short(id))))
    }

    /// Whether the engine can be told when to start a container again that exists: podman 4 cannot.
    pub async fn can_set_restart(&self) -> Result<bool> {
        if !self.info().podman {
            return Ok(true);
        }
        // What it says of one that nobody has tells whether it knows the question.
        let body =
            ContainerUpdateBody { restart_policy: Some(Restart::never().body()), ..Default::default() };
        match self.limit(CALL, self.docker.update_container(NOBODY, body)).await {
            Ok(()) => Ok(true),
            Err(fault) if fault.status() == Some(404) => Ok(fault.message().contains("no such container")),
            Err(fault) => Err(self.told(fault, "find out whether it can set restart policies")),
        }
    }

    /// Connects the container `id` to `network`, where it is known by `aliases`, too. It gets an address there.
    pub async fn connect_network(&self, id: &str, network: &str, aliases: &[String]) -> Result<()> {
        let endpoint = EndpointSettings {
            aliases: (!aliases.is_empty()).then(|| aliases.to_vec()),
            ..Default::default()
        };
        let request = NetworkConnectRequest { container: id.to_owned(), endpoint_config: Some(endpoint) };
        self.limit(CALL, self.docker.connect_network(network, request)).await.map_err(|fault| {
            self.told(fault, format!("connect container {} to network {network}", short(id)))
        })
    }

    /// Takes the container `id` out of `network`: its names are gone there, and so are its connections.
    pub async fn disconnect_network(&self, id: &str, network: &str) -> Result<()> {
        let request = NetworkDisconnectRequest { container: id.to_owned(), force: Some(false) };
        self.limit(CALL, self.docker.disconnect_network(network, request)).await.map_err(|fault| {
            self.told(fault, format!("take container {} out of network {network}", short(id)))
        })
    }
}

/// Whether the engine stumbled over a container that ended and is about to be started again.
fn is_between_starts(message: &str) -> bool {
    message.contains("sandbox") && message.contains("not found")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};
    use super::*;

    #[tokio::test]
    async fn a_container_that_is_started_again_and_again_gets_its_name() {
        let answer = |status, message: &str| Act::Answer(status, format!(r#"{{"message":"{message}"}}"#));
        let script = vec![
            ("POST /v1.51/containers/c/rename?*", answer(500, "sandbox ddf3 not found")),
            ("POST /v1.51/containers/c/rename?*", Act::Answer(204, String::new())),
            ("POST /v1.51/containers/d/rename?*", answer(409, "Conflict. The container name is in use")),
        ];
        Fake::engine(script)
            .serves(async |engine| {
                engine.rename_container("c", "n").await.unwrap();
                let taken = engine.rename_container("d", "n").await.unwrap_err();
                assert!(taken.to_string().contains("another one has this name"), "{taken}");
            })
            .await;
    }

    #[tokio::test]
    async fn whether_restart_policies_can_be_set_is_asked_of_podman_alone() {
        let unknown = Act::Answer(404, "Not Found".to_owned());
        let known = r#"{"cause":"no such container","message":"no container with name or ID \"-\" found: no such container"}"#;
        for (answer, can) in [(unknown, false), (Act::Answer(404, known.to_owned()), true)] {
            let version = r#"{"Version":"4.3.1","ApiVersion":"1.41","MinAPIVersion":"1.24","Components":[{"Name":"Podman Engine"}]}"#;
            let script = vec![
                ("GET /_ping", Act::Answer(200, "OK".to_owned())),
                ("GET /version", Act::Answer(200, version.to_owned())),
                ("GET /v1.41/info", Act::Answer(200, r#"{"Name":"h","DockerRootDir":"/r"}"#.to_owned())),
                ("POST /v1.41/containers/-/update", answer),
            ];
            let asked = Fake::new(script).serves(async |engine| engine.can_set_restart().await.unwrap());
            assert_eq!(asked.await, can);
        }
        let asked = Fake::engine(Vec::new()).serves(async |engine| engine.can_set_restart().await.unwrap());
        assert!(asked.await);
    }

    #[test]
    fn a_number_of_restarts_is_for_failures_alone() {
        let body = |policy: &str, retries| {
            serde_json::to_value(Restart { policy: policy.to_owned(), retries }.body()).unwrap()
        };
        assert_eq!(body("always", 3), serde_json::json!({"Name": "always"}));
        assert_eq!(body("on-failure", 3), serde_json::json!({"Name": "on-failure", "MaximumRetryCount": 3}));
        assert_eq!(body("", 0), serde_json::json!({"Name": "no"}));
        assert!(Restart::default().is_never() && Restart::never().is_never());
    }
}
