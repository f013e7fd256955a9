//! When a container counts as started.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future;
use tokio::sync::Notify;

use super::container::PROBE_INTERVAL;
use super::{Watcher, end, end_problem, ended, ways};
use crate::engine::{Container, Image, Keeper, LogOptions};
use crate::error::{Error, Result};
use crate::expect::{Health, HttpCheck, Misfit, Pattern, ReadySpec};
use crate::rules::Fact;
use crate::smoke::{checks, look};

/// Between two tries of what no event tells of: an answer, a socket.
const AGAIN: Duration = Duration::from_millis(50);

/// Why nobody can tell its sockets from others'.
pub(in crate::smoke) const OF_THE_HOST: &str = "its container shares the network of the host";

/// What waiting came to.
pub(in crate::smoke) enum Ready {
    /// It is up.
    Up(Box<Container>),
    /// It ended with exit code 0.
    Done,
    /// It is not, and why.
    Not(Vec<Misfit>),
}

/// The container that is waited for, and how to get at it.
#[derive(Clone, Copy)]
pub(in crate::smoke) struct Awaited<'a> {
    /// Where it was made.
    pub(in crate::smoke) keeper: &'a Keeper,
    /// Tells what happens to it.
    pub(in crate::smoke) watcher: &'a Watcher,
    /// Its id.
    pub(in crate::smoke) id: &'a str,
    /// The network that it was given by name.
    pub(in crate::smoke) network: Option<&'a str>,
}

/// Why waiting ends before its time.
enum Over {
    Fault(Error),
    Not(Vec<Misfit>),
}

impl From<Error> for Over {
    fn from(error: Error) -> Over {
        Over::Fault(error)
    }
}

/// What does not hold yet, by what looks at it.
#[derive(Default)]
struct Unmet(Mutex<BTreeMap<&'static str, Vec<Misfit>>>);

impl Unmet {
    fn set(&self, what: &'static str, misfits: Vec<Misfit>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(what, misfits);
    }

    fn take(&self) -> Vec<Misfit> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_values().flatten().collect()
    }
}

/// Whether the HEALTHCHECK decides; a misfit where it has to, and there is none.
pub(in crate::smoke) fn judged_by_health(image: &Image, ready: &ReadySpec) -> Result<bool, Misfit> {
    match (ready.health, image.healthcheck.is_some()) {
        (Health::Required, false) => Err(Misfit::new("HEALTHCHECK", "one", "the image has none")),
        (Health::Ignored, _) | (Health::WhereDeclared, false) => Ok(false),
        (Health::Required | Health::WhereDeclared, true) => Ok(true),
    }
}

/// Waits until the container is ready as `ready` says, `by_health` where its HEALTHCHECK counts. Its end ends the wait.
pub(in crate::smoke) async fn wait(at: Awaited<'_>, ready: &ReadySpec, by_health: bool) -> Result<Ready> {
    let unmet = Unmet::default();
    let settles = !by_health && ready.http.is_none() && ready.log.is_none() && ready.ports.is_empty();
    let all = async {
        let health = async { if by_health { health(at).await } else { Ok(()) } };
        let http =
            async { if let Some(spec) = &ready.http { answers(at, spec, &unmet).await } else { Ok(()) } };
        let log =
            async { if let Some(pattern) = &ready.log { logs(at, pattern, &unmet).await } else { Ok(()) } };
        let ports =
            async { if ready.ports.is_empty() { Ok(()) } else { listens(at, &ready.ports, &unmet).await } };
        future::try_join4(Box::pin(health), Box::pin(http), Box::pin(log), Box::pin(ports)).await?;
        if settles {
            tokio::time::sleep(ready.settle).await;
        }
        Ok(())
    };
    let deadline = async {
        match settles {
            true => future::pending().await,
            false => tokio::time::sleep(ready.within).await,
        }
    };
    let misfits = tokio::select! {
        biased;
        looked = Box::pin(end(at.keeper.engine(), at.watcher, at.id)) => return Ok(over(looked?, at.watcher)),
        done = all => match done {
            Ok(()) => Some(Vec::new()),
            Err(Over::Fault(error)) => return Err(error),
            Err(Over::Not(misfits)) => Some(misfits),
        },
        () = deadline => None,
    };
    // Ended in between, most likely for the same reason, which says more.
    let container = match at.keeper.engine().inspect_container(at.id).await? {
        Some(container) if !ended(&container) => container,
        looked => return Ok(over(looked, at.watcher)),
    };
    let misfits = misfits.unwrap_or_else(|| {
        if by_health && !is_healthy(&container) {
            // Probes that fail in the start period are no events.
            let how = format!("not healthy within {} s", ready.within.as_secs_f32());
            unmet.set("health", not_healthy(&container, how));
        }
        match unmet.take() {
            none if none.is_empty() => {
                vec![Misfit::new("the container", "ready", "the engine is too slow to tell")]
            }
            misfits => misfits,
        }
    });
    Ok(if misfits.is_empty() { Ready::Up(Box::new(container)) } else { Ready::Not(misfits) })
}

fn is_healthy(container: &Container) -> bool {
    container.health.as_ref().is_some_and(|health| health.status == "healthy")
}

/// What a container that ended came to.
pub(in crate::smoke) fn over(looked: Option<Container>, watcher: &Watcher) -> Ready {
    let Some(container) = looked else {
        return Ready::Not(vec![Misfit::new(
            "the container",
            "there",
            "somebody removed it during the test",
        )]);
    };
    match end_problem(&container, watcher) {
        None => Ready::Done,
        Some(problem) => Ready::Not(vec![Misfit::new("the container", "up", problem)]),
    }
}

async fn health(at: Awaited<'_>) -> Result<(), Over> {
    let mut news = at.watcher.news(at.id);
    let ours = at.keeper.engine().leaves_health_to_others();
    loop {
        if ours {
            at.keeper.engine().probe_health(at.id).await?;
        }
        let looked = at.keeper.engine().inspect_container(at.id).await?;
        let Some(container) = looked else { return future::pending().await };
        match container.health.as_ref().map(|health| health.status.as_str()) {
            Some("healthy") => return Ok(()),
            // Podman 4 knows no start period, in which failures do not count.
            Some("unhealthy") if !ours => {
                return Err(Over::Not(not_healthy(&container, "it became unhealthy".to_owned())));
            }
            // What no event ends is the pause between two probes.
            _ if ours => drop(tokio::time::timeout(PROBE_INTERVAL, news.next()).await),
            _ => news.next().await,
        }
    }
}

/// The verdict, and what the last probe said.
fn not_healthy(container: &Container, how: String) -> Vec<Misfit> {
    let mut misfits = vec![Misfit::new("the container", "healthy", how)];
    if let Some(probe) = container.health.iter().flat_map(|health| &health.log).next_back() {
        let output = probe.output.trim();
        let said = if output.is_empty() { "no output".to_owned() } else { output.replace('\n', " | ") };
        misfits.push(Misfit::new(
            "its last probe",
            "exit 0",
            format!("healthcheck exit {}: {said}", probe.exit),
        ));
    }
    misfits
}

async fn answers(at: Awaited<'_>, spec: &HttpCheck, unmet: &Unmet) -> Result<(), Over> {
    let nothing = || vec![Misfit::new(format!("GET :{}{}", spec.port, spec.path), "an answer", "none")];
    unmet.set("http", nothing());
    let Some(container) = at.keeper.engine().inspect_container(at.id).await? else {
        return future::pending().await;
    };
    let ways = ways(at.keeper.engine(), &container, at.network, spec.port);
    match checks::until_fits(&ways, spec, |misfits, _| unmet.set("http", misfits)).await {
        true => {
            unmet.set("http", Vec::new());
            Ok(())
        }
        // Whoever waits has a deadline.
        false => future::pending().await,
    }
}

async fn logs(at: Awaited<'_>, pattern: &Pattern, unmet: &Unmet) -> Result<(), Over> {
    let wanted =
        || vec![Misfit::new("its log", format!("a line like /{}/", pattern.as_str()), "none so far")];
    unmet.set("log", wanted());
    // What an earlier start of the same container wrote says nothing of this one. An engine notes the time of a start when
    // the process may have written already, so that the end of the earlier one is what counts.
    let looked = at.keeper.engine().inspect_container(at.id).await?;
    let since = looked.map(|container| container.finished_at).filter(|time| !time.is_empty());
    loop {
        let (found, notify) = (AtomicBool::new(false), Notify::new());
        let mut on_line = |line: crate::engine::LogLine| {
            if pattern.is_match(line.text.as_bytes()) {
                found.store(true, Ordering::Relaxed);
                notify.notify_one();
            }
        };
        let options = LogOptions { follow: true, since: since.clone(), ..LogOptions::default() };
        tokio::select! {
            biased;
            () = notify.notified() => {}
            read = at.keeper.engine().container_logs(at.id, &options, &mut on_line) => {
                // Where the engine is lost, the look at the container says so.
                if let Err(error) = read {
                    unmet.set("log", vec![Misfit::new("its log", "read", error.to_string())]);
                }
            }
        }
        if found.load(Ordering::Relaxed) {
            unmet.set("log", Vec::new());
            return Ok(());
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listens(at: Awaited<'_>, ports: &[u16], unmet: &Unmet) -> Result<(), Over> {
    if at.network == Some("host") {
        return Err(Over::Not(vec![Misfit::new(
            "its sockets",
            "looked at",
            format!("not checked: {OF_THE_HOST}"),
        )]));
    }
    unmet.set("ports", vec![Misfit::new("its sockets", "looked at", "not yet")]);
    let Some(container) = at.keeper.engine().inspect_container(at.id).await? else {
        return future::pending().await;
    };
    loop {
        let sockets = match look::sockets(at.keeper, &container).await? {
            Fact::Known(sockets) => sockets,
            // It may be on its way out, which is told by others.
            Fact::Missing(why) => {
                unmet.set(
                    "ports",
                    vec![Misfit::new("its sockets", "looked at", format!("not checked: {why}"))],
                );
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        let listens =
            |port: u16| sockets.list.iter().any(|s| s.protocol == "tcp" && s.listening && s.port == port);
        let silent: Vec<Misfit> = (ports.iter().copied().filter(|port| !listens(*port)))
            .map(|port| Misfit::new(format!("port {port}"), "something that listens", "nothing"))
            .collect();
        let done = silent.is_empty();
        unmet.set("ports", silent);
        if done {
            return Ok(());
        }
        tokio::time::sleep(AGAIN).await;
    }
}
