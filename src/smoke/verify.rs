//! Runs an image and judges it.

use std::time::Instant;

use super::look::Still;
use super::scene::{self, Bench};
use super::verified::{Candidate, Started, TestResult, VerifiedImage};
use super::{ProbePlan, checks, probes};
use crate::engine::{Image, Keeper};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events, Outcome, millis};
use crate::expect::{CheckResult, Misfit, Start, TestSpec, Verdict};
use crate::rules::facts::RuntimeFacts;

/// What is put to an image.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The tests.
    pub tests: Vec<TestSpec>,
    /// The probes.
    pub probes: ProbePlan,
}

/// What came of it.
#[derive(Debug)]
pub struct Verification {
    /// The tests, in order.
    pub tests: Vec<TestResult>,
    /// What the probes saw.
    pub seen: RuntimeFacts,
}

/// Makes a verified image of `candidate`, where every test of `verification` passed.
///
/// The error is of kind `Tests` where the image is to blame.
pub fn verify(candidate: Candidate, verification: Verification) -> Result<VerifiedImage> {
    judge(&verification.tests)?;
    Ok(VerifiedImage::new(candidate, verification.tests))
}

/// An error that names the failed tests, if any did.
pub fn judge(results: &[TestResult]) -> Result<()> {
    let failed: Vec<&TestResult> = results.iter().filter(|result| result.outcome != Outcome::Ok).collect();
    if results.iter().all(|result| result.containers.is_empty()) && failed.is_empty() {
        return Err(Error::new(
            Kind::Internal,
            "no container was started, so nothing is known about the image",
        ));
    }
    if failed.is_empty() {
        return Ok(());
    }
    let said: Vec<String> =
        failed.iter().map(|r| format!("{}: {}", r.name, r.problems().join("; "))).collect();
    let message =
        format!("{} of {} tests of the image failed: {}", failed.len(), results.len(), said.join(" / "));
    Err(Error::new(Kind::Tests, message).hint("nothing was tagged or pushed"))
}

/// Puts tests and probes to `image`, side by side. The error is a fault of the engine's.
pub async fn put(keeper: &Keeper, image: &Image, subject: &Subject, events: &Events) -> Result<Verification> {
    let tests = tests(keeper, image, &subject.tests, events);
    let probes = probes::run(keeper, image, &subject.probes, events);
    let (tests, seen) = futures_util::future::try_join(tests, probes).await?;
    Ok(Verification { tests, seen })
}

/// Runs every test, one after the other, and goes on after a failed one.
async fn tests(
    keeper: &Keeper,
    image: &Image,
    tests: &[TestSpec],
    events: &Events,
) -> Result<Vec<TestResult>> {
    let network = keeper.network().await?;
    let still = Still::default();
    let mut results = Vec::new();
    for spec in tests {
        results.push(run_test(keeper, image, spec, network, &still, events).await?);
    }
    Ok(results)
}

async fn run_test(
    keeper: &Keeper,
    image: &Image,
    spec: &TestSpec,
    network: &str,
    still: &Still,
    events: &Events,
) -> Result<TestResult> {
    events.emit(Event::TestStarted { name: spec.name.clone() });
    let began = Instant::now();
    let mut result = TestResult {
        name: spec.name.clone(),
        outcome: Outcome::Ok,
        ms: 0,
        checks: Vec::new(),
        stopped: None,
        evidence: None,
        containers: Vec::new(),
    };
    let mut bench = Bench { keeper, image, test: spec, network, still, running: None };
    let mut started = None;
    let test = test(&mut bench, &mut result, &mut started);
    if tokio::time::timeout(spec.within, test).await.map_or(Ok(true), |done| done.map(|()| false))? {
        result.stopped = Some(format!("the test did not end within {} s", spec.within.as_secs_f32()));
    }
    let passed = result.stopped.is_none() && result.checks.iter().all(|c| c.verdict == Verdict::Passed);
    result.outcome = if passed { Outcome::Ok } else { Outcome::Failed };
    if let Some(id) = started {
        if !passed {
            scene::show_log(keeper.engine(), &id, &spec.name, events).await?;
        }
        keeper.engine().remove_container(&id).await?;
    }
    result.ms = millis(began.elapsed());
    events.emit(Event::TestFinished {
        name: spec.name.clone(),
        outcome: result.outcome,
        ms: result.ms,
        problems: result.problems(),
    });
    Ok(result)
}

/// The straight line of one test. `started` is set as soon as there is a container to look at and to remove.
async fn test(bench: &mut Bench<'_>, result: &mut TestResult, started: &mut Option<String>) -> Result<()> {
    if let Some(start) = &bench.test.start {
        let began = Instant::now();
        let misfits = up(bench, start, result, started).await?;
        let verdict = if misfits.is_empty() { Verdict::Passed } else { Verdict::Failed };
        result.checks.push(CheckResult {
            name: "starts".to_owned(),
            kind: "start".to_owned(),
            verdict,
            ms: millis(began.elapsed()),
            misfits,
            reproduce: None,
        });
        if verdict == Verdict::Failed {
            return Ok(());
        }
    }
    checks::all(bench, &mut result.checks).await?;
    if let Some(container) = &bench.running {
        result.checks.extend(still_up(bench.keeper, &container.id).await?);
    }
    Ok(())
}

/// Starts the container and waits for it; what is wrong with it otherwise.
async fn up(
    bench: &mut Bench<'_>,
    start: &Start,
    result: &mut TestResult,
    started: &mut Option<String>,
) -> Result<Vec<Misfit>> {
    let wrong = |problems: Vec<String>| {
        problems.into_iter().map(|problem| Misfit::new("the container", "up", problem)).collect::<Vec<_>>()
    };
    let ready = match start {
        Start::Service(ready) | Start::Either(ready) => Some(ready),
        Start::Job => None,
    };
    let by_health = match ready.map(|ready| scene::judged_by_health(bench.image, ready)) {
        Some(Ok(by_health)) => ready.filter(|_| by_health),
        Some(Err(problem)) => return Ok(wrong(vec![problem])),
        None => None,
    };
    let engine = bench.keeper.engine();
    let container = scene::of_test(bench.image, bench.test, bench.network, by_health);
    let id = bench.keeper.container(container).await?;
    *started = Some(id.clone());
    if let Err(error) = engine.start_container(&id).await {
        // A command that does not exist is the image's fault, and the engine says so only here.
        let Some(looked) = engine.inspect_container(&id).await? else { return Err(error) };
        let why = if looked.error.is_empty() { error.to_string() } else { looked.error };
        return Ok(wrong(vec![format!("the container could not start: {why}")]));
    }
    if let Some(looked) = engine.inspect_container(&id).await? {
        result.containers.push(Started { id: id.clone(), started_at: looked.started_at });
    }
    match scene::wait(engine, &id, bench.test, start, bench.image, by_health.is_some()).await? {
        scene::Ready::Up(container) => bench.running = Some(*container),
        scene::Ready::Done => {}
        scene::Ready::Not(problems) => return Ok(wrong(problems)),
    }
    Ok(Vec::new())
}

/// A container that dies of its tests did not pass them.
async fn still_up(keeper: &Keeper, id: &str) -> Result<Option<CheckResult>> {
    let problem = match keeper.engine().inspect_container(id).await? {
        Some(container) if !scene::ended(&container) => return Ok(None),
        Some(container) => scene::end_problem(&container)
            .unwrap_or_else(|| "the container ended during its tests".to_owned()),
        None => "somebody removed the container during the test".to_owned(),
    };
    Ok(Some(CheckResult {
        name: "stays up".to_owned(),
        kind: "start".to_owned(),
        verdict: Verdict::Failed,
        ms: 0,
        misfits: vec![Misfit::new("the container", "up after its checks", problem)],
        reproduce: None,
    }))
}
