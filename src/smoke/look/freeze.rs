//! Stopping all processes of a container, and letting them go on.
//!
//! Not the engine's own pause: a paused container runs no healthcheck, and that one notices is what is to be seen.

use std::collections::BTreeSet;
use std::io;

use rustix::io::Errno;
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::helper;
use super::inside::{Inside, ROUNDS, SIGNALLED, pids, raw};
use super::local::{self, Local};
use crate::engine::{Container, Keeper};
use crate::error::Result;
use crate::rules::Fact;

/// Stops every process of the running `container`, and gives their number; those that are started in it afterwards run.
/// An error is a fault of the engine's.
pub async fn freeze(keeper: &Keeper, container: &Container) -> Result<Fact<usize>> {
    signal(keeper, container, true).await
}

/// Lets every process of `container` go on, and gives their number.
pub async fn thaw(keeper: &Keeper, container: &Container) -> Result<Fact<usize>> {
    signal(keeper, container, false).await
}

async fn signal(keeper: &Keeper, container: &Container, stop: bool) -> Result<Fact<usize>> {
    let signal = if stop { Signal::STOP } else { Signal::CONT };
    if let Some(local) = Local::find(keeper, container).await?
        && let Ok(count @ 1..) = local::blocking(move || here(&local, signal)).await?
    {
        return Ok(Fact::Known(count));
    }
    Ok(from_inside(keeper, container, stop).await.unwrap_or_else(Fact::Missing))
}

/// The first process heeds such signals only where they come from outside of its namespace: from the engine.
async fn from_inside(keeper: &Keeper, container: &Container, stop: bool) -> Result<Fact<usize>, String> {
    let (job, name) = if stop { (Inside::Stop, "SIGSTOP") } else { (Inside::Continue, "SIGCONT") };
    keeper.engine().kill_container(&container.id, name).await.map_err(|error| helper::reason(&error))?;
    let values = helper::look(keeper, container, &job).await?;
    let others = values.iter().find_map(|value| value.get(SIGNALLED)?.as_u64());
    let others = others.and_then(|count| usize::try_from(count).ok());
    others.map(|others| Fact::Known(others + 1)).ok_or_else(|| "a helper container said nothing".to_owned())
}

/// Sends `signal` to every process of the container, until there is none that did not get it.
fn here(local: &Local, signal: Signal) -> io::Result<usize> {
    let mut done = BTreeSet::new();
    for _ in 0..ROUNDS {
        let mut found = false;
        for pid in pids()? {
            // Before its control group is read, so that the number cannot go to another process in between.
            let Some(process) = raw(pid).filter(|_| !done.contains(&pid) && local.owns(pid)) else {
                continue;
            };
            match pidfd_open(process, PidfdFlags::empty()) {
                Ok(process) if local.owns(pid) => match pidfd_send_signal(process, signal) {
                    Ok(()) => found |= done.insert(pid),
                    Err(Errno::SRCH) => {}
                    Err(error) => return Err(error.into()),
                },
                Ok(_) | Err(Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !found {
            break;
        }
    }
    Ok(done.len())
}
