//! A command in the running container, or in one of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future;

use super::expand::{expand, split, variables};
use crate::engine::{Container, ContainerSpec, ExecSpec, Output};
use crate::error::{Kind, Result};
use crate::expect::{Misfit, RunCheck, Where};
use crate::smoke::scene::{self, Bench, Ready};

/// How much of a command's output is kept for its matchers, in bytes.
const KEPT: usize = 1024 * 1024;
/// What an engine says of a command whose container ended under it: killed, or never begun.
const ENDS_WITH_ITS_CONTAINER: [i64; 2] = [137, 126];
/// The longest that an engine takes to tell of a container's end.
const TOLD: Duration = Duration::from_secs(2);

/// What a command did.
struct Ended {
    exit: i64,
    output: Output,
    /// A process of its container was killed for memory.
    oom: bool,
}

/// Runs the command, again where it may be tried again; what does not fit.
pub(super) async fn check(bench: &Bench<'_>, spec: &RunCheck) -> Result<Vec<Misfit>> {
    let (again, pause) = spec.retry;
    let mut tries = 0;
    loop {
        let misfits = match (&bench.running, spec.place) {
            (Some(container), Where::Running) => Box::pin(inside(bench, container, spec)).await?,
            _ => Box::pin(apart(bench, spec)).await?,
        };
        if misfits.is_empty() || tries >= again {
            return Ok(misfits);
        }
        tries += 1;
        tokio::time::sleep(pause).await;
    }
}

/// The container that a command of `spec` gets, for whoever wants to run it by hand.
pub(super) fn by_hand(bench: &Bench<'_>, spec: &RunCheck) -> ContainerSpec {
    let words = Words::of(variables(bench), spec);
    container(
        bench,
        &bench.image.id,
        bench.test.container.network.as_deref().unwrap_or_default(),
        &words,
        words.fill(&spec.argv),
    )
}

async fn inside(bench: &Bench<'_>, container: &Container, spec: &RunCheck) -> Result<Vec<Misfit>> {
    let words = Words::of(split(&container.env), spec);
    let exec = ExecSpec {
        command: words.fill(&spec.argv),
        env: words.own.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        user: None,
        timeout: spec.within,
        max_bytes: KEPT,
    };
    let run = bench.engine().exec(&container.id, &exec);
    // The engine's own limit ends the wait; this one ends a hang in setting the command up.
    let Ok(outcome) = tokio::time::timeout(spec.within + Duration::from_secs(5), run).await else {
        return Ok(vec![late(spec)]);
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) if error.kind() == Kind::Tests => return Ok(vec![late(spec)]),
        // The engine refuses commands in a container that ended, and that is the image's fault.
        Err(error) => {
            let gone = gone(bench, container).await?;
            return if gone.is_empty() { Err(error) } else { Ok(gone) };
        }
    };
    if outcome.not_found {
        return Ok(vec![Misfit::new("the command", "to run", "the image has no such program")]);
    }
    let oom = bench.watcher.seen(&container.id).oom;
    let ended = Ended { exit: outcome.exit, output: outcome.output, oom };
    let mut misfits = judge(spec, &ended);
    if !misfits.is_empty() && ENDS_WITH_ITS_CONTAINER.contains(&ended.exit) {
        misfits.extend(gone(bench, container).await?);
    }
    Ok(misfits)
}

/// That the container has ended, and how; nothing where it has not. The engine tells the end of a command that went with
/// its container before it tells that of the container.
async fn gone(bench: &Bench<'_>, container: &Container) -> Result<Vec<Misfit>> {
    let end = scene::end(bench.engine(), bench.watcher, &container.id);
    let Ok(looked) = tokio::time::timeout(TOLD, Box::pin(end)).await else { return Ok(Vec::new()) };
    Ok(match scene::over(looked?, bench.watcher) {
        Ready::Not(misfits) => misfits,
        Ready::Up(_) | Ready::Done => vec![Misfit::new("the container", "up", "it ended with exit code 0")],
    })
}

async fn apart(bench: &Bench<'_>, spec: &RunCheck) -> Result<Vec<Misfit>> {
    let words = Words::of(variables(bench), spec);
    let network = bench.network().await?;
    let mut image = bench.image.id.clone();
    let mut failed = Vec::new();
    for argv in &spec.setup {
        match step(bench, container(bench, &image, network, &words, argv.clone()), argv, spec).await? {
            Ok((next, exit)) => {
                image = next;
                failed.extend(exit);
            }
            Err(misfit) => return Ok(vec![of_step("setup", argv, misfit)]),
        }
    }
    let command = container(bench, &image, network, &words, words.fill(&spec.argv));
    let (id, ended) = match Box::pin(run(bench, command, spec)).await? {
        Ok(done) => done,
        Err(misfit) => {
            failed.push(misfit);
            return Ok(failed);
        }
    };
    if !spec.teardown.is_empty() {
        image = bench.keeper.commit(&id).await?;
    }
    bench.remove(&id).await?;
    for argv in &spec.teardown {
        // What was wanted of the command is known by now.
        if let Ok((next, _)) =
            step(bench, container(bench, &image, network, &words, argv.clone()), argv, spec).await?
        {
            image = next;
        }
    }
    let misfits = judge(spec, &ended);
    // A setup that fails on purpose is one's own affair; where the command fails too, it explains it.
    Ok(if misfits.is_empty() { misfits } else { failed.into_iter().chain(misfits).collect() })
}

/// Runs a command of a setup or teardown, and gives the image that it leaves, and a misfit where it failed.
async fn step(
    bench: &Bench<'_>,
    container: ContainerSpec,
    argv: &[String],
    spec: &RunCheck,
) -> Result<Result<(String, Option<Misfit>), Misfit>> {
    let (id, ended) = match Box::pin(run(bench, container, spec)).await? {
        Ok(done) => done,
        Err(misfit) => return Ok(Err(misfit)),
    };
    let image = bench.keeper.commit(&id).await?;
    bench.remove(&id).await?;
    let failed = || of_step("setup", argv, Misfit::new("exit code", "0", ended.exit.to_string()));
    let failed = (ended.exit != 0).then(failed);
    Ok(Ok((image, failed)))
}

/// Runs a container to its end, and gives its id, since it is still there.
async fn run(
    bench: &Bench<'_>,
    container: ContainerSpec,
    spec: &RunCheck,
) -> Result<Result<(String, Ended), Misfit>> {
    let id = match Box::pin(scene::launch(bench, container, &mut |_| {})).await? {
        Ok(id) => id,
        Err(misfit) => return Ok(Err(misfit)),
    };
    let end = scene::end(bench.engine(), bench.watcher, &id);
    // Beside the wait: the engine keeps the end of a large log only.
    let output = bench.engine().container_output(&id, KEPT);
    let both = tokio::time::timeout(spec.within, future::join(end, output));
    let Ok((looked, output)) = Box::pin(both).await else {
        bench.remove(&id).await?;
        return Ok(Err(late(spec)));
    };
    let Some(looked) = looked? else {
        return Ok(Err(Misfit::new("its container", "there", "somebody removed it")));
    };
    let output = bench.engine().whole_output(&id, output?, KEPT).await?;
    let oom = looked.oom_killed || bench.watcher.seen(&id).oom;
    Ok(Ok((id, Ended { exit: looked.exit_code, output, oom })))
}

fn container(
    bench: &Bench<'_>,
    image: &str,
    network: &str,
    words: &Words,
    argv: Vec<String>,
) -> ContainerSpec {
    let mut spec = scene::of_command(image, &bench.test.container, network, argv);
    spec.env.extend(words.own.iter().cloned());
    spec
}

/// What the variables of a command are.
struct Words {
    /// What is filled in from: those of its container, without its own.
    base: BTreeMap<String, String>,
    /// Its own.
    own: Vec<(String, String)>,
    expand: bool,
}

impl Words {
    fn of(base: BTreeMap<String, String>, spec: &RunCheck) -> Words {
        Words { base, own: spec.env.clone(), expand: spec.expand }
    }

    fn fill(&self, argv: &[String]) -> Vec<String> {
        let filled = |word: &String| expand(word, |name| self.base.get(name).cloned());
        if self.expand { argv.iter().map(filled).collect() } else { argv.to_vec() }
    }
}

fn judge(spec: &RunCheck, ended: &Ended) -> Vec<Misfit> {
    let mut misfits: Vec<Misfit> =
        spec.exit.value("exit code", &ended.exit.into()).err().into_iter().collect();
    for (name, matchers, output) in
        [("stdout", &spec.stdout, &ended.output.stdout), ("stderr", &spec.stderr, &ended.output.stderr)]
    {
        misfits.extend(matchers.iter().filter_map(|matcher| matcher.text(name, output).err()));
    }
    if ended.output.cut && !(spec.stdout.is_empty() && spec.stderr.is_empty()) {
        misfits.push(Misfit::new("its output", format!("{} KiB at most", KEPT / 1024), "more"));
    }
    if ended.oom && !misfits.is_empty() {
        let got = "out of memory (OOM): a process was killed for using more than the test allows";
        misfits.insert(0, Misfit::new("memory", "enough", got));
    }
    misfits
}

fn late(spec: &RunCheck) -> Misfit {
    Misfit::new("the command", format!("to end within {} s", spec.within.as_secs_f32()), "it still runs")
}

fn of_step(which: &str, argv: &[String], misfit: Misfit) -> Misfit {
    Misfit { what: format!("{which} {:?}: {}", argv.join(" "), misfit.what), ..misfit }
}
