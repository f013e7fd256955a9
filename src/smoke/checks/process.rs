//! Processes of the running container, as the engine's machine sees them.

use std::time::Duration;

use super::misfits;
use crate::engine::ProcessRow;
use crate::error::Result;
use crate::expect::{Misfit, ProcessCheck};
use crate::smoke::scene::Bench;

/// One look sees helpers that live for a moment and misses others, so there are several.
const LOOKS: usize = 3;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(50);
/// What the kernel keeps of a program's name, in bytes.
const NAME: usize = 15;

/// Looks at the processes; what does not fit.
pub(super) async fn check(bench: &Bench<'_>, spec: &ProcessCheck) -> Result<Vec<Misfit>> {
    let Some(container) = &bench.running else { return Ok(vec![misfits::not_running()]) };
    let mut looks = Vec::new();
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        match bench.engine().top(&container.id).await {
            Ok(rows) => looks.push(named(rows, &spec.name)),
            Err(error) => {
                return match bench.engine().inspect_container(&container.id).await? {
                    Some(container) if container.running => Err(error),
                    _ => Ok(vec![misfits::not_running()]),
                };
            }
        }
    }
    Ok(judge(spec, &looks))
}

fn named(rows: Vec<ProcessRow>, name: &str) -> Vec<ProcessRow> {
    let end = (0..=NAME.min(name.len())).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    let name = name.get(..end).unwrap_or_default();
    let is_named = |row: &ProcessRow| {
        // A name with a blank in it spills into the arguments.
        let spilled = || format!("{} {}", row.comm, row.args);
        row.comm == name || name.contains(' ') && spilled().starts_with(&format!("{name} "))
    };
    // One that is dead and waits for its parent does not run.
    rows.into_iter().filter(|row| !row.stat.starts_with('Z') && is_named(row)).collect()
}

/// It runs where any look sees it; how many there are is what the last one sees, and all that were seen count as users.
fn judge(spec: &ProcessCheck, looks: &[Vec<ProcessRow>]) -> Vec<Misfit> {
    let what = format!("process {}", spec.name);
    let runs = looks.iter().any(|rows| !rows.is_empty());
    let count = looks.last().map_or(0, Vec::len);
    let mut misfits = Vec::new();
    if let Some(matcher) = &spec.running
        && matcher.value(&what, &runs.into()).is_err()
    {
        let word = |runs: bool| if runs { "running" } else { "not running" };
        return vec![Misfit::new(what, word(!runs), word(runs))];
    }
    if let Some(matcher) = &spec.count {
        misfits.extend(matcher.value(&format!("number of processes {}", spec.name), &count.into()).err());
    }
    let Some(matcher) = &spec.uid else { return misfits };
    if !runs && spec.running.is_none() {
        misfits.push(Misfit::new(what, "running", "not running"));
    }
    let mut uids: Vec<&str> = looks.iter().flatten().map(|row| row.uid.as_str()).collect();
    uids.sort_unstable();
    uids.dedup();
    for uid in uids {
        let value = uid.parse::<u32>().map_or_else(|_| uid.into(), serde_json::Value::from);
        misfits.extend(matcher.value(&format!("uid of process {}", spec.name), &value).err());
    }
    misfits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Matcher;

    fn row(comm: &str, args: &str, uid: &str, stat: &str) -> ProcessRow {
        ProcessRow {
            comm: comm.to_owned(),
            args: args.to_owned(),
            uid: uid.to_owned(),
            stat: stat.to_owned(),
            ..ProcessRow::default()
        }
    }

    fn spec(running: Option<bool>, count: Option<u32>, uid: Option<u32>) -> ProcessCheck {
        let number = |value: Option<u32>| value.map(|value| Matcher::Equals(value.into()));
        ProcessCheck {
            name: "app".to_owned(),
            running: running.map(|value| Matcher::Equals(value.into())),
            count: number(count),
            uid: number(uid),
        }
    }

    #[test]
    fn names_as_the_kernel_cuts_them() {
        let rows = vec![
            row("nginx", "nginx: master", "0", "Ss"),
            row("nginx", "", "0", "Z"),
            row("a-very-long-nam", "x", "0", "S"),
            row("my", "service my service --x", "0", "S"),
        ];
        for (name, count) in [
            ("nginx", 1),
            ("a-very-long-name-of-a-program", 1),
            ("a-very-long", 0),
            ("my service", 1),
            ("my serv", 0),
            ("", 0),
            ("a-very-long-naö", 0),
        ] {
            assert_eq!(named(rows.clone(), name).len(), count, "{name}");
        }
    }

    #[test]
    fn several_looks_are_one_answer() {
        let app = |uid: &str| row("app", "app", uid, "S");
        let said = |spec: &ProcessCheck, looks: &[Vec<ProcessRow>]| {
            judge(spec, looks).iter().map(Misfit::sentence).collect::<Vec<_>>()
        };
        let looks = [vec![app("5")], vec![], vec![app("5"), app("6")]];
        let none = Vec::<String>::new();
        assert_eq!(said(&spec(Some(true), Some(2), None), &looks), none);
        assert_eq!(
            said(&spec(Some(false), None, None), &looks),
            ["process app: expected not running, got running"]
        );
        assert_eq!(said(&spec(None, None, Some(5)), &looks), ["uid of process app: expected 5, got 6"]);
        assert_eq!(
            said(&spec(Some(true), Some(1), Some(5)), &[vec![]]),
            ["process app: expected running, got not running"]
        );
        assert_eq!(said(&spec(None, Some(0), None), &[vec![]]), none);
        assert_eq!(
            said(&spec(None, None, Some(5)), &[vec![]]),
            ["process app: expected running, got not running"]
        );
    }
}
