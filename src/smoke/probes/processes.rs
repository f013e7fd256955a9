//! Processes at several moments.

use std::collections::BTreeSet;

use crate::engine::ProcessRow;
use crate::expect::shortened;
use crate::rules::Fact;
use crate::rules::facts::{ProcessSeen, ProcessesSeen};

/// Bytes of a command line that are kept.
const SHOWN: usize = 200;

/// Looks so far.
pub(super) struct Samples {
    seen: ProcessesSeen,
    last: Vec<ProcessRow>,
    why_none: String,
}

impl Samples {
    /// None yet, of the container whose first process has this number.
    pub(super) fn new(first: u32, companions: &BTreeSet<String>) -> Samples {
        Samples {
            seen: ProcessesSeen { first, samples: Vec::new(), companions: companions.clone() },
            last: Vec::new(),
            why_none: "no look at its processes was made".to_owned(),
        }
    }

    pub(super) fn add(&mut self, rows: Vec<ProcessRow>) {
        self.seen.samples.push(rows.iter().filter(|row| !row.stat.starts_with('Z')).map(of_row).collect());
        self.last = rows;
    }

    pub(super) fn missing(&mut self, why: String) {
        self.why_none = why;
    }

    pub(super) fn last(&self) -> &[ProcessRow] {
        &self.last
    }

    pub(super) fn finish(mut self) -> Fact<ProcessesSeen> {
        if self.seen.samples.is_empty() {
            return Fact::Missing(self.why_none);
        }
        if self.seen.first == 0 {
            // An engine that does not tell the first one: the one whose parent is none of them.
            let rows = &self.last;
            let root = rows.iter().find(|row| !rows.iter().any(|other| other.pid == row.ppid));
            self.seen.first = root.map_or(0, |row| row.pid);
        }
        Fact::Known(self.seen)
    }
}

fn of_row(row: &ProcessRow) -> ProcessSeen {
    // `nginx: worker process`, `postgres: checkpointer`: a title that the program gave itself.
    let first = row.args.split_whitespace().next().unwrap_or_default();
    let titled = first.ends_with(':');
    let executable = if first.is_empty() || titled || first.starts_with('[') {
        row.comm.clone()
    } else {
        first.trim_start_matches('-').to_owned()
    };
    ProcessSeen {
        pid: row.pid,
        ppid: row.ppid,
        name: row.comm.clone(),
        executable,
        args: shortened(&row.args, SHOWN),
    }
}
