//! Makes and starts a container. What the image or the test is to blame for is a misfit, the rest an error.

use super::{Bench, Watcher};
use crate::engine::{Container, ContainerSpec, Engine, Keeper};
use crate::error::{Kind, Result};
use crate::expect::Misfit;

/// Creates and starts a container of `spec`, which `bench` removes at the latest.
pub(in crate::smoke) async fn launch(
    bench: &Bench<'_>,
    spec: ContainerSpec,
    started: &mut (dyn FnMut(&str) + Send),
) -> Result<Result<String, Misfit>> {
    // Boxed here and below: the futures of many levels would lie on one stack else.
    let id = match Box::pin(bench.keeper.container(spec)).await {
        Ok(id) => id,
        Err(error) if error.kind() == Kind::Tests => {
            return Ok(Err(Misfit::new("the container", "made", error.to_string())));
        }
        Err(error) => return Err(error),
    };
    bench.made(&id);
    started(&id);
    Ok(Box::pin(start(bench.keeper, &id)).await?.map_or(Ok(id), Err))
}

/// Starts the container `id`; why it could not where the engine still has it.
async fn start(keeper: &Keeper, id: &str) -> Result<Option<Misfit>> {
    let Err(error) = keeper.engine().start_container(id).await else { return Ok(None) };
    // A command that does not exist is the image's fault, and the engine says so only here.
    let Some(looked) = keeper.engine().inspect_container(id).await? else { return Err(error) };
    let why =
        if error.kind() == Kind::Tests || looked.error.is_empty() { error.to_string() } else { looked.error };
    Ok(Some(Misfit::new("the container", "started", format!("it could not start: {why}"))))
}

/// Waits until the container's first process has ended; `None` where somebody removed it.
pub(in crate::smoke) async fn end(engine: &Engine, watcher: &Watcher, id: &str) -> Result<Option<Container>> {
    let mut news = watcher.news(id);
    loop {
        match engine.inspect_container(id).await? {
            Some(container) if !ended(&container) => {}
            looked => return Ok(looked),
        }
        news.next().await;
    }
}

/// Whether the container's first process has ended; podman says `stopped` where docker says `exited`.
pub(in crate::smoke) fn ended(container: &Container) -> bool {
    !container.running && matches!(container.status.as_str(), "exited" | "dead" | "stopped")
}

/// How the container ended where that is a problem; `None` for exit code 0.
pub(in crate::smoke) fn end_problem(container: &Container, watcher: &Watcher) -> Option<String> {
    match container.exit_code {
        0 => None,
        code if container.oom_killed || watcher.seen(&container.id).oom => Some(format!(
            "it ended with exit code {code}, out of memory (OOM): a process was killed for using more than the test allows"
        )),
        137 => Some("it ended: killed (exit code 137)".to_owned()),
        code => Some(format!("it ended with exit code {code}")),
    }
}
