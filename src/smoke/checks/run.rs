//! A command in the running container, or in one of its own.

use std::time::Duration;

use crate::engine::{ExecSpec, LogOptions, LogSource};
use crate::error::Result;
use crate::expect::{Misfit, RunCheck, Where};
use crate::smoke::scene::{self, Bench};

/// How much of a command's output is kept for its matchers, in bytes.
const KEPT: usize = 1024 * 1024;
/// Between two looks at a container that runs one command.
const LOOK: Duration = Duration::from_millis(50);

/// What a command did.
struct Ended {
    exit: i64,
    stdout: String,
    stderr: String,
}

/// Runs the command; what does not fit.
pub(super) async fn check(bench: &Bench<'_>, spec: &RunCheck) -> Result<Vec<Misfit>> {
    match (&bench.running, spec.place) {
        (Some(container), Where::Running) => inside(bench, &container.id, spec).await,
        _ => apart(bench, spec).await,
    }
}

async fn inside(bench: &Bench<'_>, id: &str, spec: &RunCheck) -> Result<Vec<Misfit>> {
    let exec = ExecSpec {
        command: spec.argv.clone(),
        env: Vec::new(),
        user: None,
        timeout: spec.within,
        max_bytes: KEPT,
    };
    let run = bench.engine().exec(id, &exec);
    // The engine's own limit ends the wait; this one ends a hang in setting the command up.
    let Ok(outcome) = tokio::time::timeout(spec.within + Duration::from_secs(5), run).await else {
        return Ok(vec![late(spec)]);
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) if error.kind() == crate::error::Kind::Tests => {
            return Ok(vec![Misfit::new("the command", "to end", error.message())]);
        }
        Err(error) => return Err(error),
    };
    if outcome.not_found {
        return Ok(vec![Misfit::new("the command", "to run", "the image has no such program")]);
    }
    Ok(judge(spec, &Ended { exit: outcome.exit, stdout: outcome.stdout, stderr: outcome.stderr }))
}

async fn apart(bench: &Bench<'_>, spec: &RunCheck) -> Result<Vec<Misfit>> {
    let engine = bench.engine();
    let container = scene::of_command(bench.image, bench.test, bench.network, spec.argv.clone());
    let id = bench.keeper.container(container).await?;
    if let Err(error) = engine.start_container(&id).await {
        return Ok(vec![Misfit::new("the command", "to run", error.to_string())]);
    }
    let deadline = tokio::time::Instant::now() + spec.within;
    let looked = loop {
        match engine.inspect_container(&id).await? {
            None => return Ok(vec![Misfit::new("its container", "there", "somebody removed it")]),
            Some(container) if scene::ended(&container) => break container,
            Some(_) if tokio::time::Instant::now() >= deadline => {
                engine.remove_container(&id).await?;
                return Ok(vec![late(spec)]);
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
    if let (true, Some(why)) = (looked.oom_killed, scene::end_problem(&looked)) {
        return Ok(vec![Misfit::new("the command", "to end by itself", why)]);
    }
    Ok(judge(spec, &ended))
}

fn judge(spec: &RunCheck, ended: &Ended) -> Vec<Misfit> {
    let mut misfits: Vec<Misfit> =
        spec.exit.value("exit code", &ended.exit.into()).err().into_iter().collect();
    for (name, matchers, output) in
        [("stdout", &spec.stdout, &ended.stdout), ("stderr", &spec.stderr, &ended.stderr)]
    {
        misfits.extend(matchers.iter().filter_map(|matcher| matcher.text(name, output.as_bytes()).err()));
    }
    misfits
}

fn late(spec: &RunCheck) -> Misfit {
    Misfit::new("the command", format!("to end within {} s", spec.within.as_secs_f32()), "it still runs")
}
