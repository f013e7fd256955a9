//! What a container of a failed test leaves to be read.

use super::{Watcher, ended};
use crate::engine::{Engine, LogOptions};
use crate::error::Result;
use crate::expect::{Evidence, HealthProbe, shortened};

/// How much of a log is shown.
const LINES: usize = 50;
/// How much of a log is read for that, in bytes: a container may flood it. An engine counts parts of 16 KiB as lines, so that
/// less than this would leave out the end of 50 of them.
const BYTES: u64 = 1 << 20;
/// How much of one line is kept, in characters.
const LINE: usize = 1000;
/// How many probes of a HEALTHCHECK are shown.
const PROBES: usize = 5;

/// A container that a test started, and that is worth a look where the test fails.
#[derive(Debug, Clone)]
pub(in crate::smoke) struct Witness {
    /// Its id.
    pub(in crate::smoke) id: String,
    /// The alias of a service.
    pub(in crate::smoke) service: Option<String>,
    /// How to start the same by hand.
    pub(in crate::smoke) reproduce: String,
}

/// Looks at `witness`; `None` where somebody removed it.
pub(in crate::smoke) async fn evidence(
    engine: &Engine,
    watcher: &Watcher,
    witness: &Witness,
) -> Result<Option<Evidence>> {
    let Some(container) = engine.inspect_container(&witness.id).await? else { return Ok(None) };
    let mut log = Vec::new();
    let tail = u32::try_from(LINES).unwrap_or(u32::MAX);
    let options = LogOptions { tail: Some(tail), max_bytes: BYTES, ..LogOptions::default() };
    let read =
        engine.container_logs(&witness.id, &options, &mut |line| log.push(shortened(&line.text, LINE))).await;
    // On a full disk, say. The rest is worth telling all the same.
    if let Err(error) = read {
        log.push(shortened(&format!("(the rest of the log cannot be read: {error})"), LINE));
    }
    // A terminal's progress bars are many lines in one of the engine's.
    log.drain(..log.len().saturating_sub(LINES));
    let probes = container.health.as_ref().map(|health| health.log.as_slice()).unwrap_or_default();
    let probes = probes.iter().skip(probes.len().saturating_sub(PROBES));
    Ok(Some(Evidence {
        service: witness.service.clone(),
        log,
        health: probes.map(|p| HealthProbe { exit: p.exit, output: shortened(&p.output, LINE) }).collect(),
        exit: ended(&container).then_some(container.exit_code),
        oom: container.oom_killed || watcher.seen(&witness.id).oom,
        reproduce: witness.reproduce.clone(),
    }))
}
