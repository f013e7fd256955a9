//! When a container counts as started.

use std::time::Duration;

use tokio::time::Instant;

use crate::engine::{Container, Engine, Image};
use crate::error::Result;
use crate::expect::{Health, ReadySpec, Start, TestSpec};

/// How often a container is looked at: an inspect takes a few milliseconds.
const LOOK: Duration = Duration::from_millis(100);

/// What waiting came to.
pub(in crate::smoke) enum Ready {
    /// It is up.
    Up(Box<Container>),
    /// It ended with exit code 0 and nothing says that it should have stayed.
    Done,
    /// It is not, and why.
    Not(Vec<String>),
}

/// Whether the HEALTHCHECK decides; an error is a problem of the test.
pub(in crate::smoke) fn judged_by_health(image: &Image, ready: &ReadySpec) -> Result<bool, String> {
    match (ready.health, image.healthcheck.is_some()) {
        (Health::Required, false) => {
            Err("the test wants a healthy container, and the image has no HEALTHCHECK".into())
        }
        (Health::Ignored, _) | (Health::WhereDeclared, false) => Ok(false),
        (Health::Required | Health::WhereDeclared, true) => Ok(true),
    }
}

/// Waits until the container `id` is up, or has done what it was started for.
///
/// With a HEALTHCHECK: until it is healthy, `within` at the longest. Without: until it has been running for `settle`.
pub(in crate::smoke) async fn wait(
    engine: &Engine,
    id: &str,
    test: &TestSpec,
    start: &Start,
    image: &Image,
    by_health: bool,
) -> Result<Ready> {
    let began = Instant::now();
    let (ready, may_end) = match start {
        Start::Service(ready) => (Some(ready), false),
        Start::Either(ready) => (Some(ready), image.exposed.is_empty() && image.healthcheck.is_none()),
        Start::Job => (None, true),
    };
    let limit = match ready {
        Some(ready) if by_health => ready.within,
        Some(ready) => ready.settle,
        None => test.within,
    };
    loop {
        let Some(container) = engine.inspect_container(id).await? else {
            return Ok(Ready::Not(vec!["somebody removed the container during the test".to_owned()]));
        };
        if ended(&container) {
            return Ok(match end_problem(&container) {
                None if may_end => Ready::Done,
                None => Ready::Not(vec![
                    "the container ended, with exit code 0, instead of staying up".to_owned(),
                ]),
                Some(problem) => Ready::Not(vec![problem]),
            });
        }
        let elapsed = began.elapsed();
        if by_health {
            match container.health.as_ref().map(|health| health.status.as_str()) {
                Some("healthy") => return Ok(Ready::Up(Box::new(container))),
                Some("unhealthy") => return Ok(Ready::Not(not_healthy(&container, "became unhealthy"))),
                _ if elapsed >= limit => {
                    let how = format!("was not healthy within {} s", limit.as_secs_f32());
                    return Ok(Ready::Not(not_healthy(&container, &how)));
                }
                _ => {}
            }
        } else if elapsed >= limit && container.running {
            return Ok(match ready {
                Some(_) => Ready::Up(Box::new(container)),
                None => Ready::Not(vec![format!("the job did not end within {} s", limit.as_secs_f32())]),
            });
        }
        tokio::time::sleep(LOOK.min(limit.saturating_sub(elapsed)).max(Duration::from_millis(5))).await;
    }
}

/// Whether the container's first process has ended; podman says `stopped` where docker says `exited`.
pub(in crate::smoke) fn ended(container: &Container) -> bool {
    !container.running && matches!(container.status.as_str(), "exited" | "dead" | "stopped")
}

/// Why an ended container is a problem; `None` for exit code 0.
pub(in crate::smoke) fn end_problem(container: &Container) -> Option<String> {
    let because =
        if container.oom_killed { ", killed for using more memory than the test allows" } else { "" };
    match container.exit_code {
        0 => None,
        137 if !container.oom_killed => Some("the container ended: killed (exit code 137)".to_owned()),
        code => Some(format!("the container ended with exit code {code}{because}")),
    }
}

/// The verdict and what the last probes said.
fn not_healthy(container: &Container, how: &str) -> Vec<String> {
    let mut problems = vec![format!("the container {how}")];
    let log = container.health.iter().flat_map(|health| &health.log);
    for probe in log {
        let output = probe.output.trim();
        let said = if output.is_empty() { "no output".to_owned() } else { output.replace('\n', " | ") };
        problems.push(format!("healthcheck exit {}: {said}", probe.exit));
    }
    problems
}
