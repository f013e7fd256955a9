//! A healthcheck that cannot fail watches nothing: every process of the service is frozen, and it has to say so.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::rig::{Rig, Up};
use crate::engine::{Health, HealthOverride};
use crate::error::Result;
use crate::event::millis;
use crate::rules::Fact;
use crate::rules::facts::FrozenSeen;
use crate::smoke::look;

/// Between two runs of the healthcheck, and the longest that one may take: one that hangs has failed then.
const INTERVAL: Duration = Duration::from_millis(100);
const PROBE: Duration = Duration::from_millis(1500);
/// Failures in a row after which the engine would call it unhealthy: the single runs are what is looked at.
const RETRIES: u32 = 1000;
/// Successes after the freeze, after which nothing else is to be expected.
const ENOUGH: usize = 2;
/// Between two looks at what it says.
const LOOK: Duration = Duration::from_millis(50);
/// The longest that it is waited for.
const PATIENCE: Duration = Duration::from_secs(8);

/// Freezes the service once it is healthy, and waits for what its healthcheck says. It may take twice as long to be as the
/// first container took to come up.
pub(super) async fn observe(rig: &Rig<'_>, up: watch::Receiver<Up>) -> Result<Fact<FrozenSeen>> {
    let rig = &rig.judged_by_health();
    if rig.image().healthcheck.is_none() {
        return Ok(Fact::Missing("the image has no HEALTHCHECK".to_owned()));
    }
    let mut spec = rig.container();
    spec.health = Some(HealthOverride {
        interval: INTERVAL,
        start_interval: INTERVAL,
        timeout: PROBE,
        retries: RETRIES,
        start_period: rig.limit(),
    });
    let launch = rig.launch_as_quickly(spec, up).await?;
    let Some(container) = &launch.container else {
        rig.remove(&launch.id).await?;
        return Ok(Fact::Missing("its container did not become healthy".to_owned()));
    };
    let seen = match look::freeze(rig.keeper(), container).await? {
        Fact::Missing(why) => Fact::Missing(why),
        Fact::Known(0) => Fact::Missing("no process of it could be frozen".to_owned()),
        Fact::Known(stopped) => until_told(rig, &launch.id, stopped).await?,
    };
    rig.remove(&launch.id).await?;
    Ok(seen)
}

async fn until_told(rig: &Rig<'_>, id: &str, stopped: usize) -> Result<Fact<FrozenSeen>> {
    let began = Instant::now();
    let mut runs = Runs::default();
    loop {
        let Some(container) = rig.engine().inspect_container(id).await? else {
            return Ok(Fact::Missing("somebody removed its container".to_owned()));
        };
        let Some(health) = container.health.filter(|_| container.running) else {
            return Ok(Fact::Missing("its container ended when it was frozen".to_owned()));
        };
        runs.look(&health);
        let waited = began.elapsed();
        if runs.failed || runs.passed >= ENOUGH || waited >= PATIENCE {
            return Ok(Fact::Known(FrozenSeen {
                unhealthy: runs.failed,
                waited_ms: millis(waited),
                stopped,
                passed: runs.passed,
            }));
        }
        // There is no event for a run of the healthcheck that ends.
        tokio::time::sleep(LOOK).await;
    }
}

/// The runs of a healthcheck that began after the first look.
#[derive(Debug, Default)]
struct Runs {
    /// When the last one that was seen began, by the engine's clock: text that sorts by time.
    last: Option<String>,
    /// The first that ends after the first look may have been under way, and frozen, too.
    under_way: bool,
    failed: bool,
    passed: usize,
}

impl Runs {
    fn look(&mut self, health: &Health) {
        let Some(last) = &self.last else {
            self.last = Some(health.log.last().map(|run| run.start.clone()).unwrap_or_default());
            self.under_way = true;
            return;
        };
        let mut newest = last.clone();
        for run in health.log.iter().filter(|run| run.start > *last) {
            newest = newest.max(run.start.clone());
            if std::mem::take(&mut self.under_way) {
                continue;
            }
            match run.exit {
                0 => self.passed += 1,
                _ => self.failed = true,
            }
        }
        self.last = Some(newest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::HealthLog;

    fn health(runs: &[(&str, i64)]) -> Health {
        let log = runs.iter().map(|(start, exit)| HealthLog {
            start: (*start).to_owned(),
            exit: *exit,
            ..HealthLog::default()
        });
        Health { log: log.collect(), ..Health::default() }
    }

    #[test]
    fn a_run_that_was_under_way_says_nothing() {
        let mut runs = Runs::default();
        runs.look(&health(&[("1", 0), ("2", 0)]));
        runs.look(&health(&[("1", 0), ("2", 0), ("3", -1)]));
        assert!(!runs.failed && runs.passed == 0);
        runs.look(&health(&[("2", 0), ("3", -1), ("4", 0)]));
        runs.look(&health(&[("2", 0), ("3", -1), ("4", 0)]));
        assert!(!runs.failed && runs.passed == 1, "{runs:?}");
        runs.look(&health(&[("4", 0), ("5", 1)]));
        assert!(runs.failed);
    }
}
