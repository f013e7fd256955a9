//! Processes at several moments.

use std::collections::BTreeSet;

use crate::engine::ProcessRow;
use crate::expect::shortened;
use crate::rules::facts::{ProcessSeen, ProcessesSeen};
use crate::rules::{Fact, services};

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

    /// Whether several services seem to run, as the rule has it: they do, or they only take a while to go.
    pub(super) fn are_several(&self) -> bool {
        services(&self.seen).is_some_and(|services| services.len() > 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(pid: u32, comm: &str) -> ProcessRow {
        let ppid = if pid == 1 || comm == "wget" { 0 } else { 1 };
        ProcessRow { pid, ppid, comm: comm.to_owned(), args: format!("/bin/{comm}"), ..ProcessRow::default() }
    }

    #[test]
    fn several_are_those_that_stay() {
        let looked = |looks: &[&[(u32, &str)]]| {
            let mut samples = Samples::new(1, &BTreeSet::new());
            for look in looks {
                samples.add(look.iter().map(|(pid, comm)| row(*pid, comm)).collect());
            }
            samples.are_several()
        };
        assert!(!looked(&[]));
        assert!(looked(&[&[(1, "httpd"), (2, "curl")], &[(1, "httpd"), (2, "curl")]]));
        assert!(!looked(&[&[(1, "httpd"), (2, "curl")], &[(1, "httpd")]]));
        let twice = |look: &[(u32, &str)]| looked(&[look, look]);
        assert!(!twice(&[(1, "nginx"), (2, "nginx"), (3, "nginx")]));
        assert!(!twice(&[(1, "sh"), (2, "httpd")]), "a shell that waits");
        assert!(!twice(&[(1, "httpd"), (2, "wget")]), "a HEALTHCHECK");
        let script = ProcessRow { args: "/bin/sh /usr/bin/serve".to_owned(), ..row(1, "serve") };
        let mut samples = Samples::new(1, &BTreeSet::new());
        samples.add(vec![script.clone(), row(2, "httpd")]);
        samples.add(vec![script, row(2, "httpd")]);
        assert!(!samples.are_several(), "a script that waits");
        assert!(twice(&[(1, "sh"), (2, "httpd"), (3, "crond")]));
    }
}
