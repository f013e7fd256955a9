//! What a container of a deployment has to pass: the same waiting and asking as that of a test, on a container that no test made.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use futures_util::future::try_join;
use tokio::time::{Instant, sleep, timeout};

use super::checks::{self, until_fits};
use super::scene::{self, Awaited, Ready, Watcher, Witness};
use crate::engine::{Container, ContainerSpec, ExecSpec, Image, Keeper};
use crate::error::Result;
use crate::event::Events;
use crate::expect::{Evidence, Health, HttpCheck, Matcher, Misfit, ReadySpec};

/// Between two looks at what no event tells of.
const AGAIN: Duration = Duration::from_millis(200);
/// How much of a probe's output is kept, in bytes.
const KEPT: usize = 4096;
/// The longest that a failed container is looked at.
const EVIDENCE: Duration = Duration::from_secs(20);

/// The gates of one deployment.
#[derive(Debug, Clone)]
pub struct Gate<'a> {
    /// What looks at sockets, where that takes a container of its own.
    pub keeper: &'a Keeper,
    /// The image of the container.
    pub image: &'a Image,
    /// When it counts as started.
    pub ready: &'a ReadySpec,
    /// What it must answer then.
    pub http: &'a [HttpCheck],
    /// The network that it is in; `host` is the host's.
    pub network: Option<&'a str>,
    /// A label, `key=value`, that it carries.
    pub label: String,
    /// Of an engine on another machine: ports of the container, and where each is reached from here. What has none there
    /// cannot be asked.
    pub elsewhere: Option<Vec<(u16, String)>>,
}

impl Gate<'_> {
    /// Waits until the container `id` is ready and answers; what does not fit otherwise.
    pub async fn pass(&self, id: &str) -> Result<Vec<Misfit>> {
        let watcher = self.watcher();
        // Boxed, as elsewhere: the futures of many levels would lie on one stack else.
        watcher.beside(Box::pin(self.passes(&watcher, id))).await
    }

    async fn passes(&self, watcher: &Watcher, id: &str) -> Result<Vec<Misfit>> {
        let by_health = match scene::judged_by_health(self.image, self.ready) {
            Ok(by_health) => by_health,
            Err(misfit) => return Ok(vec![misfit]),
        };
        let mut rest = ReadySpec { health: Health::Ignored, ..self.ready.clone() };
        if by_health || !self.http.is_empty() {
            // Something else decides.
            rest.settle = Duration::ZERO;
        }
        if self.elsewhere.is_some() {
            // It is among what is asked afterwards, where that can be.
            rest.http = None;
        }
        let at = Awaited { keeper: self.keeper, watcher, id, network: self.network };
        let health = async { if by_health { self.healthy(watcher, id).await } else { Ok(Vec::new()) } };
        let waited = Box::pin(scene::wait(at, &rest, false));
        let (waited, mut misfits) = try_join(waited, Box::pin(health)).await?;
        let container = match waited {
            Ready::Up(container) => container,
            Ready::Not(not) => {
                misfits.extend(not);
                return Ok(deduplicated(misfits));
            }
            Ready::Done => return Ok(vec![ended("it ended with exit code 0")]),
        };
        if misfits.is_empty() {
            misfits = Box::pin(self.answers(watcher, &container)).await?;
        }
        Ok(misfits)
    }

    /// Waits until the HEALTHCHECK passes. It is run from here as well: the engine's own interval may be half a minute.
    async fn healthy(&self, watcher: &Watcher, id: &str) -> Result<Vec<Misfit>> {
        let engine = self.keeper.engine();
        let command = self.image.healthcheck_command().unwrap_or_default();
        let limit =
            self.image.healthcheck.as_ref().map(|check| check.timeout).filter(|limit| !limit.is_zero());
        let mut last = String::new();
        let deadline = Instant::now() + self.ready.within;
        let probing = async {
            loop {
                let looked = engine.inspect_container(id).await?;
                let health = looked.and_then(|container| container.health);
                if health.is_some_and(|health| health.status == "healthy") {
                    return Ok(true);
                }
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(false);
                }
                let probe = ExecSpec {
                    command: command.clone(),
                    timeout: limit.unwrap_or(left).min(left),
                    max_bytes: KEPT,
                    ..ExecSpec::default()
                };
                // One that hangs, or whose container is on its way out, did not pass.
                match engine.exec(id, &probe).await {
                    Ok(outcome) if outcome.exit == 0 && !outcome.not_found => return Ok(true),
                    Ok(outcome) => {
                        let said = [outcome.output.stdout, outcome.output.stderr].concat();
                        last =
                            format!("exit code {}: {}", outcome.exit, String::from_utf8_lossy(&said).trim());
                    }
                    Err(error) => last = error.to_string(),
                }
                sleep(AGAIN).await;
            }
        };
        let healthy = tokio::select! {
            biased;
            looked = Box::pin(scene::end(engine, watcher, id)) => return Ok(how_it_ended(looked?, watcher)),
            healthy = probing => healthy?,
        };
        let misfit =
            || Misfit::new("health", format!("healthy within {} s", self.ready.within.as_secs_f32()), &last);
        Ok(if healthy { Vec::new() } else { vec![misfit()] })
    }

    /// The ways to `port` of a container of an engine on another machine.
    fn far_ways(&self, port: u16) -> Vec<String> {
        let all = self.elsewhere.iter().flatten();
        all.filter(|(inner, _)| *inner == port).map(|(_, way)| way.clone()).collect()
    }

    /// The ports that somebody wants to be asked, and that cannot be from here.
    pub fn unasked(&self) -> Vec<u16> {
        let asked = self.ready.http.iter().chain(self.http).map(|spec| spec.port);
        let unasked = asked.filter(|port| self.elsewhere.is_some() && self.far_ways(*port).is_empty());
        unasked.collect()
    }

    async fn answers(&self, watcher: &Watcher, container: &Container) -> Result<Vec<Misfit>> {
        let engine = self.keeper.engine();
        let first = self.ready.http.as_ref().filter(|_| self.elsewhere.is_some());
        let asking = async {
            for spec in first.into_iter().chain(self.http) {
                let ways = match &self.elsewhere {
                    None => scene::ways(engine, container, self.network, spec.port),
                    Some(_) => self.far_ways(spec.port),
                };
                if ways.is_empty() && self.elsewhere.is_some() {
                    continue;
                }
                let mut last = Vec::new();
                let fits = until_fits(&ways, spec, |misfits, answered| {
                    if answered || last.is_empty() {
                        last = misfits;
                    }
                })
                .await;
                if !fits {
                    let title = format!("{} :{}{}", spec.method, spec.port, spec.path);
                    if last.is_empty() {
                        let within = format!("none within {} s", spec.within.as_secs_f32());
                        last.push(Misfit::new("the answer", "one", within));
                    }
                    last.iter_mut().for_each(|misfit| misfit.what = format!("{title}: {}", misfit.what));
                    return last;
                }
            }
            Vec::new()
        };
        tokio::select! {
            biased;
            looked = Box::pin(scene::end(engine, watcher, &container.id)) => {
                Ok(how_it_ended(looked?, watcher))
            }
            misfits = asking => Ok(misfits),
        }
    }

    /// Watches the ready container for `span`: it stays up, is not started again, does not turn unhealthy, and answers at
    /// the end as it did at the beginning.
    pub async fn watch(&self, id: &str, span: Duration) -> Result<Vec<Misfit>> {
        let watcher = self.watcher();
        let engine = self.keeper.engine();
        let deadline = Instant::now() + span;
        let looking = async {
            let mut first: Option<(String, u64)> = None;
            loop {
                let Some(container) = engine.inspect_container(id).await? else {
                    return Ok(vec![ended("somebody removed it")]);
                };
                let start = (container.started_at.clone(), container.restarts);
                if !container.running || container.restarting {
                    let how = scene::end_problem(&container, &watcher);
                    return Ok(vec![ended(&how.unwrap_or_else(|| "it ended with exit code 0".to_owned()))]);
                }
                if first.get_or_insert_with(|| start.clone()) != &start {
                    return Ok(vec![ended("it ended, and the engine started it again")]);
                }
                if container.health.as_ref().is_some_and(|health| health.status == "unhealthy") {
                    return Ok(vec![Misfit::new("health", "healthy", "unhealthy")]);
                }
                if Instant::now() >= deadline {
                    return Box::pin(self.answers(&watcher, &container)).await;
                }
                sleep(AGAIN.min(deadline.saturating_duration_since(Instant::now()))).await;
            }
        };
        watcher.beside(Box::pin(looking)).await
    }

    /// Waits for the end of a container that does its work; what is wrong with it otherwise.
    pub async fn ends(&self, id: &str, within: Duration) -> Result<Vec<Misfit>> {
        let watcher = self.watcher();
        let engine = self.keeper.engine();
        let waiting = timeout(within, Box::pin(scene::end(engine, &watcher, id)));
        Ok(match watcher.beside(waiting).await {
            Err(_) => {
                let wanted = format!("to end within {} s", within.as_secs_f32());
                vec![Misfit::new("the command", wanted, "it still ran")]
            }
            Ok(looked) => match scene::over(looked?, &watcher) {
                Ready::Not(misfits) => misfits,
                Ready::Up(_) | Ready::Done => Vec::new(),
            },
        })
    }

    /// What the container `id`, made of `spec`, left to be read. An engine that takes too long for it is told by what comes
    /// next.
    pub async fn evidence(&self, id: &str, spec: &ContainerSpec, image: &str) -> Vec<Evidence> {
        let watcher = self.watcher();
        let reproduce = scene::reproduce(spec, image, spec.network.as_deref());
        let witness = Witness { id: id.to_owned(), service: None, reproduce };
        let looked = timeout(EVIDENCE, scene::evidence(self.keeper.engine(), &watcher, &witness)).await;
        looked.ok().and_then(Result::ok).flatten().into_iter().collect()
    }

    fn watcher(&self) -> Watcher {
        Watcher::labelled(self.keeper.engine(), self.label.clone())
    }
}

fn how_it_ended(looked: Option<Container>, watcher: &Watcher) -> Vec<Misfit> {
    match scene::over(looked, watcher) {
        Ready::Not(misfits) => misfits,
        Ready::Up(_) | Ready::Done => vec![ended("it ended with exit code 0")],
    }
}

fn ended(how: &str) -> Misfit {
    Misfit::new("the container", "up", how)
}

fn deduplicated(misfits: Vec<Misfit>) -> Vec<Misfit> {
    misfits.into_iter().fold(Vec::new(), |mut all, misfit| {
        if !all.contains(&misfit) {
            all.push(misfit);
        }
        all
    })
}

/// Runs a command on this machine, in `folder`, with `env` beside imgbuild's own environment, save its logins and
/// keys; what does not fit. Its lines are told as those of `name`.
pub async fn host_command(
    keeper: &Keeper,
    argv: &[String],
    folder: &Path,
    env: &BTreeMap<String, String>,
    within: Duration,
    name: &str,
    events: &Events,
) -> Vec<Misfit> {
    let mut command = tokio::process::Command::new(argv.first().map_or("", String::as_str));
    command.args(argv.iter().skip(1)).current_dir(folder);
    checks::without_secrets(&mut command, keeper);
    command.envs(env);
    checks::on_host(command, within, &Matcher::Equals(0.into()), name, events).await
}
