//! A healthcheck that cannot fail watches nothing: every process of the service is frozen, and it has to say so.

use std::time::Duration;

use tokio::time::Instant;

use super::rig::Rig;
use crate::engine::HealthOverride;
use crate::error::Result;
use crate::event::millis;
use crate::rules::Fact;
use crate::rules::facts::FrozenSeen;
use crate::smoke::look;

/// Between two runs of the healthcheck, and the longest that one may take: one that hangs counts as failed then.
const INTERVAL: Duration = Duration::from_millis(150);
const PROBE: Duration = Duration::from_millis(1000);
/// Failures in a row that count: the first may have been under way when the service was frozen.
const RETRIES: u32 = 2;
/// Successes after the freeze, after which nothing else is to be expected.
const ENOUGH: usize = 3;
/// Between two looks at what it says.
const LOOK: Duration = Duration::from_millis(50);
/// The longest that it is waited for.
const PATIENCE: Duration = Duration::from_secs(6);

/// Freezes the service once it is healthy, and waits for what its healthcheck says.
pub(super) async fn observe(rig: &Rig<'_>) -> Result<Fact<FrozenSeen>> {
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
    let launch = rig.launch(spec).await?;
    let Some(container) = &launch.container else {
        rig.remove(&launch.id).await?;
        return Ok(Fact::Missing("its container did not become healthy".to_owned()));
    };
    let seen = match look::freeze(rig.keeper(), container).await? {
        Fact::Missing(why) => Fact::Missing(why),
        Fact::Known(0) => Fact::Missing("no process of it could be frozen".to_owned()),
        Fact::Known(stopped) => watch(rig, &launch.id, stopped).await?,
    };
    rig.remove(&launch.id).await?;
    Ok(seen)
}

async fn watch(rig: &Rig<'_>, id: &str, stopped: usize) -> Result<Fact<FrozenSeen>> {
    let began = Instant::now();
    let deadline = began + PATIENCE;
    let mut seen = FrozenSeen { stopped, ..FrozenSeen::default() };
    let before = last_probe(rig, id).await?;
    loop {
        let Some(container) = rig.engine().inspect_container(id).await? else {
            return Ok(Fact::Missing("somebody removed its container".to_owned()));
        };
        let Some(health) = &container.health else {
            return Ok(Fact::Missing("its container ended when it was frozen".to_owned()));
        };
        seen.unhealthy = health.status == "unhealthy";
        // One that began before the freeze says nothing of it.
        let after = health.log.iter().filter(|probe| probe.start > before && probe.exit == 0);
        seen.passed = seen.passed.max(after.count().saturating_sub(1));
        seen.waited_ms = millis(began.elapsed());
        let over = Instant::now() >= deadline;
        if seen.unhealthy || seen.passed >= ENOUGH || over {
            return Ok(Fact::Known(seen));
        }
        // There is no event for a run of the healthcheck that ends.
        tokio::time::sleep(LOOK).await;
    }
}

/// When the last run of the healthcheck that has ended began; text that sorts by time.
async fn last_probe(rig: &Rig<'_>, id: &str) -> Result<String> {
    let container = rig.engine().inspect_container(id).await?;
    let health = container.and_then(|container| container.health).unwrap_or_default();
    Ok(health.log.last().map(|probe| probe.start.clone()).unwrap_or_default())
}
