//! A request is repeated until its answer fits or its time is up.

use std::time::Duration;

use tokio::time::Instant;

use super::exchange;
use crate::engine::{Container, EngineInfo};
use crate::error::Result;
use crate::expect::{HttpCheck, Matcher, Misfit};
use crate::smoke::scene::Bench;

/// Between two tries.
const AGAIN: Duration = Duration::from_millis(100);

/// Asks until the answer fits; what does not fit otherwise.
pub(super) async fn check(bench: &Bench<'_>, spec: &HttpCheck) -> Result<Vec<Misfit>> {
    let Some(container) = &bench.running else { return Ok(Vec::new()) };
    let addresses = addresses(bench.engine().info(), container, spec.port);
    if addresses.is_empty() {
        return Ok(vec![Misfit::new(
            "the answer",
            "one",
            "the container has no address that can be reached from here",
        )]);
    }
    let deadline = Instant::now() + spec.within;
    let mut last = Vec::new();
    loop {
        for address in &addresses {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match exchange::request(address, &spec.method, &spec.path, left).await {
                Ok(answer) => {
                    last = judge(spec, &answer);
                    if last.is_empty() {
                        return Ok(last);
                    }
                }
                // A connection that fails on one way in says little where another way answered.
                Err(error) if last.is_empty() || addresses.len() == 1 => {
                    last = vec![Misfit::new("the answer", "one", error)];
                }
                Err(_) => {}
            }
        }
        if Instant::now() + AGAIN >= deadline {
            return Ok(last);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// The ways in: the container's own addresses, and the engine's published port. Which of them works depends on
/// where the engine runs; what answers is the container either way.
fn addresses(engine: &EngineInfo, container: &Container, port: u16) -> Vec<String> {
    let published = container.ports.get(&port).map(|host_port| format!("127.0.0.1:{host_port}"));
    let own = container.addresses.values().filter(|address| !address.is_empty());
    let own = own.map(|address| {
        if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
    });
    // The published port first: where the engine runs in a virtual machine, the container's address may be somebody
    // else's here.
    if engine.remote { own.collect() } else { published.into_iter().chain(own).collect() }
}

fn judge(spec: &HttpCheck, answer: &exchange::Answer) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    if let Some(matcher) = &spec.status {
        misfits.extend(matcher.value("status", &answer.status.into()).err());
    }
    misfits.extend(
        spec.answer_body.iter().filter_map(|body: &Matcher| body.text("body", answer.body.as_bytes()).err()),
    );
    misfits
}
