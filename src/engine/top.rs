//! The processes of a container, as the engine's machine sees them: nothing runs inside.

use crate::error::Result;

use super::client::{CALL, Engine};
use super::containers::short;
use super::inspect::answer;
use super::wire::escape;

/// One process. Whatever the engine does not tell is empty or 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessRow {
    /// As the engine's machine counts; the container counts otherwise.
    pub pid: u32,
    /// Its parent's; that of the container's first process is outside of the container.
    pub ppid: u32,
    /// The user's number; podman tells a name.
    pub uid: String,
    /// As ps writes it: a letter for the state (`S`, `R`, `Z`, `T`), then flags.
    pub stat: String,
    /// The name of its program, at most 15 bytes. One with a blank in it spills into `args`.
    pub comm: String,
    /// Its command line.
    pub args: String,
}

answer! { struct Answer {
    titles: Vec<String> = "Titles",
    processes: Vec<Vec<String>> = "Processes",
} }

impl Engine {
    /// The processes of a container that runs.
    pub async fn top(&self, id: &str) -> Result<Vec<ProcessRow>> {
        let columns = if self.info().podman {
            "pid,ppid,user,state,comm,args"
        } else {
            "-eo pid,ppid,uid,stat,comm,args"
        };
        let path = format!("/containers/{}/top", escape(id));
        let answer: Answer =
            self.wire.get(&path, &[("ps_args", columns.to_owned())], CALL).await.map_err(|fault| {
                self.told(fault, format!("list the processes of container {}", short(id)))
            })?;
        Ok(rows(&answer))
    }
}

/// By the titles of the columns, whose order engines may change. Both command columns may be called the same: the
/// name of the program was asked for first.
fn rows(answer: &Answer) -> Vec<ProcessRow> {
    let is = |title: &String, names: &[&str]| names.iter().any(|name| title.eq_ignore_ascii_case(name));
    let column = |names: &[&str]| answer.titles.iter().position(|title| is(title, names));
    let commands: Vec<usize> = (0..answer.titles.len())
        .filter(|at| {
            answer.titles.get(*at).is_some_and(|title| is(title, &["COMMAND", "CMD", "COMM", "ARGS"]))
        })
        .collect();
    let columns = [
        column(&["PID"]),
        column(&["PPID"]),
        column(&["UID", "USER"]),
        column(&["STAT", "STATE", "S"]),
        commands.first().copied(),
        commands.last().copied(),
    ];
    let row = |row: &Vec<String>| {
        let cell = |at: usize| {
            let at = columns.get(at).copied().flatten()?;
            row.get(at).map(|cell| cell.trim().to_owned())
        };
        let number = |at| cell(at).and_then(|cell| cell.parse().ok()).unwrap_or(0);
        let text = |at| cell(at).unwrap_or_default();
        ProcessRow {
            pid: number(0),
            ppid: number(1),
            uid: text(2),
            stat: text(3),
            comm: text(4),
            args: text(5),
        }
    };
    answer.processes.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Act, Fake};
    use super::*;

    #[tokio::test]
    async fn columns_by_their_titles() {
        let text = r#"{"Titles":["PID","PPID","UID","STAT","COMMAND","COMMAND"],
            "Processes":[["12","1","101","Ss","nginx","nginx: master process"],["x"]]}"#;
        let script = vec![(
            "GET /v1.51/containers/c/top?ps_args=-eo%20pid%2Cppid%2Cuid%2Cstat%2Ccomm%2Cargs",
            Act::Answer(200, text.into()),
        )];
        let rows = Fake::engine(script).serves(async |engine| engine.top("c").await.unwrap()).await;
        let master = ProcessRow {
            pid: 12,
            ppid: 1,
            uid: "101".into(),
            stat: "Ss".into(),
            comm: "nginx".into(),
            args: "nginx: master process".into(),
        };
        assert_eq!(rows, [master, ProcessRow::default()]);
    }

    #[test]
    fn other_orders_and_nothing() {
        let text = r#"{"Titles":["USER","STATE","PID","CMD"],"Processes":[["root","S","7","sh -c x"]]}"#;
        let row = rows(&serde_json::from_str(text).unwrap()).remove(0);
        assert_eq!((row.pid, row.uid.as_str(), row.args.as_str()), (7, "root", "sh -c x"));
        assert!(rows(&serde_json::from_str(r#"{"Titles":null,"Processes":null}"#).unwrap()).is_empty());
    }
}
