//! Whose a thing on the engine is: the process that made it, and whether that process still lives.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Kind, Result};
use crate::image::hex;
use crate::image::label::owner as label;

/// The process that owns what a run makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The run's id.
    pub run: String,
    /// Machine, host name and pid namespace, hashed: within one of these a pid means one process.
    pub host: String,
    /// The kernel's boot id.
    pub boot: String,
    /// The process.
    pub pid: u32,
    /// When it started, in clock ticks since boot (field 22 of `/proc/PID/stat`): pids are used again.
    pub pid_start: u64,
    /// Unix seconds after which the run is over for everyone who cannot see its process.
    pub deadline: i64,
}

/// What can be said about an owner from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// Its process runs.
    Alive,
    /// Its process, of this host and boot, is gone.
    Dead,
    /// It belongs to another host or boot, where only the deadline counts.
    Foreign {
        /// The deadline has passed.
        expired: bool,
    },
}

impl Liveness {
    /// Whether what it made is a leftover.
    pub fn is_over(self) -> bool {
        matches!(self, Liveness::Dead | Liveness::Foreign { expired: true })
    }
}

impl Owner {
    /// This process as the owner of `run`, which ends within `lifetime` at the latest.
    pub fn current(run: &str, lifetime: Duration) -> Result<Owner> {
        let pid = std::process::id();
        let start = process_start(Path::new("/proc"), pid).ok_or_else(|| {
            Error::new(Kind::Io, format!("cannot read /proc/{pid}/stat"))
                .hint("imgbuild needs /proc to tell its runs from dead ones")
        })?;
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        Ok(Owner {
            run: run.to_owned(),
            host: this_host(),
            boot: this_boot(),
            pid,
            pid_start: start,
            deadline: now().saturating_add(lifetime),
        })
    }

    /// The labels for a container, network or volume. Never for an image.
    pub fn labels(&self) -> BTreeMap<String, String> {
        [
            (label::RUN, self.run.clone()),
            (label::HOST, self.host.clone()),
            (label::BOOT, self.boot.clone()),
            (label::PID, self.pid.to_string()),
            (label::PID_START, self.pid_start.to_string()),
            (label::DEADLINE, self.deadline.to_string()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }

    /// The repository whose tags name the images that the run makes beside its build. No other run has it, and no
    /// registry.
    pub(super) fn repository(&self) -> String {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let run = self.run.to_ascii_lowercase();
        // Neither separators at an end nor two in a row: a name's grammar knows neither.
        let parts: Vec<&str> = run.split(|c| !fits(c)).filter(|part| !part.is_empty()).collect();
        format!("localhost/imgbuild-run/{}", if parts.is_empty() { "0".to_owned() } else { parts.join("-") })
    }

    /// The owner that `labels` name; `None` where one of them is missing or malformed.
    pub fn from_labels(labels: &BTreeMap<String, String>) -> Option<Owner> {
        let text = |key| labels.get(key).filter(|value: &&String| !value.is_empty());
        Some(Owner {
            run: text(label::RUN)?.clone(),
            host: text(label::HOST)?.clone(),
            boot: text(label::BOOT)?.clone(),
            pid: text(label::PID)?.parse().ok()?,
            pid_start: text(label::PID_START)?.parse().ok()?,
            deadline: text(label::DEADLINE)?.parse().ok()?,
        })
    }

    /// The label that everything of any run carries, for filters.
    pub fn filter() -> &'static str {
        label::RUN
    }

    /// Whether it lives, judged by its process on this very host and boot, by its deadline anywhere else.
    pub fn liveness(&self, now: i64) -> Liveness {
        self.liveness_at(now, &this_host(), &this_boot(), Path::new("/proc"))
    }

    fn liveness_at(&self, now: i64, host: &str, boot: &str, proc: &Path) -> Liveness {
        if self.host != host || self.boot != boot {
            return Liveness::Foreign { expired: now > self.deadline };
        }
        match process_start(proc, self.pid) {
            Some(start) if start == self.pid_start => Liveness::Alive,
            _ => Liveness::Dead,
        }
    }
}

/// Unix seconds now.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// When process `pid` started; `None` where there is none, or only its exit code waits to be read.
fn process_start(proc: &Path, pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(proc.join(pid.to_string()).join("stat")).ok()?;
    // The name stands in parentheses and may hold anything, so fields are counted behind the last one.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    // state is field 3, the start time field 22.
    fields.nth(18)?.parse().ok()
}

/// Machine id and host name may both be shared by the containers of a CI machine: the pid namespace tells those apart.
fn this_host() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let machine = read("/etc/machine-id");
    let name = rustix::system::uname().nodename().to_bytes().to_vec();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [machine.trim().as_bytes(), &name, space.as_os_str().as_encoded_bytes()] {
        hash.update(part);
        hash.update([0]);
    }
    hex(&hash.finalize()).chars().take(16).collect()
}

fn this_boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_round_trip_and_we_live() {
        let owner = Owner::current("r1", Duration::from_secs(60)).unwrap();
        assert_eq!(Owner::from_labels(&owner.labels()), Some(owner.clone()));
        assert_eq!(owner.liveness(now()), Liveness::Alive);
        let mut broken = owner.labels();
        broken.insert(label::PID.to_owned(), "x".to_owned());
        assert_eq!(Owner::from_labels(&broken), None);
        assert!(owner.labels().keys().all(|key| key.starts_with("dev.imgbuild.owner.")));
    }

    #[test]
    fn a_pid_used_again_is_another_process() {
        let owner = Owner::current("r1", Duration::from_secs(60)).unwrap();
        let later = Owner { pid_start: owner.pid_start + 1, ..owner };
        assert_eq!(later.liveness(now()), Liveness::Dead);
    }

    #[test]
    fn elsewhere_only_the_deadline_counts() {
        let owner = Owner {
            run: "r".into(),
            host: "h".into(),
            boot: "b".into(),
            pid: 1,
            pid_start: 1,
            deadline: 100,
        };
        let nowhere = Path::new("/nonexistent");
        for (host, boot) in [("other", "b"), ("h", "other")] {
            assert_eq!(owner.liveness_at(99, host, boot, nowhere), Liveness::Foreign { expired: false });
            assert!(owner.liveness_at(101, host, boot, nowhere).is_over());
        }
        assert_eq!(owner.liveness_at(999, "h", "b", nowhere), Liveness::Dead);
    }

    #[test]
    fn names_with_parentheses_and_zombies() {
        let dir = tempfile::tempdir().unwrap();
        let stat = |pid: u32, text: String| {
            std::fs::create_dir_all(dir.path().join(pid.to_string())).unwrap();
            std::fs::write(dir.path().join(format!("{pid}/stat")), text).unwrap();
        };
        let fields = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20";
        stat(7, format!("7 (a) b (c) S {fields}"));
        stat(8, format!("8 (x) Z {fields}"));
        assert_eq!(process_start(dir.path(), 7), Some(777));
        assert_eq!(process_start(dir.path(), 8), None);
        assert_eq!(process_start(dir.path(), 9), None);
    }
}
