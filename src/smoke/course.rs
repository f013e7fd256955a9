//! One test after the other, each from its network to its removal.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use futures_util::future::join;
use futures_util::{StreamExt as _, stream};

use super::checks;
use super::look::Still;
use super::scene::{self, Awaited, Bench, Ready, Watcher, Witness};
use super::verified::{Started, TestResult};
use crate::engine::{Image, Keeper};
use crate::error::Result;
use crate::event::{Event, Events, Outcome, millis};
use crate::expect::{Check, CheckResult, Evidence, Misfit, Start, TestSpec, Verdict};

/// How many checks that start containers of their own are made at once.
const AT_ONCE: usize = 4;
/// The longest that a failed test's containers are looked at.
const EVIDENCE: Duration = Duration::from_secs(20);

/// What became of a test so far. It outlives the test's deadline.
#[derive(Default)]
struct Course {
    checks: Vec<CheckResult>,
    started: Vec<Started>,
    witnesses: Vec<Witness>,
    /// What is under way.
    at: String,
}

/// Runs every test, and goes on after a failed one.
pub(super) async fn all(
    keeper: &Keeper,
    watcher: &Watcher,
    image: &Image,
    still: &Still,
    tests: &[TestSpec],
    events: &Events,
) -> Result<Vec<TestResult>> {
    let mut results = Vec::new();
    let filled: Vec<Cow<'_, TestSpec>> = tests.iter().map(|test| checks::filled(test, image)).collect();
    let tests = filled.iter().map(Cow::as_ref);
    let mut last: Option<Bench<'_>> = None;
    for spec in tests {
        let bench = Bench::new(keeper, watcher, events, image, still, spec);
        // What the last one made goes while this one starts.
        let clearing = async {
            if let Some(bench) = last.take() {
                bench.clear().await;
            }
        };
        let ((bench, result), ()) = join(Box::pin(one(bench)), clearing).await;
        results.push(result?);
        last = Some(bench);
    }
    if let Some(bench) = last {
        bench.clear().await;
    }
    Ok(results)
}

async fn one(mut bench: Bench<'_>) -> (Bench<'_>, Result<TestResult>) {
    let spec = bench.test;
    bench.events.emit(Event::TestStarted { name: spec.name.clone() });
    let began = Instant::now();
    let mut course = Course::default();
    let ended = tokio::time::timeout(spec.within, run(&mut bench, &mut course)).await;
    let stopped = match ended {
        Ok(Ok(())) => None,
        Ok(Err(error)) => return (bench, Err(error)),
        Err(_) => Some(format!("the test did not end within {} s: {}", spec.within.as_secs_f32(), course.at)),
    };
    let passed = stopped.is_none() && course.checks.iter().all(|check| check.verdict != Verdict::Failed);
    let mut result = TestResult {
        name: spec.name.clone(),
        outcome: if passed { Outcome::Ok } else { Outcome::Failed },
        ms: 0,
        checks: course.checks,
        stopped,
        evidence: Vec::new(),
        containers: course.started,
    };
    if !passed {
        match evidence(&bench, &course.witnesses).await {
            Ok(evidence) => result.evidence = evidence,
            Err(error) => return (bench, Err(error)),
        }
    }
    result.ms = millis(began.elapsed());
    bench.events.emit(Event::TestFinished {
        name: spec.name.clone(),
        outcome: result.outcome,
        ms: result.ms,
        problems: result.problems(),
        checks: result.checks.clone(),
        evidence: result.evidence.clone(),
    });
    (bench, Ok(result))
}

/// The straight line of one test.
async fn run(bench: &mut Bench<'_>, course: &mut Course) -> Result<()> {
    for service in &bench.test.services {
        let name = format!("service {}", service.alias);
        course.at = format!("{name} was not ready");
        let began = Instant::now();
        let misfits = Box::pin(scene::serve(bench, service, &mut course.witnesses)).await?;
        if !course.came_up(name, began, misfits) {
            return Ok(());
        }
    }
    if let Some(start) = &bench.test.start {
        course.at = match start.ready() {
            None => "the job still ran".to_owned(),
            Some(_) => "the container was not ready".to_owned(),
        };
        let began = Instant::now();
        let misfits = Box::pin(up(bench, start, course)).await?;
        if !course.came_up("starts".to_owned(), began, misfits) {
            return Ok(());
        }
    }
    let mut checks = bench.test.checks.as_slice();
    while let Some((first, rest)) = checks.split_first() {
        // Those that need no container of the test do not disturb each other.
        let alike = |check: &&Check| !check.needs_running();
        let apart = checks.iter().take_while(alike).count();
        let (group, rest) =
            if apart == 0 { (std::slice::from_ref(first), rest) } else { checks.split_at(apart) };
        checks = rest;
        course.at = format!("{} was under way", checks::name(first));
        let bench = &*bench;
        let left_out: Vec<String> = group.iter().filter(|check| check.skip).map(checks::name).collect();
        if !left_out.is_empty() {
            let text =
                format!("{}: skipped, as it is written there: {}", bench.test.name, left_out.join(", "));
            bench.events.emit(Event::Note { text });
        }
        let mut made =
            stream::iter(group.iter().map(|check| Box::pin(checks::make(bench, check)))).buffered(AT_ONCE);
        while let Some(result) = made.next().await {
            course.checks.push(result?);
        }
    }
    still_up(bench, course).await
}

impl Course {
    /// Adds what came of starting something, and says whether it is up.
    fn came_up(&mut self, name: String, began: Instant, misfits: Vec<Misfit>) -> bool {
        let up = misfits.is_empty();
        self.checks.push(CheckResult {
            name,
            kind: "start".to_owned(),
            verdict: if up { Verdict::Passed } else { Verdict::Failed },
            ms: millis(began.elapsed()),
            misfits,
            reproduce: None,
        });
        up
    }
}

/// Starts the container and waits for it; what is wrong with it otherwise.
async fn up(bench: &mut Bench<'_>, start: &Start, course: &mut Course) -> Result<Vec<Misfit>> {
    let ready = start.ready();
    let by_health = match ready.map(|ready| scene::judged_by_health(bench.image, ready)) {
        Some(Ok(by_health)) => by_health,
        Some(Err(misfit)) => return Ok(vec![misfit]),
        None => false,
    };
    let network = bench.network().await?;
    let spec = scene::of_test(bench.image, bench.test, network, ready.filter(|_| by_health));
    let given = bench.test.container.network.as_deref();
    let reproduce = scene::reproduce(&spec, bench.image_name(), given);
    let witnesses = &mut course.witnesses;
    let mut note = |id: &str| {
        witnesses.push(Witness { id: id.to_owned(), service: None, reproduce: reproduce.clone() });
    };
    let id = match Box::pin(scene::launch(bench, spec, &mut note)).await? {
        Ok(id) => id,
        Err(misfit) => return Ok(vec![misfit]),
    };
    let engine = bench.keeper.engine();
    if let Some(looked) = engine.inspect_container(&id).await? {
        course.started.push(Started { id: id.clone(), started_at: looked.started_at });
    }
    let waited = match ready {
        Some(ready) => {
            let at = Awaited { keeper: bench.keeper, watcher: bench.watcher, id: &id, network: given };
            Box::pin(scene::wait(at, ready, by_health)).await?
        }
        None => scene::over(scene::end(engine, bench.watcher, &id).await?, bench.watcher),
    };
    let may_end = match start {
        Start::Job | Start::Any(_) => true,
        Start::Either(_) => bench.image.exposed.is_empty() && bench.image.healthcheck.is_none(),
        Start::Service(_) => false,
    };
    Ok(match waited {
        Ready::Up(container) => {
            bench.running = Some(*container);
            Vec::new()
        }
        Ready::Done if may_end => Vec::new(),
        Ready::Done => {
            vec![Misfit::new("the container", "up", "it ended, with exit code 0, instead of staying up")]
        }
        Ready::Not(misfits) => misfits,
    })
}

/// A container that dies of its tests did not pass them.
async fn still_up(bench: &Bench<'_>, course: &mut Course) -> Result<()> {
    let Some(container) = &bench.running else { return Ok(()) };
    let problem = match bench.engine().inspect_container(&container.id).await? {
        Some(container) if !scene::ended(&container) => return Ok(()),
        Some(container) => scene::end_problem(&container, bench.watcher)
            .unwrap_or_else(|| "it ended during its tests".to_owned()),
        None => "somebody removed it during the test".to_owned(),
    };
    let misfit = Misfit::new("the container", "up after its checks", problem);
    course.came_up("stays up".to_owned(), Instant::now(), vec![misfit]);
    Ok(())
}

/// What the test's containers left to be read. An engine that takes too long for it is told by what comes next.
async fn evidence(bench: &Bench<'_>, witnesses: &[Witness]) -> Result<Vec<Evidence>> {
    let look = async {
        let mut all = Vec::new();
        for witness in witnesses {
            all.extend(scene::evidence(bench.engine(), bench.watcher, witness).await?);
        }
        Ok(all)
    };
    let all: Vec<Evidence> = tokio::time::timeout(EVIDENCE, look).await.unwrap_or_else(|_| Ok(Vec::new()))?;
    Ok(all)
}
