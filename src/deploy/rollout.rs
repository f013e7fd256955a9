//! Deploys a service of a swarm. The swarm replaces the tasks and goes back by itself; what is here asks for it, watches, and
//! asks for the way back where the swarm would not go it: a first version, a task that waits forever, a signal.
//!
//! Nothing is to be recovered: a swarm that has taken an update ends it, or goes back, whatever becomes of imgbuild.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::record::{Past, Record};
use super::rolling::{Aim, Outlook, Rolling};
use super::spec::Wanted;
use super::swap::{Busy, remembered};
use crate::config::{DeploySettings, ServiceSettings};
use crate::engine::{AuthEntry, Engine, Service, Task, Update};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events};
use crate::image::label::deploy as label;

/// Between two looks: the engine tells of no task by itself.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest that a node may pull.
const PULL: Duration = Duration::from_secs(30 * 60);
/// How often a swarm is asked to go back that changes the service itself meanwhile.
const TRIES: u32 = 5;
/// What a swarm takes beside what the settings say.
const SLACK: Duration = Duration::from_secs(30);

/// One rollout of a service.
#[derive(Debug)]
pub struct Rollout {
    /// A manager of the swarm.
    pub engine: Engine,
    /// What is deployed.
    pub deploy: DeploySettings,
    /// How, as a service.
    pub like: ServiceSettings,
    /// The run's id.
    pub run: String,
    /// For the nodes, which pull.
    pub auth: Option<AuthEntry>,
    /// Takes what happens.
    pub events: Events,
    /// Held by a change that is under way.
    pub busy: Busy,
    /// Whether the swarm was asked for anything.
    pub asked: Arc<AtomicBool>,
}

/// How the way back ended.
enum Returned {
    /// Nothing had been done.
    Untouched,
    /// What was before serves.
    Before,
    /// The service is gone: there was nothing before.
    Removed,
}

impl Rollout {
    /// The service as it is now.
    pub async fn find(&self) -> Result<Option<Service>> {
        self.engine.find_service(&self.deploy.container).await
    }

    /// Makes of the service, which was `seen` before, what is `wanted`, of the image that nodes get by `image`. Gives the digest of what
    /// ran before. Where it does not work, what was before serves, and the error is of kind `Deploy`; of kind `Rollback` where that
    /// does not serve either.
    pub async fn run(
        &self,
        seen: Option<&Service>,
        wanted: Wanted<'_>,
        mut record: Record,
        image: &str,
    ) -> Result<Option<String>> {
        let past = seen.map(past_of);
        let last = seen.and_then(|seen| Record::from_labels(&seen.labels));
        let before = last.as_ref().map(|last| last.history.as_slice()).unwrap_or_default();
        record.history = remembered(&record.digest, past.iter().chain(before));
        let tasks = self.tasks(seen).await?;
        let force = next_force(seen, &tasks);
        let spec = wanted.service(self.like, &record, image, force).body();
        self.take(seen, spec, &tasks, force, &record.reference).await?;
        Ok(past.map(|past| past.digest))
    }

    /// Makes of the service what it was before its last update, by the swarm's own memory. What that was is judged as anything
    /// new: where it does not work any more, what runs now serves again. Gives what serves, and the digest of what ran.
    pub async fn previous(&self, seen: &Service, by: &str, at: i64) -> Result<(Record, String)> {
        let Some(mut spec) = seen.previous.clone() else {
            return Err(Error::new(
                Kind::Refused,
                format!("the swarm knows nothing that {} was before", seen.name),
            )
            .hint(format!(
                "`imgbuild rollback {} --list` says what ran; --to names one of it",
                self.deploy.name
            )));
        };
        let labels = spec.get("Labels").and_then(Value::as_object).into_iter().flatten();
        let labels: BTreeMap<String, String> =
            labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        let was = Record::from_labels(&labels);
        let past = was.as_ref().map_or_else(|| past_of_spec(&spec), Record::past);
        let now = past_of(seen);
        let last = Record::from_labels(&seen.labels);
        let before = last.as_ref().map(|last| last.history.as_slice()).unwrap_or_default();
        let record = Record {
            name: self.deploy.name.clone(),
            reference: past.reference.clone(),
            digest: past.digest.clone(),
            run: self.run.clone(),
            by: by.to_owned(),
            at,
            spec: was.map(|was| was.spec).unwrap_or_default(),
            replaces: None,
            history: remembered(&past.digest, std::iter::once(&now).chain(before)),
        };
        let tasks = self.tasks(Some(seen)).await?;
        let force = next_force(Some(seen), &tasks);
        let mut all = labels;
        all.extend(record.labels());
        spec["Labels"] = serde_json::json!(all);
        spec["TaskTemplate"]["ForceUpdate"] = force.into();
        // Somebody else's may not go back by itself.
        for key in ["UpdateConfig", "RollbackConfig"] {
            if let Some(config) = seen.spec.get(key).filter(|_| last.is_some()) {
                spec[key] = config.clone();
            }
        }
        self.take(Some(seen), spec, &tasks, force, &record.reference).await?;
        Ok((record, now.digest))
    }

    async fn take(
        &self,
        seen: Option<&Service>,
        spec: Value,
        tasks: &[Task],
        force: u64,
        reference: &str,
    ) -> Result<()> {
        let replicas = spec.pointer("/Mode/Replicated/Replicas").and_then(Value::as_u64).unwrap_or(1);
        let more = seen.is_none_or(|seen| seen.replicas < replicas);
        let aim = Aim {
            run: self.run.clone(),
            force,
            replicas,
            hold: if more { self.deploy.watch } else { Duration::ZERO },
            start: self.start(),
            pull: PULL,
        };
        let mut rolling = Rolling::new(aim, tasks, Instant::now());
        self.tell(if seen.is_some() { "update" } else { "create" }, false);
        self.change(seen.cloned(), spec).await?;
        let outlook = match self.watch(&mut rolling, self.limit(replicas)).await {
            Ok(outlook) => outlook,
            Err(error) => {
                return Err(
                    error.hint("the swarm goes on by itself: `imgbuild deployments` says what it came to")
                );
            }
        };
        let did_not_pass = |why: &str| format!("{reference} did not pass: {why}");
        match outlook {
            Outlook::Serves => Ok(()),
            Outlook::Bad(why) => Err(self.failed(Error::new(Kind::Deploy, did_not_pass(&why))).await),
            Outlook::Waiting => {
                let why = "the swarm is not done with it within the time that it should take";
                Err(self.failed(Error::new(Kind::Deploy, did_not_pass(why))).await)
            }
            Outlook::Back(why) => Err(Error::new(
                Kind::Deploy,
                format!("{}; the swarm brought back what ran before", did_not_pass(&why)),
            )),
            Outlook::Stuck(why) => Err(self.not_back(&format!(
                "{}; and the swarm could not bring back what ran before",
                did_not_pass(&why)
            ))),
            Outlook::Taken(who) => Err(Error::new(
                Kind::Refused,
                format!("{} was changed by {who} in the middle of the update", self.deploy.container),
            )
            .hint("see what runs with `imgbuild deployments`")),
            Outlook::Gone => Err(self.not_back(&format!(
                "the service {} was removed by somebody else in the middle of the update",
                self.deploy.container
            ))),
        }
    }

    /// What an end for `error` leaves: what ran before, which is brought back where the swarm was asked for anything.
    pub async fn failed(&self, error: Error) -> Error {
        // What is under way is over first.
        drop(self.busy.write().await);
        let kind = match error.kind() {
            kind @ (Kind::Interrupted | Kind::Terminated | Kind::Refused) => kind,
            _ => Kind::Deploy,
        };
        let hints = error.hints().to_vec();
        let told = match self.back().await {
            Ok(Returned::Untouched) => Error::new(kind, error.to_string()),
            Ok(Returned::Before) => Error::new(kind, format!("{error}; what ran before was brought back")),
            Ok(Returned::Removed) => {
                Error::new(kind, format!("{error}; nothing ran before, so the service was removed"))
            }
            Err(why) if why.kind() == Kind::Engine => Error::new(Kind::Engine, format!("{error}; {why}"))
                .hint("the swarm goes on by itself: `imgbuild deployments` says what it came to"),
            Err(why) => {
                self.not_back(&format!("{error}; and what ran before could not be brought back: {why}"))
            }
        };
        hints.into_iter().fold(told, Error::hint)
    }

    async fn back(&self) -> Result<Returned> {
        if !self.asked.load(Ordering::SeqCst) {
            return Ok(Returned::Untouched);
        }
        for _ in 0..TRIES {
            match self.back_once().await {
                // The swarm itself changed it in the very moment.
                Err(error) if error.kind() == Kind::Refused => {}
                done => return done,
            }
        }
        Err(Error::new(Kind::Rollback, "others change the service again and again"))
    }

    async fn back_once(&self) -> Result<Returned> {
        let Some(seen) = self.find().await? else { return Ok(Returned::Removed) };
        let ours = seen.labels.get(label::RUN) == Some(&self.run);
        match (ours, seen.state.as_str()) {
            (true, _) if seen.previous.is_none() => {
                self.tell("remove", true);
                self.engine.remove_service(&seen.id).await?;
                self.gone(&seen.id).await?;
                return Ok(Returned::Removed);
            }
            (true, _) => {
                self.tell("rollback", true);
                self.engine.update_service(&seen, Update::Previous, self.auth.as_ref()).await?;
            }
            (false, "rollback_started") => self.tell("rollback", true),
            (false, "rollback_paused") => {
                return Err(Error::new(Kind::Rollback, format!("the swarm paused: {}", seen.message)));
            }
            // It is back by now, or somebody else's.
            (false, _) => return Ok(Returned::Before),
        }
        let tasks = self.engine.tasks(&seen.id).await?;
        // Of the tasks that come back, everything is news; of the others, what becomes of them.
        let force = force_of(&seen.spec);
        let aim = Aim {
            run: self.run.clone(),
            force: if ours { force } else { u64::MAX },
            replicas: seen.replicas,
            hold: Duration::ZERO,
            start: PULL,
            pull: PULL,
        };
        let mut rolling = Rolling::new(aim, &tasks, Instant::now());
        match self.watch(&mut rolling, self.limit(seen.replicas)).await? {
            Outlook::Back(_) => Ok(Returned::Before),
            Outlook::Stuck(why) => Err(Error::new(Kind::Rollback, format!("the swarm paused: {why}"))),
            Outlook::Taken(_) => Ok(Returned::Before),
            Outlook::Gone => Err(Error::new(Kind::Rollback, "somebody removed the service")),
            Outlook::Serves | Outlook::Bad(_) | Outlook::Waiting => {
                Err(Error::new(Kind::Rollback, "the swarm is not done within the time that it should take"))
            }
        }
    }

    /// Waits until no task of a service that was removed is left, so that nothing holds its ports.
    async fn gone(&self, id: &str) -> Result<()> {
        let until = Instant::now() + self.deploy.grace + SLACK;
        while self.engine.has_tasks(id).await? {
            if Instant::now() > until {
                self.events.warn(format!("tasks of {} are still about to end", self.deploy.container));
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Looks until it is decided, for `limit` at most, and tells what becomes of tasks.
    async fn watch(&self, rolling: &mut Rolling, limit: Duration) -> Result<Outlook> {
        let until = Instant::now() + limit;
        let mut nodes = self.engine.nodes().await?;
        loop {
            let service = self.find().await?;
            let tasks = match &service {
                Some(service) => self.engine.tasks(&service.id).await?,
                None => Vec::new(),
            };
            if tasks.iter().any(|task| !task.node.is_empty() && !nodes.contains_key(&task.node)) {
                nodes = self.engine.nodes().await?;
            }
            let (told, outlook) = rolling.look(service.as_ref(), &tasks, &nodes, Instant::now());
            for told in told {
                self.events.emit(Event::DeployStep {
                    name: self.deploy.name.clone(),
                    step: format!("task-{}", told.state),
                    container: Some(told.id.chars().take(12).collect()),
                    task: Some(told.task),
                    node: told.node,
                    back: told.back,
                });
            }
            if outlook != Outlook::Waiting || Instant::now() > until {
                return Ok(outlook);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks the swarm for a change, to its end even where the run is cut off.
    async fn change(&self, seen: Option<Service>, spec: Value) -> Result<()> {
        let held = Arc::clone(&self.busy).read_owned().await;
        let (engine, auth, asked) = (self.engine.clone(), self.auth.clone(), Arc::clone(&self.asked));
        let name = self.deploy.container.clone();
        let task = tokio::spawn(async move {
            asked.store(true, Ordering::SeqCst);
            let done = match seen {
                Some(seen) => engine.update_service(&seen, Update::To(&spec), auth.as_ref()).await,
                None => engine.create_service(&name, &spec, auth.as_ref()).await.map(drop),
            };
            drop(held);
            done
        });
        task.await
            .map_err(|cause| Error::new(Kind::Internal, "a change on the engine broke off").because(cause))?
    }

    async fn tasks(&self, seen: Option<&Service>) -> Result<Vec<Task>> {
        match seen {
            Some(seen) => self.engine.tasks(&seen.id).await,
            None => Ok(Vec::new()),
        }
    }

    /// How long a task may wait for a node, or for its HEALTHCHECK: with `stop-first` another one ends before.
    fn start(&self) -> Duration {
        self.deploy.ready.within.saturating_add(self.deploy.grace)
    }

    /// The longest that the swarm may take for that many tasks.
    fn limit(&self, replicas: u64) -> Duration {
        let rounds =
            u32::try_from(replicas.div_ceil(self.like.parallelism.max(1).into())).unwrap_or(u32::MAX);
        let round = self.start().saturating_add(self.deploy.watch).saturating_add(self.deploy.grace);
        // Half of it on the way there, half on the way back.
        round.saturating_mul(rounds.saturating_mul(2)).saturating_add(PULL).saturating_add(SLACK)
    }

    fn tell(&self, step: &str, back: bool) {
        self.events.emit(Event::DeployStep {
            name: self.deploy.name.clone(),
            step: step.to_owned(),
            container: None,
            task: None,
            node: None,
            back,
        });
    }

    fn not_back(&self, what: &str) -> Error {
        Error::new(Kind::Rollback, what.to_owned()).hint(format!(
            "`docker service ps --no-trunc {}` says why; another `imgbuild deploy` or `rollback --to` replaces it",
            self.deploy.container
        ))
    }
}

/// Refuses a service that nobody said is to be replaced, and one that somebody else is about to change, unless `force`.
pub fn may_replace(deploy: &DeploySettings, seen: Option<&Service>, adopt: bool, force: bool) -> Result<()> {
    let Some(seen) = seen else { return Ok(()) };
    let record = Record::from_labels(&seen.labels).filter(|record| record.name == deploy.name);
    if record.is_none() && !adopt {
        return Err(Error::new(
            Kind::Refused,
            format!("the service {} was not made by imgbuild for the deployment {}", seen.name, deploy.name),
        )
        .hint("give --adopt once, and it is replaced like any other"));
    }
    if ["updating", "rollback_started"].contains(&seen.state.as_str()) && !force {
        let by = record.map(|record| format!("run {} of {}", record.run, record.by));
        return Err(Error::new(
            Kind::Refused,
            format!(
                "{} is being updated by somebody else: {}",
                seen.name,
                by.unwrap_or_else(|| "not imgbuild".to_owned())
            ),
        )
        .hint("try again when it is done, or give --break-lock to replace what is under way"));
    }
    Ok(())
}

/// A number that no task of the service has, nor will have that of another run's.
fn next_force(seen: Option<&Service>, tasks: &[Task]) -> u64 {
    let specs =
        seen.into_iter().flat_map(|seen| [Some(&seen.spec), seen.previous.as_ref()]).flatten().map(force_of);
    specs.chain(tasks.iter().map(|task| task.force)).max().unwrap_or(0).saturating_add(1)
}

fn force_of(spec: &Value) -> u64 {
    spec.pointer("/TaskTemplate/ForceUpdate").and_then(Value::as_u64).unwrap_or(0)
}

/// What the next version says of this one among what ran before.
fn past_of(seen: &Service) -> Past {
    Record::from_labels(&seen.labels).map_or_else(|| past_of_spec(&seen.spec), |record| record.past())
}

/// The same of a version that somebody else made.
fn past_of_spec(spec: &Value) -> Past {
    let image = spec.pointer("/TaskTemplate/ContainerSpec/Image").and_then(Value::as_str).unwrap_or_default();
    let (reference, digest) = image.split_once('@').unwrap_or((image, image));
    Past { reference: reference.to_owned(), digest: digest.to_owned(), run: String::new(), at: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_a_number_of_its_own() {
        let spec = |force: u64| serde_json::json!({ "TaskTemplate": { "ForceUpdate": force } });
        assert_eq!(next_force(None, &[]), 1);
        let seen = Service { spec: spec(2), previous: Some(spec(5)), ..Service::default() };
        assert_eq!(next_force(Some(&seen), &[]), 6);
        // Of a version that the swarm went back from, tasks alone are left.
        let tasks = [Task { force: 9, ..Task::default() }];
        assert_eq!(next_force(Some(&seen), &tasks), 10);
    }

    #[test]
    fn what_somebody_else_made_is_remembered_by_its_image() {
        let spec =
            |image: &str| serde_json::json!({ "TaskTemplate": { "ContainerSpec": { "Image": image } } });
        let past = past_of_spec(&spec("r.example/web:1@sha256:ab"));
        assert_eq!((past.reference.as_str(), past.digest.as_str()), ("r.example/web:1", "sha256:ab"));
        assert_eq!(past_of_spec(&spec("web")).digest, "web");
        assert_eq!(past_of_spec(&Value::Null).digest, "");
    }
}
