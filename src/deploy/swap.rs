//! Does the steps, and goes back where one fails.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::RwLock;

use super::decide::{Conflict, Settling, Step, Way, forward, settle, short, way_back};
use super::keep::{hold, keep};
use super::lock::Lock;
use super::name::{Name, Names};
use super::record::{Past, Record};
use super::spec::Wanted;
use super::state::{Found, Seen, find, past};
use crate::engine::{Engine, Keeper};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events, millis};

/// How many images that ran before a container's labels name.
const REMEMBERED: usize = 50;

/// One swap of a deployment on a host.
#[derive(Debug)]
pub struct Swap<'a> {
    /// Makes what is only for the run.
    pub keeper: &'a Keeper,
    /// What is to run.
    pub wanted: Wanted<'a>,
    /// What its labels will say, as far as it is known before the host was looked at.
    pub record: Record,
    /// Takes what happens.
    pub events: &'a Events,
    /// The deployment's. It is looked at before each change: nothing is done once somebody else has it.
    pub lock: &'a Lock,
    /// Held by each change that is under way on the engine: dropping a future does not stop the engine.
    pub busy: Busy,
    /// Set once the new one has passed all of its gates.
    pub passed: &'a OnceCell<Passed>,
}

/// Knows whether a change is under way on the engine.
pub type Busy = Arc<RwLock<()>>;

/// What a swap comes to whose new container has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// The digest of what ran before, where something did.
    before: Option<String>,
    /// For how long nothing served, at most.
    gap: Duration,
}

impl Swap<'_> {
    pub(super) fn engine(&self) -> &Engine {
        self.keeper.engine()
    }

    pub(super) fn names(&self) -> Names {
        Names::of(&self.wanted.deploy.container)
    }

    pub(super) async fn find(&self) -> Result<Found> {
        find(self.engine(), &self.wanted.deploy.name, &self.names()).await
    }

    /// Says that something is done to the deployment.
    fn tell(&self, step: &str, id: Option<&str>, back: bool) {
        self.events.emit(Event::DeployStep {
            name: self.wanted.deploy.name.clone(),
            step: step.to_owned(),
            container: id.map(|id| short(id).to_owned()),
            task: None,
            node: None,
            back,
        });
    }

    /// Brings order into what an earlier run left: afterwards what it found serving, or what passes in its place, serves. An
    /// error of kind `Rollback` says that nothing may serve.
    pub async fn settle(&self) -> Result<()> {
        let (settled, what) = match self.settling().await? {
            Settling::Nothing => return Ok(()),
            Settling::Steps(steps) => {
                self.events.note("an earlier run was cut off here: what served before it is brought back");
                (
                    self.steps(&steps, true).await,
                    "what served before an earlier run could not be brought back",
                )
            }
            Settling::Judge { new, accept, back } => {
                self.events.note("an earlier run was cut off here: what it left running is judged");
                let settled = match self.step(&Step::Ready { id: new }, true).await {
                    Ok(()) => self.steps(&accept, true).await,
                    Err(error) if error.kind() == Kind::Deploy => self.steps(&back, true).await,
                    Err(error) => Err(error),
                };
                (settled, "what an earlier run left could not be brought into order")
            }
        };
        match settled {
            Ok(()) => Ok(()),
            Err(error) => Err(self.not_back(what.to_owned(), &error).await),
        }
    }

    async fn settling(&self) -> Result<Settling> {
        settle(&self.find().await?).map_err(|conflict| self.in_the_way(&conflict))
    }

    pub(super) fn in_the_way(&self, Conflict(why): &Conflict) -> Error {
        Error::new(Kind::Refused, format!("cannot deploy {}: {why}", self.names()))
            .hint("look at the containers with `docker ps -a`, and remove by hand what is of no use")
    }

    /// Takes back a swap of an earlier run that was cut off, also where its new container would pass. An error of kind `Rollback`
    /// says that nothing may serve.
    pub async fn bring_back(&self) -> Result<()> {
        let found = self.find().await?;
        let way = way_back(&found).map_err(|conflict| self.in_the_way(&conflict))?;
        let Some((steps, old)) = way else {
            self.deployed(None, Duration::ZERO);
            return Ok(());
        };
        self.events.note("an earlier run was cut off here: what served before it is brought back");
        let began = Instant::now();
        if let Err(error) = self.steps(&steps, true).await {
            let what = "what served before an earlier run could not be brought back";
            return Err(self.not_back(what.to_owned(), &error).await);
        }
        self.deployed(None, if old.running { Duration::ZERO } else { began.elapsed() });
        Ok(())
    }

    /// Says what serves, and what nothing served for.
    fn deployed(&self, before: Option<String>, gap: Duration) {
        self.events.emit(Event::Deployed {
            name: self.record.name.clone(),
            reference: self.record.reference.clone(),
            digest: self.record.digest.clone(),
            before,
            gap_ms: Some(millis(gap)),
        });
    }

    /// Refuses to begin on an engine that cannot change when it starts a container again, where a swap would have to.
    pub async fn may_restart(&self) -> Result<()> {
        let found = self.find().await?;
        let all = [found.current, found.previous, found.next];
        let is_restarted = |seen: Seen| !seen.restart.is_never();
        let has_to = !self.record.spec.restart.is_never() || all.into_iter().flatten().any(is_restarted);
        if !has_to || self.engine().can_set_restart().await? {
            return Ok(());
        }
        let (names, version) = (self.names(), &self.engine().info().version);
        Err(Error::new(
            Kind::Refused,
            format!("cannot deploy {names}: podman {version} cannot change when it starts a container again"),
        )
        .hint("give the deployment `restart = \"no\"`, and let systemd start its container"))
    }

    /// Refuses a container of the deployment's name that nobody said is to be replaced.
    pub async fn may_replace(&self, adopt: bool) -> Result<()> {
        match self.find().await?.current {
            Some(seen) if seen.record.is_none() && !adopt => Err(Error::new(
                Kind::Refused,
                format!(
                    "the container {} was not made by imgbuild for the deployment {}",
                    self.names(),
                    self.wanted.deploy.name
                ),
            )
            .hint("give --adopt once, and it is replaced like any other")),
            _ => Ok(()),
        }
    }

    /// Puts the new one in the place of the old one. Where anything fails, the old one is back, and the error is of kind
    /// `Deploy`; of kind `Rollback` where it could not be brought back; of kind `Refused` where another run took the lock, which
    /// all is left to then; of kind `Engine` where the new one serves all the same.
    pub async fn run(&self) -> Result<()> {
        let old = self.find().await?.current;
        match Box::pin(self.forward(old.as_ref())).await {
            Ok(record) => {
                self.tidy(&record).await;
                self.tell_passed();
                Ok(())
            }
            Err(error) => Err(self.failed(error).await),
        }
    }

    pub(super) fn tell_passed(&self) {
        if let Some(Passed { before, gap }) = self.passed.get() {
            self.deployed(before.clone(), *gap);
        }
    }

    /// Steps to bring order; in order, up to the first that fails.
    pub(super) async fn steps(&self, steps: &[Step], back: bool) -> Result<()> {
        for step in steps {
            self.step(step, back).await?;
        }
        Ok(())
    }

    async fn forward(&self, old: Option<&Seen>) -> Result<Record> {
        let (record, past) = self.full_record(old).await?;
        let new = self.create(&record).await?;
        let way = self.wanted.way();
        let served = old.is_some_and(|old| old.running);
        let (mut stopped, mut gap) = (None, Duration::ZERO);
        let steps = forward(way, &new, &record, old);
        let last_gate = steps.iter().rposition(Step::is_gate);
        for (nth, step) in steps.iter().enumerate() {
            let stops = matches!(step, Step::Stop { .. }) && way == Way::InPlace && served;
            if stops {
                stopped = Some(Instant::now());
            }
            self.step(step, false).await?;
            if matches!(step, Step::Ready { .. })
                && let Some(since) = stopped.take()
            {
                gap = since.elapsed();
            }
            if last_gate == Some(nth) {
                let before = past.as_ref().map(|past| past.digest.clone());
                self.passed.get_or_init(|| Passed { before, gap });
            }
        }
        Ok(record)
    }

    /// What the labels of the new container say, once it is known what it replaces, and what that was.
    async fn full_record(&self, old: Option<&Seen>) -> Result<(Record, Option<Past>)> {
        let mut record = Record { replaces: old.map(Seen::replaced), ..self.record.clone() };
        let past = match old {
            None => None,
            Some(old) => Some(past(self.engine(), old).await?),
        };
        let before = old.and_then(|old| old.record.as_ref()).map(|last| last.history.as_slice());
        record.history = remembered(&record.digest, past.iter().chain(before.unwrap_or_default()));
        Ok((record, past))
    }

    async fn create(&self, record: &Record) -> Result<String> {
        self.holds("create").await?;
        self.tell("create", None, false);
        let (spec, further) = self.wanted.container(record, self.names().get(Name::Next));
        let engine = self.engine().clone();
        self.uninterrupted(async move {
            let id = engine.create_container(&spec).await?;
            for attached in &further {
                engine.connect_network(&id, &attached.network, &attached.aliases).await?;
            }
            Ok(id)
        })
        .await
    }

    /// Runs a change to its end even where the run is cut off.
    async fn uninterrupted<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let held = Arc::clone(&self.busy).read_owned().await;
        let task = tokio::spawn(async move {
            let done = change.await;
            drop(held);
            done
        });
        task.await
            .map_err(|cause| Error::new(Kind::Internal, "a change on the engine broke off").because(cause))?
    }

    /// Refuses to do `step` where the lock is not this run's any more.
    async fn holds(&self, step: &str) -> Result<()> {
        self.lock.require(self.engine(), &format!("nothing is done from the step `{step}` on")).await
    }

    async fn step(&self, step: &Step, back: bool) -> Result<()> {
        if !step.is_gate() {
            self.holds(step.word()).await?;
        }
        self.tell(step.word(), Some(step.id()), back);
        let (engine, grace) = (self.engine().clone(), self.wanted.deploy.grace);
        let names = self.names();
        match step.clone() {
            Step::Ready { id } => Box::pin(self.ready(&id)).await,
            Step::Watch { id } => Box::pin(self.watched(&id)).await,
            Step::Serves { id } => Box::pin(self.serves(&id)).await,
            Step::Hold { id } => self.hold(&id).await,
            change => {
                self.uninterrupted(async move {
                    match change {
                        Step::Rename { id, to } => engine.rename_container(&id, &names.get(to)).await,
                        Step::Restart { id, when } => engine.set_restart(&id, &when).await,
                        Step::Connect { id, to } => {
                            engine.connect_network(&id, &to.network, &to.aliases).await
                        }
                        Step::Disconnect { id, network } => engine.disconnect_network(&id, &network).await,
                        Step::Start { id } => engine.start_container(&id).await,
                        Step::Stop { id, gently } => {
                            engine.stop_container(&id, if gently { grace } else { Duration::ZERO }).await
                        }
                        Step::Remove { id } => engine.remove_container(&id).await.map(drop),
                        Step::Hold { .. } | Step::Ready { .. } | Step::Watch { .. } | Step::Serves { .. } => {
                            Ok(())
                        }
                    }
                })
                .await
            }
        }
    }

    /// Holds the image of the container `id`, which is about to go. Without it there is no going back later: nothing that
    /// would be a reason to go back now.
    async fn hold(&self, id: &str) -> Result<()> {
        let found = self.find().await?;
        let all = [&found.current, &found.previous].into_iter().flatten();
        let Some(seen) = all.into_iter().find(|seen| seen.id == id) else { return Ok(()) };
        let held = async {
            let past = past(self.engine(), seen).await?;
            hold(self.engine(), &self.wanted.deploy.container, &seen.image_id, &past).await
        };
        if let Err(error) = held.await {
            self.events.warn(format!("what ran before cannot be gone back to later: {error}"));
        }
        Ok(())
    }

    /// Keeps the images to go back to. The new one serves whatever comes of this.
    async fn tidy(&self, record: &Record) {
        let deploy = self.wanted.deploy;
        let kept = async {
            self.holds("keep").await?;
            self.tell("keep", None, false);
            keep(self.engine(), &deploy.container, (record, &self.wanted.image.id), deploy.keep).await
        };
        match kept.await {
            Ok((gone, stayed)) => {
                for name in gone {
                    self.events.note(format!("{name} is not kept any more: {} newer ones are", deploy.keep));
                }
                stayed.into_iter().for_each(|why| self.events.warn(why));
            }
            Err(error) => self.events.warn(format!("the images to go back to were not looked at: {error}")),
        }
    }
}

/// What ran before `current`, each image once, the last first.
pub(super) fn remembered<'a>(current: &str, all: impl Iterator<Item = &'a Past>) -> Vec<Past> {
    let mut history: Vec<Past> = Vec::new();
    for past in all.filter(|past| past.digest != current) {
        if history.len() < REMEMBERED && !history.iter().any(|known| known.digest == past.digest) {
            history.push(past.clone());
        }
    }
    history
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_image_is_remembered_once_and_not_the_one_that_runs() {
        let past = |digest: &str, at| Past {
            reference: "r".to_owned(),
            digest: digest.to_owned(),
            run: String::new(),
            at,
        };
        let all = [past("b", 4), past("a", 3), past("c", 2), past("a", 1)];
        let digests: Vec<(String, i64)> =
            remembered("b", all.iter()).into_iter().map(|past| (past.digest, past.at)).collect();
        assert_eq!(digests, [("a".to_owned(), 3), ("c".to_owned(), 2)]);
        let many: Vec<Past> = (0..99).map(|nth| past(&nth.to_string(), nth)).collect();
        assert_eq!(remembered("x", many.iter()).len(), REMEMBERED);
    }
}
