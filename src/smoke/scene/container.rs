//! One container of the image under test.

use std::time::Duration;

use crate::engine::{ContainerSpec, Engine, HealthOverride, Image, Limits, LogOptions};
use crate::error::Result;
use crate::event::{Event, Events};
use crate::expect::{ReadySpec, TestSpec, What};

/// What a container under test may use.
const LIMITS: Limits = Limits {
    memory_bytes: 2 << 30,
    pids: 512,
    drop_capabilities: false,
    no_new_privileges: true,
    log_bytes: 10 << 20,
};

/// Between two probes of a HEALTHCHECK, so that `healthy` comes in a second and not after the image's own 30. The
/// engine counts it from the end of a probe, so a slow probe is not run without a break.
const PROBE_INTERVAL: Duration = Duration::from_millis(200);

/// How much of a log a failed test shows.
const SHOWN_LINES: u32 = 50;
/// How much of a log is read for that, in bytes: a container may flood it.
const SHOWN_BYTES: u64 = 256 * 1024;

/// The container that `spec` wants, on `network`.
pub(in crate::smoke) fn of_test(
    image: &Image,
    spec: &TestSpec,
    network: &str,
    by_health: Option<&ReadySpec>,
) -> ContainerSpec {
    ContainerSpec {
        image: image.id.clone(),
        command: spec.container.cmd.clone(),
        env: spec.container.env.clone(),
        limits: LIMITS,
        network: Some(network.to_owned()),
        publish: ports(spec),
        // The interval alone would make an image that needs 4 s to start unhealthy after three quick failures.
        health: by_health.map(|ready| HealthOverride {
            interval: PROBE_INTERVAL,
            start_period: ready.within,
            start_interval: PROBE_INTERVAL,
            ..HealthOverride::default()
        }),
        ..ContainerSpec::default()
    }
}

/// A container of its own for one command, which replaces entrypoint and CMD.
pub(in crate::smoke) fn of_command(
    image: &Image,
    spec: &TestSpec,
    network: &str,
    argv: Vec<String>,
) -> ContainerSpec {
    let mut argv = argv.into_iter();
    ContainerSpec {
        image: image.id.clone(),
        entrypoint: Some(argv.next().into_iter().collect()),
        command: Some(argv.collect()),
        env: spec.container.env.clone(),
        limits: LIMITS,
        network: Some(network.to_owned()),
        ..ContainerSpec::default()
    }
}

fn ports(spec: &TestSpec) -> Vec<u16> {
    let port = |what: &What| if let What::Http(http) = what { Some(http.port) } else { None };
    let mut ports: Vec<u16> = spec.checks.iter().filter_map(|check| port(&check.what)).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Shows the end of a failed container's log.
pub(in crate::smoke) async fn show_log(engine: &Engine, id: &str, test: &str, events: &Events) -> Result<()> {
    let mut lines = Vec::new();
    let options = LogOptions { follow: false, tail: Some(SHOWN_LINES), max_bytes: SHOWN_BYTES };
    engine.container_logs(id, &options, &mut |line| lines.push(line.text)).await?;
    for line in lines {
        events.log(Event::ContainerLog { test: test.to_owned(), line }).await;
    }
    Ok(())
}
