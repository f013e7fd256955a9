//! The `run` entries of a test: a command in the running container, or in one of its own.

use std::time::Duration;

use super::container;
use super::ready::{end_problem, ended};
use crate::config::{RunSpec, TestSpec};
use crate::engine::{ExecSpec, Image, Keeper, LogOptions, LogSource};
use crate::error::Result;

/// How much of a command's output is kept for its patterns, in bytes.
const KEPT: usize = 1024 * 1024;
/// Between two looks at a container that runs one command.
const LOOK: Duration = Duration::from_millis(50);

/// What a command did.
struct Ended {
    exit: i64,
    stdout: String,
    stderr: String,
}

/// Runs the command in the container `id`; the problem if it does not do what is wanted.
pub(super) async fn inside(keeper: &Keeper, id: &str, spec: &RunSpec) -> Result<Option<String>> {
    let exec = ExecSpec {
        command: spec.cmd.argv(),
        env: Vec::new(),
        user: None,
        timeout: spec.within,
        max_bytes: KEPT,
    };
    let run = keeper.engine().exec(id, &exec);
    // The engine's own limit ends the wait; this one ends a hang in setting the command up.
    let Ok(outcome) = tokio::time::timeout(spec.within + Duration::from_secs(5), run).await else {
        return Ok(Some(problem(spec, &late(spec))));
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) if error.kind() == crate::error::Kind::Tests => {
            return Ok(Some(problem(spec, error.message())));
        }
        Err(error) => return Err(error),
    };
    if outcome.not_found {
        return Ok(Some(problem(spec, "the image has no such program")));
    }
    let ended = Ended { exit: outcome.exit, stdout: outcome.stdout, stderr: outcome.stderr };
    Ok(judge(spec, &ended).err().map(|why| problem(spec, &why)))
}

/// Runs the command in a new container of `image`.
pub(super) async fn apart(
    keeper: &Keeper,
    image: &Image,
    test: &TestSpec,
    network: &str,
    spec: &RunSpec,
) -> Result<Option<String>> {
    let engine = keeper.engine();
    let id = keeper.container(container::of_command(image, test, network, spec.cmd.argv())).await?;
    if let Err(error) = engine.start_container(&id).await {
        return Ok(Some(problem(spec, &error.to_string())));
    }
    let deadline = tokio::time::Instant::now() + spec.within;
    let looked = loop {
        match engine.inspect_container(&id).await? {
            None => return Ok(Some(problem(spec, "somebody removed its container"))),
            Some(container) if ended(&container) => break container,
            Some(_) if tokio::time::Instant::now() >= deadline => {
                engine.remove_container(&id).await?;
                return Ok(Some(problem(spec, &late(spec))));
            }
            Some(_) => tokio::time::sleep(LOOK).await,
        }
    };
    let mut ended = Ended { exit: looked.exit_code, stdout: String::new(), stderr: String::new() };
    let options = LogOptions { follow: false, tail: None, max_bytes: KEPT as u64 };
    engine
        .container_logs(&id, &options, &mut |line| {
            let kept = match line.source {
                LogSource::Stdout => &mut ended.stdout,
                LogSource::Stderr => &mut ended.stderr,
            };
            kept.push_str(&line.text);
            kept.push('\n');
        })
        .await?;
    engine.remove_container(&id).await?;
    if looked.oom_killed {
        return Ok(end_problem(&looked).map(|why| problem(spec, &why)));
    }
    Ok(judge(spec, &ended).err().map(|why| problem(spec, &why)))
}

fn judge(spec: &RunSpec, ended: &Ended) -> Result<(), String> {
    if ended.exit != i64::from(spec.exit) {
        let said = last_line(&ended.stderr).or_else(|| last_line(&ended.stdout));
        let said = said.map(|line| format!(": {line}")).unwrap_or_default();
        return Err(format!("exit code {} where {} was wanted{said}", ended.exit, spec.exit));
    }
    for (name, pattern, output) in
        [("stdout", &spec.stdout, &ended.stdout), ("stderr", &spec.stderr, &ended.stderr)]
    {
        if let Some(pattern) = pattern.as_ref().filter(|pattern| !pattern.is_match(output.as_bytes())) {
            let shown = last_line(output).unwrap_or_default();
            return Err(format!("{name} does not match {:?}; its last line is {shown:?}", pattern.as_str()));
        }
    }
    Ok(())
}

fn last_line(output: &str) -> Option<String> {
    let line = output.lines().rev().find(|line| !line.trim().is_empty())?;
    Some(line.chars().take(200).collect())
}

fn late(spec: &RunSpec) -> String {
    format!("did not end within {} s", spec.within.as_secs_f32())
}

fn problem(spec: &RunSpec, why: &str) -> String {
    let shown: String = spec.cmd.argv().join(" ").chars().take(120).collect();
    format!("{shown}: {why}")
}
