//! The container that all probes share which do not disturb each other: it is started, watched, stopped, started again.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::rig::{Launch, Rig, Up};
use super::{lines, processes, users, writes};
use crate::engine::{ChangeKind, Container, EntryKind};
use crate::error::Result;
use crate::expect::shortened;
use crate::rules::Fact;
use crate::rules::facts::{
    LimitsSeen, ListenerSeen, LogFileSeen, PortsSeen, RuntimeFacts, StopSeen, VariantSeen, WritesSeen,
};
use crate::smoke::look;

/// Looks at the processes, and the time between two: what runs for a moment only is in one of them.
const LOOKS: usize = 3;
const BETWEEN: Duration = Duration::from_millis(300);
/// And as many while there are more processes at each: what forks without end takes a while on a busy machine.
const MOST_LOOKS: usize = 20;
/// And as many while several executables are there: what a start leaves running for a moment is no service.
const MOST_WHILE_SEVERAL: usize = 12;
/// Files whose ends are shown, and how much of each is read for that.
const LOG_FILES: usize = 5;
const LOG_TAIL: u64 = 64 * 1024;
/// The bit of a folder in Go's `os.FileMode`, which the engine tells modes by.
const FOLDER: u32 = 1 << 31;
/// Files whose kind is looked at, to be told as data.
const DATA_FILES: usize = 200;
/// How long a container has to stop, as `docker stop` gives it.
const GRACE: Duration = Duration::from_secs(10);

/// Starts the container and looks at it. `up` is told how long it took to come up, or that it did not.
pub(super) async fn observe(
    rig: &Rig<'_>,
    facts: &mut RuntimeFacts,
    full: bool,
    up: &watch::Sender<Up>,
) -> Result<()> {
    let mut launch = rig.launch(rig.container()).await?;
    if launch.id.is_empty() {
        facts.start = Fact::Known(launch.start);
        return Ok(());
    }
    up.send_replace(Some(launch.did_its_work().then_some(launch.took)));
    launch.start.oom = launch.start.oom || rig.killed_for_memory(rig.container(), &launch).await?;
    facts.start = Fact::Known(launch.start.clone());
    facts.health = launch.health.clone();
    match &launch.container {
        Some(container) => running(rig, facts, container).await?,
        None => not_running(facts),
    }
    written(rig, facts, &launch).await?;
    if full && launch.container.is_some() {
        stop(rig, facts, &launch).await?;
        restart(rig, facts, &launch).await?;
    }
    rig.remove(&launch.id).await
}

/// What is only seen while it runs.
async fn running(rig: &Rig<'_>, facts: &mut RuntimeFacts, container: &Container) -> Result<()> {
    let engine = rig.engine();
    rig.listening(container).await?;
    rig.traffic(container).await;
    let mut seen = processes::Samples::new(container.pid, &rig.plan.companions);
    let mut next = Instant::now();
    let (mut looks, mut before, mut count) = (0, 0, 0);
    while looks < LOOKS
        || (count > before && looks < MOST_LOOKS)
        || (seen.are_several() && looks < MOST_WHILE_SEVERAL)
    {
        // The time between two looks is what is measured here.
        sleep_until(next).await;
        next += BETWEEN;
        looks += 1;
        before = count;
        match engine.top(&container.id).await {
            Ok(rows) => {
                count = rows.len();
                seen.add(rows);
            }
            // It may have ended since, which the next look at it says.
            Err(error) => seen.missing(error.to_string()),
        }
    }
    let mut limits = LimitsSeen::default();
    // Once: Docker answers a second time only with the next round of its collector, a second later.
    if let Ok(stats) = engine.stats_once(&container.id).await {
        (limits.memory, limits.memory_limit) = (stats.memory_bytes, stats.memory_limit);
        (limits.pids, limits.pids_limit) = (stats.pids, stats.pids_limit);
    }
    facts.users = users::seen(engine, &container.id, &container.user, seen.last()).await?;
    facts.processes = seen.finish();
    facts.ports = match look::sockets(rig.keeper(), container).await? {
        Fact::Known(sockets) => {
            let listening =
                sockets.list.iter().filter(|socket| socket.listening).map(|socket| ListenerSeen {
                    protocol: socket.protocol.to_owned(),
                    address: socket.address,
                    port: socket.port,
                });
            Fact::Known(PortsSeen {
                exposed: rig.image().exposed.iter().cloned().collect(),
                listening: listening.collect(),
            })
        }
        Fact::Missing(why) => Fact::Missing(why),
    };
    if let Some(looked) = engine.inspect_container(&container.id).await? {
        limits.oom = looked.oom_killed || rig.bench.watcher.seen(&container.id).oom;
    }
    facts.limits = Fact::Known(limits);
    Ok(())
}

fn not_running(facts: &mut RuntimeFacts) {
    const WHY: &str = "its container did not stay up";
    let oom = facts.start.as_ref().is_ok_and(|start| start.oom);
    facts.users = Fact::Missing(WHY.to_owned());
    facts.processes = Fact::Missing(WHY.to_owned());
    facts.ports = Fact::Missing(WHY.to_owned());
    facts.stop = Fact::Missing(WHY.to_owned());
    facts.restart = Fact::Missing(WHY.to_owned());
    facts.limits = match oom {
        true => Fact::Known(LimitsSeen { oom, ..LimitsSeen::default() }),
        false => Fact::Missing(WHY.to_owned()),
    };
}

/// Logs, and what it wrote, which is seen of a container that has ended, too.
async fn written(rig: &Rig<'_>, facts: &mut RuntimeFacts, launch: &Launch) -> Result<()> {
    let engine = rig.engine();
    let mut log = lines::count(engine, &launch.id).await?;
    let changes = engine.changes(&launch.id).await?;
    let written = changes.list.into_iter().filter(|change| change.kind != ChangeKind::Deleted);
    let paths: Vec<String> = written.map(|change| change.path).collect();
    let mut kept: Vec<String> = rig.image().volumes.clone();
    kept.extend(rig.mount_points());
    let (logs, data) = writes::sort(&paths, &kept);
    for path in logs.into_iter().take(LOG_FILES) {
        let Some(file) = engine.read_file(&launch.id, &path, LOG_TAIL).await? else { continue };
        if file.header.kind != EntryKind::File || file.header.size == 0 {
            continue;
        }
        let text = String::from_utf8_lossy(&file.bytes);
        // Of a long one only the beginning was read.
        let ends = text.lines().rev().filter(|_| !file.cut);
        let last = ends.into_iter().find(|line| !line.trim().is_empty()).unwrap_or_default();
        // What the image itself holds of it.
        let own = engine.stat_path(rig.still().await?, &path).await?.map_or(0, |stat| stat.size);
        log.files.push(LogFileSeen {
            before: own,
            after: file.header.size,
            last_line: shortened(last, 200),
            path,
        });
    }
    facts.logs = Fact::Known(log);
    let mut files = Vec::new();
    for path in data {
        // Folders that were made, and are empty, hold no data.
        if files.len() < DATA_FILES
            && engine.stat_path(&launch.id, &path).await?.is_some_and(|stat| stat.mode & FOLDER == 0)
        {
            files.push(path);
        }
    }
    facts.writes = Fact::Known(WritesSeen { paths: files, cut: changes.cut });
    Ok(())
}

async fn stop(rig: &Rig<'_>, facts: &mut RuntimeFacts, launch: &Launch) -> Result<()> {
    let engine = rig.engine();
    let began = Instant::now();
    engine.stop_container(&launch.id, GRACE).await?;
    let took = began.elapsed();
    let Some(container) = engine.inspect_container(&launch.id).await? else { return Ok(()) };
    let signal = if rig.image().stop_signal.is_empty() { "SIGTERM" } else { &rig.image().stop_signal };
    facts.stop = Fact::Known(StopSeen {
        signal: signal.to_owned(),
        grace_ms: crate::event::millis(GRACE),
        took_ms: crate::event::millis(took),
        exit: container.exit_code,
        // The engine waits for all of the grace period before it kills.
        killed: container.exit_code == 137 && took >= GRACE,
    });
    Ok(())
}

async fn restart(rig: &Rig<'_>, facts: &mut RuntimeFacts, launch: &Launch) -> Result<()> {
    let again = rig.again(&launch.id).await?;
    facts.restart = Fact::Known(VariantSeen {
        came_up: again.container.is_some(),
        why: again.why(),
        log: again.start.log,
    });
    Ok(())
}
