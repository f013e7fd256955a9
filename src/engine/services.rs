//! Services of a swarm, and their tasks. A spec that the engine gave goes back to it as it came: what of it imgbuild does
//! not know must not get lost, so it is no type of ours nor of bollard's.

use std::collections::BTreeMap;

use http::Method;
use serde_json::Value;

use super::build_request::AuthEntry;
use super::client::{CALL, Engine};
use super::containers::label_filter;
use super::endpoint::Endpoint;
use super::fault::{Fault, cap};
use super::inspect::answer;
use super::wire::{Plain, escape, within};
use crate::error::{Error, Kind, Result};

/// The most bytes of an answer to a change.
const MAX_ANSWER: usize = 1 << 20;

/// A service as its manager has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Which version of it this is: a change is taken for this version alone.
    pub version: u64,
    /// Its own labels.
    pub labels: BTreeMap<String, String>,
    /// All that it is.
    pub spec: Value,
    /// What it was before its last update; none of one that was never updated, or was rolled back by the swarm.
    pub previous: Option<Value>,
    /// `updating`, `paused`, `completed`, `rollback_started`, `rollback_paused`, `rollback_completed`; empty of one that was
    /// never updated.
    pub state: String,
    /// The swarm's words on that.
    pub message: String,
    /// Tasks that it is to have.
    pub replicas: u64,
}

/// A task of a service: one container on a node, or the attempt at one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// Which of the service's replicas it is, from 1 on.
    pub slot: u64,
    /// The id of its node; empty as long as it has none.
    pub node: String,
    /// `new`, `pending`, `assigned`, `accepted`, `preparing`, `ready`, `starting`, `running`, `complete`, `shutdown`, `failed`,
    /// `rejected`, `remove`, `orphaned`. One with a HEALTHCHECK is `starting` until it is healthy.
    pub state: String,
    /// What it is to come to: `running`, `shutdown` …
    pub desired: String,
    /// Why it failed, or why no node takes it.
    pub error: String,
    /// The number of the spec that it was made by, see [`ServiceSpec::force`](super::ServiceSpec::force).
    pub force: u64,
    /// RFC 3339, by the node's clock: since when it is in this state.
    pub since: String,
}

answer! { struct Row {
    id: String = "ID",
    version: VersionRow = "Version",
    spec: Value = "Spec",
    previous: Option<Value> = "PreviousSpec",
    update: UpdateRow = "UpdateStatus",
} }
answer! { struct VersionRow { index: u64 = "Index", } }
answer! { struct UpdateRow {
    state: String = "State",
    message: String = "Message",
} }
answer! { struct TaskRow {
    id: String = "ID",
    service: String = "ServiceID",
    slot: u64 = "Slot",
    node: String = "NodeID",
    status: TaskStatusRow = "Status",
    desired: String = "DesiredState",
    spec: TaskSpecRow = "Spec",
} }
answer! { struct TaskStatusRow {
    state: String = "State",
    error: String = "Err",
    since: String = "Timestamp",
} }
answer! { struct TaskSpecRow { force: u64 = "ForceUpdate", } }
answer! { struct NodeRow {
    id: String = "ID",
    description: DescriptionRow = "Description",
} }
answer! { struct DescriptionRow { name: String = "Hostname", } }
answer! { struct InfoRow { swarm: SwarmRow = "Swarm", } }
answer! { struct SwarmRow {
    state: String = "LocalNodeState",
    is_manager: bool = "ControlAvailable",
    managers: Vec<ManagerRow> = "RemoteManagers",
} }
answer! { struct ManagerRow { address: String = "Addr", } }
answer! { struct Created { id: String = "ID", } }

impl Service {
    /// The images of its tasks, as nodes get them: of what it is, then of what it was before its last update.
    pub fn images(&self) -> impl Iterator<Item = &str> {
        let specs = std::iter::once(&self.spec).chain(&self.previous);
        specs.filter_map(|spec| spec.pointer("/TaskTemplate/ContainerSpec/Image")?.as_str())
    }
}

impl From<Row> for Service {
    fn from(row: Row) -> Service {
        let labels = row.spec.get("Labels").and_then(Value::as_object).into_iter().flatten();
        let labels = labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        let replicas = row.spec.pointer("/Mode/Replicated/Replicas").and_then(Value::as_u64);
        Service {
            id: row.id,
            name: row.spec.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            version: row.version.index,
            labels: labels.collect(),
            replicas: replicas.unwrap_or_default(),
            spec: row.spec,
            previous: row.previous,
            state: row.update.state,
            message: row.update.message,
        }
    }
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Task {
        Task {
            id: row.id,
            slot: row.slot,
            node: row.node,
            state: row.status.state,
            desired: row.desired,
            error: row.status.error,
            force: row.spec.force,
            since: row.status.since,
        }
    }
}

/// What becomes of a service that exists.
#[derive(Debug, Clone, Copy)]
pub enum Update<'a> {
    /// This.
    To(&'a Value),
    /// What it was before.
    Previous,
}

impl Engine {
    /// Whether the engine is a manager of a swarm, and takes part in its decisions.
    pub async fn is_manager(&self) -> Result<bool> {
        Ok(self.swarm().await?.is_manager)
    }

    /// An error that says what to do, unless the engine is a manager of a swarm.
    pub async fn require_manager(&self) -> Result<()> {
        let swarm = self.swarm().await?;
        if swarm.is_manager {
            return Ok(());
        }
        Err(no_manager(swarm, self.endpoint()))
    }

    async fn swarm(&self) -> Result<SwarmRow> {
        let info: InfoRow = self
            .wire
            .get("/info", &[], CALL)
            .await
            .map_err(|fault| self.told(fault, "tell whether the engine is in a swarm"))?;
        Ok(info.swarm)
    }

    /// The service of this name or id.
    pub async fn find_service(&self, name: &str) -> Result<Option<Service>> {
        match self.wire.get::<Row>(&format!("/services/{}", escape(name)), &[], CALL).await {
            // The beginning of another one's id would do for the engine.
            Ok(row) => Ok(Some(Service::from(row)).filter(|found| found.name == name || found.id == name)),
            Err(fault) if fault.status() == Some(404) => Ok(None),
            Err(fault) => Err(self.told(fault, format!("look at service {name}"))),
        }
    }

    /// Every service that carries `labels`, by its name.
    pub async fn list_services(&self, labels: &[String]) -> Result<Vec<Service>> {
        let query = [("filters", label_filter(labels))];
        let rows: Vec<Row> = self
            .wire
            .get("/services", &query, CALL)
            .await
            .map_err(|fault| self.told(fault, "list services"))?;
        let mut all: Vec<Service> = rows.into_iter().map(Service::from).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// Makes a service of `spec`; `auth` goes to the nodes. One of this name that is there is [`Kind::Refused`].
    pub async fn create_service(&self, name: &str, spec: &Value, auth: Option<&AuthEntry>) -> Result<String> {
        let told = |fault: Fault| self.not_taken(fault, &format!("create service {name}"));
        let answer = self.change("/services/create", &[], spec, auth).await.map_err(told)?;
        let created: Created =
            serde_json::from_slice(&answer).map_err(|error| told(Fault::Garbled(error.to_string())))?;
        Ok(created.id)
    }

    /// Makes of `service` what `to` says; `auth` goes to the nodes, which keep what they had where there is none. One that was changed
    /// since it was looked at is [`Kind::Refused`].
    pub async fn update_service(
        &self,
        service: &Service,
        to: Update<'_>,
        auth: Option<&AuthEntry>,
    ) -> Result<()> {
        let path = format!("/services/{}/update", escape(&service.id));
        let mut query = vec![("version", service.version.to_string())];
        let spec = match to {
            Update::To(spec) => spec,
            Update::Previous => {
                query.push(("rollback", "previous".to_owned()));
                &service.spec
            }
        };
        if auth.is_none() {
            let from = if matches!(to, Update::Previous) { "previous-spec" } else { "spec" };
            query.push(("registryAuthFrom", from.to_owned()));
        }
        let told = |fault: Fault| self.not_taken(fault, &format!("update service {}", service.name));
        self.change(&path, &query, spec, auth).await.map(drop).map_err(told)
    }

    async fn change(
        &self,
        path: &str,
        query: &[(&str, String)],
        spec: &Value,
        auth: Option<&AuthEntry>,
    ) -> Result<Vec<u8>, Fault> {
        // An empty login would replace the one that the nodes have.
        let headers: Vec<_> =
            auth.into_iter().map(|auth| ("x-registry-auth", AuthEntry::header(Some(auth)))).collect();
        within(CALL, async { self.wire.post(path, query, spec, &headers).await?.collect(MAX_ANSWER).await })
            .await
    }

    fn not_taken(&self, fault: Fault, what: &str) -> Error {
        let message = fault.message().to_owned();
        let says = |word: &str| message.contains(word);
        if says("out of sequence") || says("conflicts with an existing object") {
            let why = "somebody else changed it meanwhile";
            return Error::new(Kind::Refused, format!("cannot {what}: {why}"))
                .hint("see what runs with `imgbuild deployments`, then try again");
        }
        match fault.status() {
            Some(400..500) => Error::new(Kind::Deploy, format!("cannot {what}: {}", cap(message.trim()))),
            // A network that is not there is told with 500 by engines up to 20.10, as all of the swarm's own refusals.
            Some(_) if says("rpc error") || says("could not be found") => {
                Error::new(Kind::Deploy, format!("cannot {what}: {}", cap(message.trim())))
            }
            _ => self.told(fault, what),
        }
    }

    /// Removes a service; its tasks end afterwards. Whether there was one.
    pub async fn remove_service(&self, id: &str) -> Result<bool> {
        let path = format!("/services/{}", escape(id));
        let removed = within(CALL, async {
            let request = self.wire.request(Method::DELETE, &path, &[], Plain::default())?;
            self.wire.send(request).await?.collect(MAX_ANSWER).await
        });
        match removed.await {
            Ok(_) => Ok(true),
            Err(fault) if fault.status() == Some(404) => Ok(false),
            Err(fault) => Err(self.told(fault, format!("remove service {id}"))),
        }
    }

    /// The tasks of the service with this id, those that ended among them as far as the swarm remembers them; none of one
    /// that is gone.
    pub async fn tasks(&self, service: &str) -> Result<Vec<Task>> {
        let filters = serde_json::json!({ "service": [service] }).to_string();
        match self.wire.get::<Vec<TaskRow>>("/tasks", &[("filters", filters)], CALL).await {
            Ok(rows) => Ok(rows.into_iter().map(Task::from).collect()),
            Err(fault) if fault.status() == Some(404) => Ok(Vec::new()),
            Err(fault) => Err(self.told(fault, format!("list the tasks of service {service}"))),
        }
    }

    /// Whether a task of the service with this id is anywhere, also after the service itself is gone.
    pub async fn has_tasks(&self, service: &str) -> Result<bool> {
        let rows: Vec<TaskRow> = self
            .wire
            .get("/tasks", &[], CALL)
            .await
            .map_err(|fault| self.told(fault, "list the tasks of the swarm"))?;
        Ok(rows.iter().any(|row| row.service == service))
    }

    /// The names of the swarm's nodes, by their ids.
    pub async fn nodes(&self) -> Result<BTreeMap<String, String>> {
        let rows: Vec<NodeRow> = self
            .wire
            .get("/nodes", &[], CALL)
            .await
            .map_err(|fault| self.told(fault, "list the nodes of the swarm"))?;
        Ok(rows.into_iter().map(|row| (row.id, row.description.name)).collect())
    }
}

fn no_manager(swarm: SwarmRow, at: &Endpoint) -> Error {
    if swarm.state == "active" {
        let managers: Vec<String> = swarm.managers.into_iter().map(|manager| manager.address).collect();
        return Error::new(
            Kind::Refused,
            format!("the engine at {at} is a worker of a swarm: its managers alone take services"),
        )
        .hint(format!("name a manager with --host; known here: {}", managers.join(", ")));
    }
    Error::new(Kind::Refused, format!("the engine at {at} is in no swarm, and `service = true` wants one"))
        .hint("make it one with `docker swarm init`, or name a manager of one with --host")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};
    use super::*;

    const SERVICE: &str = r#"{"ID":"s1","Version":{"Index":7},"Spec":{"Name":"web","Labels":{"a":"b"},
        "Mode":{"Replicated":{"Replicas":3}},"Other":{"kept":1}},"PreviousSpec":{"Name":"web"},
        "UpdateStatus":{"State":"updating","Message":"m"}}"#;

    #[tokio::test]
    async fn a_service_is_read_and_goes_back_as_it_came() {
        let script = vec![
            ("GET /v1.51/services/web", Act::Answer(200, SERVICE.to_owned())),
            ("GET /v1.51/services/s", Act::Answer(200, SERVICE.to_owned())),
            (
                "GET /v1.51/services/none",
                Act::Answer(404, r#"{"message":"service none not found"}"#.to_owned()),
            ),
            ("GET /v1.51/services?filters=*", Act::Answer(200, format!("[{SERVICE}]"))),
            (
                "POST /v1.51/services/s1/update?version=7&registryAuthFrom=spec",
                Act::Answer(200, "{}".to_owned()),
            ),
            (
                "POST /v1.51/services/s1/update?version=7&rollback=previous&registryAuthFrom=previous-spec",
                Act::Answer(
                    500,
                    r#"{"message":"rpc error: code = Unknown desc = update out of sequence"}"#.to_owned(),
                ),
            ),
            (
                "POST /v1.51/services/create",
                Act::Answer(409, r#"{"message":"name conflicts with an existing object"}"#.to_owned()),
            ),
        ];
        Fake::engine(script)
            .serves(async |engine| {
                let found = engine.find_service("web").await.unwrap().unwrap();
                assert_eq!((found.version, found.replicas), (7, 3));
                assert_eq!((found.state.as_str(), found.labels["a"].as_str()), ("updating", "b"));
                assert_eq!(found.spec["Other"]["kept"], 1);
                assert_eq!(engine.find_service("s").await.unwrap(), None, "the beginning of an id");
                assert_eq!(engine.find_service("none").await.unwrap(), None);
                assert_eq!(
                    engine.list_services(&["x".to_owned()]).await.unwrap(),
                    std::slice::from_ref(&found)
                );
                engine.update_service(&found, Update::To(&found.spec), None).await.unwrap();
                let stale = engine.update_service(&found, Update::Previous, None).await.unwrap_err();
                assert!(stale.kind() == Kind::Refused && stale.to_string().contains("meanwhile"), "{stale}");
                let taken = engine.create_service("web", &found.spec, None).await.unwrap_err();
                assert_eq!(taken.kind(), Kind::Refused);
            })
            .await;
    }

    #[tokio::test]
    async fn tasks_and_who_takes_services() {
        let tasks = r#"[{"ID":"t","ServiceID":"s1","Slot":2,"NodeID":"n","DesiredState":"shutdown","Spec":{"ForceUpdate":4},
            "Status":{"State":"failed","Err":"task: non-zero exit (1)","Timestamp":"2026"}},{"ID":"u","Status":null}]"#;
        let nodes = r#"[{"ID":"n","Description":{"Hostname":"node-2"}}]"#;
        let worker = r#"{"Swarm":{"LocalNodeState":"active","RemoteManagers":[{"Addr":"10.0.0.1:2377"}]}}"#;
        let script = vec![
            ("GET /v1.51/tasks?filters=*", Act::Answer(200, tasks.to_owned())),
            ("GET /v1.51/tasks", Act::Answer(200, tasks.to_owned())),
            ("GET /v1.51/nodes", Act::Answer(200, nodes.to_owned())),
        ];
        Fake::engine(script)
            .serves(async |engine| {
                let tasks = engine.tasks("s1").await.unwrap();
                let first = Task {
                    id: "t".to_owned(),
                    slot: 2,
                    node: "n".to_owned(),
                    state: "failed".to_owned(),
                    desired: "shutdown".to_owned(),
                    error: "task: non-zero exit (1)".to_owned(),
                    force: 4,
                    since: "2026".to_owned(),
                };
                assert_eq!((&tasks[0], tasks.len()), (&first, 2));
                assert!(engine.has_tasks("s1").await.unwrap());
                assert_eq!(engine.nodes().await.unwrap()["n"], "node-2");
            })
            .await;
        let unix = Endpoint::unix(std::path::Path::new("/s"), "a test");
        for (info, says) in
            [(worker, "10.0.0.1:2377"), (r#"{"Swarm":{"LocalNodeState":"inactive"}}"#, "swarm init")]
        {
            let told: InfoRow = serde_json::from_str(info).unwrap();
            assert!(!told.swarm.is_manager);
            let why = no_manager(told.swarm, &unix);
            assert_eq!(why.kind(), Kind::Refused);
            assert!(why.hints().join(" ").contains(says), "{why:?}");
        }
    }
}
