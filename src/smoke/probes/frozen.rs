//! A healthcheck that cannot fail watches nothing: every process of the service is frozen, and it has to say so.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::rig::{Rig, Up};
use crate::engine::{Container, ExecSpec};
use crate::error::{Kind, Result};
use crate::event::millis;
use crate::rules::Fact;
use crate::rules::facts::FrozenSeen;
use crate::smoke::look;

/// What a run of the HEALTHCHECK gets at least once the service is frozen. One that is still waiting for an answer then
/// will fail, or be stopped by its own limit.
const PATIENCE: Duration = Duration::from_millis(1500);
/// And as a multiple of what one took before.
const SLOWER: u32 = 4;
/// The limit of a HEALTHCHECK that sets none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// Successes after the freeze, after which nothing else is to be expected.
const ENOUGH: usize = 3;
/// Before the last one: what judges by how old a sign of life is needs the time to see that none comes any more.
const STALE: Duration = Duration::from_secs(3);

/// Freezes the service once it is healthy, and runs its HEALTHCHECK, as the engine would. It may take twice as long to be
/// healthy as the first container took to come up.
pub(super) async fn observe(rig: &Rig<'_>, up: watch::Receiver<Up>) -> Result<Fact<FrozenSeen>> {
    let rig = &rig.judged_by_health();
    let (Some(command), Some(check)) = (rig.image().healthcheck_command(), &rig.image().healthcheck) else {
        return Ok(Fact::Missing("the image has no HEALTHCHECK".to_owned()));
    };
    let launch = rig.launch_as_quickly(rig.container(), up).await?;
    let seen = match &launch.container {
        Some(container) => {
            let own = if check.timeout.is_zero() { DEFAULT_TIMEOUT } else { check.timeout };
            frozen(rig, container, &Checkup { command, own }).await?
        }
        None => Fact::Missing("its container did not become healthy".to_owned()),
    };
    rig.remove(&launch.id).await?;
    Ok(seen)
}

/// A HEALTHCHECK: what it runs, and the longest that it may take.
struct Checkup {
    command: Vec<String>,
    own: Duration,
}

impl Checkup {
    /// Runs it. Whether it succeeded, and how long that took; why there is nothing to say otherwise.
    async fn run(
        &self,
        rig: &Rig<'_>,
        container: &Container,
        within: Duration,
    ) -> Result<Fact<(bool, Duration)>> {
        let spec = ExecSpec {
            command: self.command.clone(),
            env: Vec::new(),
            user: None,
            timeout: within,
            max_bytes: 0,
        };
        let began = Instant::now();
        match rig.engine().exec(&container.id, &spec).await {
            Ok(outcome) => Ok(Fact::Known((outcome.exit == 0, began.elapsed()))),
            Err(error) if error.kind() == Kind::Tests => Ok(Fact::Known((false, began.elapsed()))),
            // The engine refuses it in a container that ended.
            Err(error) => match rig.engine().inspect_container(&container.id).await? {
                Some(looked) if looked.running => Err(error),
                _ => Ok(Fact::Missing("its container ended when it was frozen".to_owned())),
            },
        }
    }
}

async fn frozen(rig: &Rig<'_>, container: &Container, checkup: &Checkup) -> Result<Fact<FrozenSeen>> {
    // What it takes while all is well.
    let usual = match checkup.run(rig, container, checkup.own).await? {
        Fact::Known((true, took)) => took,
        Fact::Known((false, _)) => {
            return Ok(Fact::Missing("its HEALTHCHECK fails when it is run once more".to_owned()));
        }
        Fact::Missing(why) => return Ok(Fact::Missing(why)),
    };
    let stopped = match look::freeze(rig.keeper(), container).await? {
        Fact::Known(0) => return Ok(Fact::Missing("no process of it could be frozen".to_owned())),
        Fact::Known(stopped) => stopped,
        Fact::Missing(why) => return Ok(Fact::Missing(why)),
    };
    let (began, within) = (Instant::now(), checkup.own.min(PATIENCE.max(usual * SLOWER)));
    let mut seen = FrozenSeen { stopped, ..FrozenSeen::default() };
    while !seen.unhealthy && seen.passed < ENOUGH {
        if seen.passed + 1 == ENOUGH {
            tokio::time::sleep(STALE).await;
        }
        match checkup.run(rig, container, within).await? {
            Fact::Known((true, _)) => seen.passed += 1,
            Fact::Known((false, _)) => seen.unhealthy = true,
            Fact::Missing(why) => return Ok(Fact::Missing(why)),
        }
    }
    seen.waited_ms = millis(began.elapsed());
    Ok(Fact::Known(seen))
}
