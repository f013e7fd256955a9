//! A container whose processes are processes of this machine, so that `/proc` shows them.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::engine::{Container, Keeper};
use crate::error::{Error, Kind, Result};

/// A container's first process, as this machine counts.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pid: u32,
    id: String,
}

impl Local {
    /// The first process of `container`, where it is one of this machine; the engine is asked again where it was started
    /// anew meanwhile.
    pub(super) async fn find(keeper: &Keeper, container: &Container) -> Result<Option<Local>> {
        let engine = keeper.engine();
        if engine.info().remote {
            return Ok(None);
        }
        if let Some(local) = Local::of(container) {
            return Ok(Some(local));
        }
        Ok(engine.inspect_container(&container.id).await?.as_ref().and_then(Local::of))
    }

    /// An engine in a virtual machine or in another namespace of processes counts otherwise; that the number means the
    /// same here is proven by the control group, which is named after the container.
    fn of(container: &Container) -> Option<Local> {
        // Long enough to be no part of anything else's name.
        let named = container.id.len() >= 32;
        let local = Local { pid: container.pid, id: container.id.clone() };
        (container.pid > 0 && named && local.owns(local.pid)).then_some(local)
    }

    /// Whether a process of this machine is one of the container's.
    pub(super) fn owns(&self, pid: u32) -> bool {
        fs::read_to_string(format!("/proc/{pid}/cgroup")).is_ok_and(|groups| is_of(&groups, &self.id))
    }

    /// `name` below the first process's folder in `/proc`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.pid))
    }

    /// Runs `look`, and gives its result where the first process still is the container's afterwards.
    pub(super) fn surely<T>(&self, look: impl FnOnce(&Local) -> io::Result<T>) -> io::Result<T> {
        let seen = look(self)?;
        if self.owns(self.pid) { Ok(seen) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// Whether control groups are those of the container `id`, or below one: `/docker/ID`, `docker-ID.scope`,
/// `libpod-ID.scope`. `libpod-conmon-ID.scope` is podman's own process beside it.
fn is_of(groups: &str, id: &str) -> bool {
    groups.lines().flat_map(|line| line.split(['/', ':'])).any(|group| {
        let before = group.strip_suffix(".scope").unwrap_or(group).strip_suffix(id);
        before.is_some_and(|before| before.is_empty() || before.ends_with('-') && !before.contains("conmon"))
    })
}

/// Runs what waits for the kernel beside the runtime.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|cause| Error::new(Kind::Internal, "a look into a container broke off").because(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn a_process_of_another_machine_is_not_taken_for_one_of_this() {
        let own = std::process::id();
        for (pid, id) in [(0, ID), (own, ID), (u32::MAX, ID), (own, "")] {
            let container = Container { pid, id: id.to_owned(), ..Container::default() };
            assert!(Local::of(&container).is_none(), "{pid} {id}");
        }
    }

    #[test]
    fn control_groups_of_a_container() {
        for (group, its) in [
            ("0::/docker/ID", true),
            ("0::/system.slice/docker-ID.scope", true),
            ("0::/../docker-ID.scope/init.scope", true),
            ("12:pids:/a/docker/ID\n11:cpu:/a", true),
            ("0::/machine.slice/libpod-ID.scope/container", true),
            ("0::/machine.slice/libpod-conmon-ID.scope", false),
            ("0::/docker/IDa", false),
            ("0::/docker/aID", false),
            ("0::/", false),
            ("", false),
        ] {
            assert_eq!(is_of(&group.replace("ID", ID), ID), its, "{group}");
        }
    }
}
