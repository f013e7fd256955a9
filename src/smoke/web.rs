//! The `http` entries of a test: a request is repeated until its answer fits or its time is up.

use std::time::Duration;

use tokio::time::Instant;

use super::http;
use crate::config::HttpSpec;
use crate::engine::{Container, EngineInfo};

/// Between two tries.
const AGAIN: Duration = Duration::from_millis(100);

/// Asks until the answer fits; the problem otherwise.
pub(super) async fn check(engine: &EngineInfo, container: &Container, spec: &HttpSpec) -> Result<(), String> {
    let addresses = addresses(engine, container, spec.port);
    if addresses.is_empty() {
        return Err(problem(spec, "the container has no address that can be reached from here"));
    }
    let deadline = Instant::now() + spec.within;
    let mut last = String::new();
    loop {
        for address in &addresses {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match http::request(address, spec.method.as_str(), &spec.path, left).await {
                Ok(answer) => match judge(spec, &answer) {
                    Ok(()) => return Ok(()),
                    Err(misfit) => last = misfit,
                },
                // A connection that fails on one way in says little where another way answered.
                Err(error) if last.is_empty() || addresses.len() == 1 => last = error,
                Err(_) => {}
            }
        }
        if Instant::now() + AGAIN >= deadline {
            return Err(problem(spec, &format!("{last} (asked for {} s)", spec.within.as_secs_f32())));
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

fn judge(spec: &HttpSpec, answer: &http::Answer) -> Result<(), String> {
    if answer.status != spec.status {
        return Err(format!("answered {} where {} was wanted", answer.status, spec.status));
    }
    match &spec.body {
        Some(wanted) if !answer.body.contains(wanted.as_str()) => {
            let shown: String = answer.body.chars().take(200).collect();
            Err(format!("the body does not contain {wanted:?}; it begins {shown:?}"))
        }
        _ => Ok(()),
    }
}

fn problem(spec: &HttpSpec, why: &str) -> String {
    format!("{} :{}{}: {why}", spec.method.as_str(), spec.port, spec.path)
}
