//! A container whose processes are processes of this machine, so that `/proc` shows them.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::engine::Container;

/// A container's first process, as this machine counts.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pid: u32,
    id: String,
}

impl Local {
    /// The first process of `container`, where it is one of this machine. An engine in a virtual machine, on another one or
    /// in another namespace of processes counts otherwise; that the number means the same here is proven by the
    /// control group, which is named after the container.
    pub(super) fn of(container: &Container) -> Option<Local> {
        // Long enough to be no part of anything else's name.
        let named = container.id.len() >= 32;
        let local = Local { pid: container.pid, id: container.id.clone() };
        (container.pid > 0 && named && local.is_there()).then_some(local)
    }

    /// Whether the process still is one of the container's.
    pub(super) fn is_there(&self) -> bool {
        holds(self.pid, &self.id)
    }

    /// `name` below the process's folder in `/proc`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.pid))
    }

    /// Runs `look`, and gives its result where the process was the container's before and after.
    pub(super) fn surely<T>(&self, look: impl FnOnce(&Local) -> io::Result<T>) -> io::Result<T> {
        let seen = look(self)?;
        if self.is_there() { Ok(seen) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// Whether the process `pid` is in a control group of the container `id`: `/docker/ID`, `docker-ID.scope`,
/// `libpod-ID.scope`, or one below it.
fn holds(pid: u32, id: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/cgroup")).is_ok_and(|groups| groups.contains(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_another_machine_is_not_taken_for_one_of_this() {
        let container = |pid, id: &str| Container { pid, id: id.to_owned(), ..Container::default() };
        let id = "0123456789abcdef".repeat(4);
        for (pid, id) in
            [(0, id.as_str()), (std::process::id(), &id), (u32::MAX, &id), (std::process::id(), "")]
        {
            assert!(Local::of(&container(pid, id)).is_none(), "{pid} {id}");
        }
    }
}
