//! Containers of tests.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::engine::{ContainerSpec, HealthOverride, Image, Limits};
use crate::expect::{ContainerOptions, Mount, ReadySpec, ServiceSpec, Start, TestSpec, What};

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
pub(super) const PROBE_INTERVAL: Duration = Duration::from_millis(100);

/// The container that `test` wants, on `network`.
pub(in crate::smoke) fn of_test(
    image: &Image,
    test: &TestSpec,
    network: &str,
    by_health: Option<&ReadySpec>,
) -> ContainerSpec {
    let mut spec = of_options(&image.id, &test.container, network);
    spec.health = by_health.map(health);
    // A container of the host's network, or of none, publishes nothing.
    if !["host", "none"].contains(&network) {
        spec.publish = ports(image, test).into_iter().collect();
    }
    spec
}

/// A container of its own for one command, which replaces entrypoint and CMD. `image` may be one that another command
/// left.
pub(in crate::smoke) fn of_command(
    image: &str,
    options: &ContainerOptions,
    network: &str,
    argv: Vec<String>,
) -> ContainerSpec {
    let mut argv = argv.into_iter();
    let mut spec = of_options(image, options, network);
    spec.entrypoint = Some(argv.next().into_iter().collect());
    spec.command = Some(argv.collect());
    spec.unset_health = true;
    spec
}

/// The container of a service that a test needs.
pub(super) fn of_service(
    image: &Image,
    service: &ServiceSpec,
    network: &str,
    by_health: Option<&ReadySpec>,
) -> ContainerSpec {
    let mut spec = of_options(&image.id, &service.container, network);
    spec.aliases = vec![service.alias.clone()];
    spec.health = by_health.map(health);
    spec.publish = service.ready.http.iter().map(|http| http.port).collect();
    spec
}

fn of_options(image: &str, options: &ContainerOptions, network: &str) -> ContainerSpec {
    let mut spec = ContainerSpec {
        image: image.to_owned(),
        command: options.cmd.clone(),
        env: options.env.clone(),
        limits: Limits { memory_bytes: options.memory.unwrap_or(LIMITS.memory_bytes), ..LIMITS },
        network: Some(network.to_owned()),
        user: options.user.clone(),
        read_only: options.read_only,
        privileged: options.privileged,
        cap_add: options.capabilities.clone(),
        tty: options.tty,
        ..ContainerSpec::default()
    };
    for mount in &options.mounts {
        match mount {
            Mount::Bind(bind) => spec.binds.push(bind.clone()),
            Mount::Tmpfs(path, options) => {
                spec.tmpfs.insert(path.clone(), options.clone());
            }
        }
    }
    spec
}

fn health(ready: &ReadySpec) -> HealthOverride {
    HealthOverride {
        interval: PROBE_INTERVAL,
        // The interval alone would make an image that needs 4 s to start unhealthy after three quick failures.
        start_period: ready.within,
        start_interval: PROBE_INTERVAL,
        ..HealthOverride::default()
    }
}

/// The ports that somebody asks from here.
fn ports(image: &Image, test: &TestSpec) -> BTreeSet<u16> {
    let ready = test.start.as_ref().and_then(Start::ready);
    let asked = ready.and_then(|ready| ready.http.as_ref()).map(|http| http.port);
    let mut ports: BTreeSet<u16> = asked.into_iter().collect();
    for check in &test.checks {
        match &check.what {
            What::Http(http) => drop(ports.insert(http.port)),
            What::Exec(_) => ports.extend(exposed(image)),
            _ => {}
        }
    }
    ports
}

/// The TCP ports of EXPOSE. A range of them is left out, as the engine spells each port.
pub(in crate::smoke) fn exposed(image: &Image) -> impl Iterator<Item = u16> {
    image.exposed.iter().filter_map(|port| match port.split_once('/') {
        Some((number, "tcp")) => number.parse().ok(),
        Some(_) => None,
        None => port.parse().ok(),
    })
}
