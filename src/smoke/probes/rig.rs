//! The containers of probes: made like those of a test, and waited for like them.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{ProbePlan, lines};
use crate::engine::{Container, ContainerSpec, Engine, Image, Keeper, Limits};
use crate::error::{Kind, Result};
use crate::event::millis;
use crate::expect::{Health, Misfit, Mount, ReadySpec, Start, TestSpec, What, shortened};
use crate::rules::Fact;
use crate::rules::facts::{HealthSeen, StartSeen};
use crate::smoke::checks;
use crate::smoke::look;
use crate::smoke::scene::{self, Awaited, Bench, Ready};

/// The longest that a container without any sign of being ready is watched before it counts as up: the test of the same
/// image watches longer.
const SETTLE: Duration = Duration::from_millis(1000);
/// Beyond twice the time of the first start, what a start under other conditions may take: engines that start several
/// containers at once are slow.
const MARGIN: Duration = Duration::from_secs(5);
/// How long ports of a service may take that says nothing of when it is ready, and the pause between two looks.
const LISTENING: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(100);
/// The longest that one request of the traffic may take.
const REQUEST: Duration = Duration::from_secs(2);
/// Probes of a HEALTHCHECK whose output is kept, and bytes of each.
const PROBES: usize = 3;
const OUTPUT: usize = 300;

/// The exit code of what SIGKILL ends, and how many times the memory a control gets.
const KILLED: i64 = 137;
const MORE_MEMORY: u64 = 4;

/// How long the first container took to come up; `None` inside where it did not. Nothing so far outside.
pub(super) type Up = Option<Option<Duration>>;

/// What the containers of the probes have in common.
#[derive(Clone)]
pub(super) struct Rig<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) plan: &'a ProbePlan,
    network: String,
    ready: Option<ReadySpec>,
    by_health: bool,
}

/// A container that was started, and what came of it.
pub(super) struct Launch {
    /// Its id; empty where it could not even be made.
    pub(super) id: String,
    /// Its start, as rules judge it.
    pub(super) start: StartSeen,
    /// Its HEALTHCHECK.
    pub(super) health: Fact<HealthSeen>,
    /// It, while it is up.
    pub(super) container: Option<Container>,
    /// How long it took.
    pub(super) took: Duration,
    misfits: Vec<Misfit>,
}

impl Launch {
    /// Whether it came up, or ended well where it is there to end.
    pub(super) fn did_its_work(&self) -> bool {
        self.container.is_some() || (self.misfits.is_empty() && self.start.exit == Some(0))
    }

    /// Why it did not, in one line; empty where it did.
    pub(super) fn why(&self) -> String {
        match self.misfits.first() {
            _ if self.did_its_work() => String::new(),
            Some(misfit) => misfit.got.clone(),
            None => self.start.error.clone(),
        }
    }
}

impl<'a> Rig<'a> {
    /// Starts the services that the containers need; why they cannot be had otherwise.
    pub(super) async fn set(bench: &'a Bench<'a>, plan: &'a ProbePlan) -> Result<Fact<Rig<'a>>> {
        let mut witnesses = Vec::new();
        for service in &bench.test.services {
            if let Some(misfit) = scene::serve(bench, service, &mut witnesses).await?.first() {
                return Ok(Fact::Missing(format!("the service {}: {}", service.alias, misfit.sentence())));
            }
        }
        let mut ready = bench.test.start.as_ref().and_then(Start::ready).cloned();
        if let Some(ready) = &mut ready {
            ready.settle = ready.settle.min(SETTLE);
        }
        let by_health = ready.as_ref().is_some_and(|r| scene::judged_by_health(bench.image, r) == Ok(true));
        let network = bench.network().await?.to_owned();
        Ok(Fact::Known(Rig { bench, plan, network, ready, by_health }))
    }

    pub(super) fn engine(&self) -> &Engine {
        self.bench.engine()
    }

    pub(super) fn keeper(&self) -> &Keeper {
        self.bench.keeper
    }

    pub(super) fn image(&self) -> &Image {
        self.bench.image
    }

    /// The container that is never started: what the image itself holds.
    pub(super) async fn still(&self) -> Result<&str> {
        self.bench.still().await
    }

    /// The same for containers that no address leads to: where an answer is waited for, its port has to listen.
    pub(super) fn unreachable(&self) -> Rig<'a> {
        let mut rig = self.clone();
        if let Some(ready) = &mut rig.ready {
            ready.ports.extend(ready.http.take().map(|http| http.port));
        }
        rig
    }

    /// The same for containers that only their HEALTHCHECK judges.
    pub(super) fn judged_by_health(&self) -> Rig<'a> {
        let mut rig = self.clone();
        if let Some(ready) = &mut rig.ready {
            (ready.health, ready.http, ready.log) = (Health::Required, None, None);
            ready.ports.clear();
            rig.by_health = true;
        }
        rig
    }

    fn test(&self) -> &TestSpec {
        self.bench.test
    }

    /// The longest that a start may take.
    pub(super) fn limit(&self) -> Duration {
        self.ready.as_ref().map_or(self.test().within, |ready| ready.within)
    }

    /// A container as the test has it.
    pub(super) fn container(&self) -> ContainerSpec {
        let by_health = self.ready.as_ref().filter(|_| self.by_health);
        scene::of_test(self.image(), self.test(), &self.network, by_health)
    }

    /// Where files and folders are mounted into it.
    pub(super) fn mount_points(&self) -> Vec<String> {
        let point = |mount: &Mount| match mount {
            Mount::Bind(bind) => bind.split(':').nth(1).unwrap_or_default().to_owned(),
            Mount::Tmpfs(path, _) => path.clone(),
        };
        self.test().container.mounts.iter().map(point).filter(|path| !path.is_empty()).collect()
    }

    /// Makes a container, starts it, and waits for it as long as the test would.
    pub(super) async fn launch(&self, spec: ContainerSpec) -> Result<Launch> {
        self.launch_until(spec, std::future::pending()).await
    }

    /// The same for as long as may be expected by how quickly the first one came up; not at all where it did not.
    pub(super) async fn launch_as_quickly(
        &self,
        spec: ContainerSpec,
        mut up: watch::Receiver<Up>,
    ) -> Result<Launch> {
        let began = Instant::now();
        let over = async move {
            // An end of the other side means that there is nothing to compare with any more.
            let first = up.wait_for(Option::is_some).await.ok().and_then(|first| *first).flatten();
            if let Some(first) = first {
                tokio::time::sleep_until(began + first.saturating_mul(2).saturating_add(MARGIN)).await;
            }
        };
        self.launch_until(spec, over).await
    }

    async fn launch_until(&self, spec: ContainerSpec, over: impl Future<Output = ()>) -> Result<Launch> {
        let id = match self.keeper().container(spec).await {
            Ok(id) => id,
            Err(error) if error.kind() == Kind::Tests => {
                return Ok(self.launch_failed(String::new(), error.to_string()));
            }
            Err(error) => return Err(error),
        };
        self.bench.made(&id);
        self.start_until(&id, over).await
    }

    /// Whether it was memory that a container of `spec` was killed for, where the engine did not say so: it reads that from
    /// a control group that goes with the container, at times too late. With more memory the same has to come up then.
    pub(super) async fn killed_for_memory(&self, spec: ContainerSpec, launch: &Launch) -> Result<bool> {
        let limit = spec.limits.memory_bytes.saturating_mul(MORE_MEMORY);
        if launch.start.exit != Some(KILLED) || limit == 0 || limit > self.engine().info().memory_bytes / 2 {
            return Ok(false);
        }
        let with_more = ContainerSpec { limits: Limits { memory_bytes: limit, ..spec.limits }, ..spec };
        let control = self.launch(with_more).await?;
        if !control.id.is_empty() {
            self.remove(&control.id).await?;
        }
        Ok(control.did_its_work())
    }

    /// Starts a container that has ended once more, and waits for it.
    pub(super) async fn again(&self, id: &str) -> Result<Launch> {
        self.start_until(id, std::future::pending()).await
    }

    async fn start_until(&self, id: &str, over: impl Future<Output = ()>) -> Result<Launch> {
        let began = Instant::now();
        if let Err(error) = self.engine().start_container(id).await {
            let Some(looked) = self.engine().inspect_container(id).await? else { return Err(error) };
            let why = if looked.error.is_empty() { error.to_string() } else { looked.error };
            return Ok(self.launch_failed(id.to_owned(), why));
        }
        let ready = tokio::select! {
            ready = self.wait(id) => ready?,
            () = over => Ready::Not(vec![Misfit::new("the container", "up", "it takes much longer than with all it is used to")]),
        };
        let took = began.elapsed();
        self.launched(id, ready, took).await
    }

    async fn wait(&self, id: &str) -> Result<Ready> {
        let network = Some(self.network.as_str());
        let at = Awaited { keeper: self.keeper(), watcher: self.bench.watcher, id, network };
        match &self.ready {
            Some(ready) => scene::wait(at, ready, self.by_health).await,
            None => {
                let end = scene::end(self.engine(), self.bench.watcher, id);
                match tokio::time::timeout(self.limit(), end).await {
                    Ok(looked) => Ok(scene::over(looked?, self.bench.watcher)),
                    Err(_) => Ok(Ready::Not(vec![Misfit::new("the container", "ended", "it still runs")])),
                }
            }
        }
    }

    fn launch_failed(&self, id: String, why: String) -> Launch {
        Launch {
            id,
            start: StartSeen { error: why.clone(), ..StartSeen::default() },
            health: Fact::Missing("its container could not start".to_owned()),
            container: None,
            took: Duration::ZERO,
            misfits: vec![Misfit::new("the container", "started", why)],
        }
    }

    async fn launched(&self, id: &str, ready: Ready, took: Duration) -> Result<Launch> {
        let (container, misfits) = match ready {
            Ready::Up(container) => (Some(*container), Vec::new()),
            Ready::Done => (None, Vec::new()),
            Ready::Not(misfits) => (None, misfits),
        };
        let looked = match &container {
            Some(container) => Some(container.clone()),
            None => self.engine().inspect_container(id).await?,
        };
        let ended = looked.as_ref().filter(|container| scene::ended(container));
        let start = StartSeen {
            up: looked.as_ref().is_some_and(|container| container.running),
            watched_ms: millis(took),
            exit: ended.map(|container| container.exit_code),
            oom: ended.is_some_and(|container| container.oom_killed || self.bench.watcher.seen(id).oom),
            error: String::new(),
            log: lines::last(self.engine(), id).await?,
        };
        let probes = looked.as_ref().and_then(|container| container.health.as_ref());
        let probes = probes.map(|health| health.log.as_slice()).unwrap_or_default();
        let output = |text: &str| shortened(text.trim(), OUTPUT);
        let health = match self.image().healthcheck {
            Some(_) if ended.is_some() => Fact::Missing("its container did not stay up".to_owned()),
            Some(_) if self.by_health => Fact::Known(HealthSeen {
                healthy: container.is_some(),
                after_ms: millis(took),
                probes: probes.iter().rev().take(PROBES).rev().map(|p| (p.exit, output(&p.output))).collect(),
            }),
            Some(_) => Fact::Missing("its test does without the HEALTHCHECK".to_owned()),
            None => Fact::Missing("the image has no HEALTHCHECK".to_owned()),
        };
        Ok(Launch { id: id.to_owned(), start, health, container, took, misfits })
    }

    /// Waits for the ports that the image exposes, where nothing else tells that the service is ready: some need a while
    /// before they listen, and are not to be judged or stopped meanwhile.
    pub(super) async fn listening(&self, container: &Container) -> Result<()> {
        let told = self.by_health
            || self
                .ready
                .as_ref()
                .is_some_and(|r| r.http.is_some() || r.log.is_some() || !r.ports.is_empty());
        let ports: Vec<u16> = scene::exposed(self.image()).collect();
        if told || ports.is_empty() {
            return Ok(());
        }
        let deadline = Instant::now() + self.limit().min(LISTENING);
        while Instant::now() < deadline {
            let Fact::Known(sockets) = look::sockets(self.keeper(), container).await? else { break };
            let listens = |port: &u16| sockets.list.iter().any(|s| s.listening && s.port == *port);
            if ports.iter().all(listens) {
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
        Ok(())
    }

    /// Asks what the test asks, once each, so that there is something to log and to write.
    pub(super) async fn traffic(&self, container: &Container) {
        for check in &self.test().checks {
            if let What::Http(http) = &check.what {
                let ways = scene::ways(self.engine(), container, Some(&self.network), http.port);
                // What comes back is for the test to judge.
                let _ = checks::ask(&ways, http, REQUEST).await;
            }
        }
    }

    /// Removes a container that is of no use any more.
    pub(super) async fn remove(&self, id: &str) -> Result<()> {
        if id.is_empty() { Ok(()) } else { self.bench.remove(id).await }
    }
}
