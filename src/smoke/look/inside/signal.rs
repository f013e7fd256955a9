//! Signals to all processes of a container, from inside its namespace of processes.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// A process may fork while its siblings are being stopped: this often they are looked for again.
pub(in crate::smoke::look) const ROUNDS: usize = 20;

/// Sends `signal` to every process but this and the first one, until there is none that did not get it, and gives their
/// number. The first one does not heed signals from inside its namespace; the engine sends it those.
pub(super) fn others(signal: Signal) -> io::Result<usize> {
    let own = std::process::id();
    let mut done = BTreeSet::new();
    for _ in 0..ROUNDS {
        let mut found = false;
        for pid in pids()? {
            if pid == 1 || pid == own || !done.insert(pid) {
                continue;
            }
            found = true;
            match raw(pid).map_or(Ok(()), |pid| kill_process(pid, signal)) {
                Ok(()) => {}
                Err(Errno::SRCH) => _ = done.remove(&pid),
                Err(error) => return Err(error.into()),
            }
        }
        if !found {
            break;
        }
    }
    Ok(done.len())
}

/// The process of a number, as the kernel's calls want it.
pub(in crate::smoke::look) fn raw(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

/// The numbers of all processes that `/proc` shows.
pub(in crate::smoke::look) fn pids() -> io::Result<Vec<u32>> {
    let names = fs::read_dir("/proc")?.map_while(Result::ok);
    Ok(names.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}
