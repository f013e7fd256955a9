//! A command on the machine that imgbuild runs on, given the way to the running container.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::engine::{Container, Keeper, Lines};
use crate::error::Result;
use crate::event::{Event, Events};
use crate::expect::{HostCommand, Matcher, Misfit};
use crate::smoke::scene::{self, Bench};

/// Variables of imgbuild's own that a test has no use for.
const LOGINS: [&str; 3] = ["DOCKER_AUTH_CONFIG", "IMGBUILD_REGISTRY_USERNAME", "IMGBUILD_REGISTRY_PASSWORD"];
/// How many of its last lines are told where it fails.
const LAST: usize = 20;
/// How much of them is told, in characters: what fits a misfit.
const TOLD: usize = 360;
/// How long its output is read on once it has ended.
const REST: Duration = Duration::from_secs(1);

/// Runs the command; what does not fit.
pub(super) async fn check(bench: &Bench<'_>, spec: &HostCommand) -> Result<Vec<Misfit>> {
    let Some(container) = &bench.running else { return Ok(Vec::new()) };
    let mut command = Command::new(spec.argv.first().map_or("", String::as_str));
    command.args(spec.argv.iter().skip(1)).current_dir(&spec.folder);
    without_secrets(&mut command, bench.keeper);
    command.envs(&spec.env).envs(told(bench, container));
    Ok(on_host(command, spec.within, &spec.exit, &bench.test.name, bench.events).await)
}

/// Runs `command` on this machine, whose lines are told as those of the test `name`; what does not fit.
pub(in crate::smoke) async fn on_host(
    command: Command,
    within: Duration,
    exit_wanted: &Matcher,
    name: &str,
    events: &Events,
) -> Vec<Misfit> {
    let last = Mutex::new(VecDeque::new());
    let ran = tokio::time::timeout(within, run((name, events), command, &last)).await;
    let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
    let said = || {
        if last.is_empty() {
            "it said nothing".to_owned()
        } else {
            format!("it said last: {}", end_of(&last))
        }
    };
    match ran {
        Err(_) => {
            let within = format!("to end within {} s", within.as_secs_f32());
            vec![Misfit::new("the command", within, format!("it still ran; {}", said()))]
        }
        Ok(Err(error)) => vec![Misfit::new("the command", "to run", error)],
        Ok(Ok(status)) => {
            // As shells count: 128 and the number of the signal.
            let exit =
                status.code().or(status.signal().map(|signal| signal.saturating_add(128))).unwrap_or(-1);
            let misfit = exit_wanted.value("exit code", &exit.into()).err();
            misfit
                .map(|misfit| {
                    Misfit::new(misfit.what, misfit.expected, format!("{}; {}", misfit.got, said()))
                })
                .into_iter()
                .collect()
        }
    }
}

/// Takes from `command` what is for imgbuild alone: logins, and the key that signs what a test proves.
pub(in crate::smoke) fn without_secrets(command: &mut Command, keeper: &Keeper) {
    for name in LOGINS.iter().map(OsStr::new).chain(keeper.withheld().iter().map(OsString::as_os_str)) {
        command.env_remove(name);
    }
}

/// What the command is told in its environment.
fn told(bench: &Bench<'_>, container: &Container) -> Vec<(String, String)> {
    let network = bench.test.container.network.as_deref();
    let mut env = vec![
        ("IMGBUILD_TEST_IMAGE".to_owned(), bench.image.id.clone()),
        ("IMGBUILD_TEST_CONTAINER".to_owned(), container.id.clone()),
    ];
    let host = (network == Some("host")).then(|| bench.engine().endpoint().published_host().to_owned());
    let address = container.addresses.values().find(|address| !address.is_empty()).cloned();
    env.extend(address.or(host).map(|address| ("IMGBUILD_TEST_ADDRESS".to_owned(), address)));
    let ports: BTreeSet<u16> = container.ports.keys().copied().chain(scene::exposed(bench.image)).collect();
    env.extend(ports.into_iter().filter_map(|port| {
        let way = scene::ways(bench.engine(), container, network, port).into_iter().next()?;
        Some((format!("IMGBUILD_TEST_PORT_{port}"), way))
    }));
    env
}

/// A process group, killed when this goes: with the command's end, at its deadline, and where the run is cancelled.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Nobody may be left in it.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn run(
    told: (&str, &Events),
    mut command: Command,
    last: &Mutex<VecDeque<String>>,
) -> Result<ExitStatus, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let spawned = command.process_group(0).kill_on_drop(true).spawn();
    let mut child = spawned.map_err(|error| format!("it cannot be started: {error}"))?;
    let group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let output = join(pump(told, out, last), pump(told, err, last));
    tokio::pin!(output);
    let mut silent = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            _ = &mut output, if !silent => silent = true,
        }
    };
    // Whoever is left of it may hold its output open.
    drop(group);
    if !silent {
        let _ = tokio::time::timeout(REST, output).await;
    }
    status.map_err(|error| format!("its end cannot be told: {error}"))
}

/// Tells the lines of `from` as they come, and keeps the last of them.
async fn pump(
    (name, events): (&str, &Events),
    from: Option<impl AsyncRead + Unpin>,
    last: &Mutex<VecDeque<String>>,
) {
    let Some(mut from) = from else { return };
    let (mut lines, mut buffer) = (Lines::default(), vec![0; 8192]);
    loop {
        let mut ready = Vec::new();
        let read = from.read(&mut buffer).await.unwrap_or(0);
        lines.push(buffer.get(..read).unwrap_or_default(), |line| ready.push(line));
        if read == 0 {
            ready.extend(lines.finish());
        }
        for line in ready {
            {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                last.push_back(line.clone());
                if last.len() > LAST {
                    last.pop_front();
                }
            }
            events.log(Event::ContainerLog { test: name.to_owned(), line }).await;
        }
        if read == 0 {
            return;
        }
    }
}

/// The end of what it said, on one line.
fn end_of(last: &VecDeque<String>) -> String {
    let all = last.iter().map(String::as_str).collect::<Vec<_>>().join(" | ");
    let from = all.char_indices().rev().nth(TOLD).map_or(0, |(at, _)| at);
    let mark = if from > 0 { "…" } else { "" };
    format!("{mark}{}", all.get(from..).unwrap_or_default())
}
