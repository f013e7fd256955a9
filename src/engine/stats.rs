//! What a container uses at this moment.

use crate::error::Result;

use super::client::{CALL, Engine};
use super::containers::short;
use super::inspect::answer;
use super::wire::escape;

/// Use and limits; 0 is unknown, or no limit. A container that does not run uses nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContainerStats {
    /// Memory, without the page cache that the kernel would give back first.
    pub memory_bytes: u64,
    /// Of memory; where there is none, engines tell the machine's.
    pub memory_limit: u64,
    /// Processes and threads.
    pub pids: u64,
    /// Of processes and threads.
    pub pids_limit: u64,
}

answer! { struct Answer {
    memory: Memory = "memory_stats",
    pids: Pids = "pids_stats",
} }
answer! { struct Memory {
    usage: u64 = "usage",
    limit: u64 = "limit",
    details: Details = "stats",
} }
answer! { struct Details {
    v2: u64 = "inactive_file",
    v1: u64 = "total_inactive_file",
} }
answer! { struct Pids {
    current: u64 = "current",
    limit: u64 = "limit",
} }

impl From<Answer> for ContainerStats {
    fn from(answer: Answer) -> ContainerStats {
        let Memory { usage, limit, details } = answer.memory;
        // Version 1 of control groups has both numbers, the other one without what is below the group.
        let cache = if details.v1 > 0 { details.v1 } else { details.v2 };
        let pids_limit = if answer.pids.limit == u64::MAX { 0 } else { answer.pids.limit };
        ContainerStats {
            memory_bytes: usage.saturating_sub(cache),
            memory_limit: limit,
            pids: answer.pids.current,
            pids_limit,
        }
    }
}

impl Engine {
    /// One look, without the second that engines take to tell how busy the processor is.
    pub async fn stats_once(&self, id: &str) -> Result<ContainerStats> {
        let query = [("stream", "0".to_owned()), ("one-shot", "1".to_owned())];
        let path = format!("/containers/{}/stats", escape(id));
        let answer: Answer = self
            .wire
            .get(&path, &query, CALL)
            .await
            .map_err(|fault| self.told(fault, format!("ask what container {} uses", short(id))))?;
        Ok(answer.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ContainerStats {
        serde_json::from_str::<Answer>(text).unwrap().into()
    }

    #[test]
    fn both_versions_of_control_groups() {
        let stats = read(
            r#"{"memory_stats":{"usage":100,"limit":1000,"stats":{"inactive_file":5,"total_inactive_file":30}},
            "pids_stats":{"current":3,"limit":18446744073709551615}}"#,
        );
        let expected = ContainerStats { memory_bytes: 70, memory_limit: 1000, pids: 3, pids_limit: 0 };
        assert_eq!(stats, expected);
        assert_eq!(read(r#"{"memory_stats":{"usage":10,"stats":{"inactive_file":30}}}"#).memory_bytes, 0);
        assert_eq!(read(r#"{"memory_stats":{"stats":null},"pids_stats":{}}"#), ContainerStats::default());
    }
}
