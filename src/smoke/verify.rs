//! Runs an image and judges it.

use std::time::Instant;

use super::verified::{Candidate, Started, TestResult, VerifiedImage};
use super::{commands, container, ready, web};
use crate::config::{Origin, TestSpec};
use crate::engine::{Image, Keeper};
use crate::error::{Error, Kind, Result};
use crate::event::{Event, Events, Outcome, millis};

/// Runs every test on the image. Only an image that passed all of them is verified.
///
/// The error is of kind `Tests` where the image is to blame, `Engine` where the engine is.
pub async fn verify(
    keeper: &Keeper,
    candidate: Candidate,
    tests: &[TestSpec],
    events: &Events,
) -> Result<VerifiedImage> {
    let image = keeper.engine().require_image(candidate.id().as_str()).await?;
    let results = run_tests(keeper, &image, tests, events).await?;
    judge(&results)?;
    Ok(VerifiedImage::new(candidate, results))
}

/// An error that names the failed tests, if any did.
pub fn judge(results: &[TestResult]) -> Result<()> {
    let failed: Vec<&TestResult> = results.iter().filter(|result| result.outcome != Outcome::Ok).collect();
    if results.is_empty() {
        return Err(Error::new(Kind::Internal, "no test was run, so nothing is known about the image"));
    }
    if failed.is_empty() {
        return Ok(());
    }
    let said: Vec<String> = failed.iter().map(|r| format!("{}: {}", r.name, r.problems.join("; "))).collect();
    let message =
        format!("{} of {} tests of the image failed: {}", failed.len(), results.len(), said.join(" / "));
    Err(Error::new(Kind::Tests, message).hint("nothing was tagged or pushed"))
}

/// Runs every test on `image`, one after the other, and goes on after a failed one.
pub async fn run_tests(
    keeper: &Keeper,
    image: &Image,
    tests: &[TestSpec],
    events: &Events,
) -> Result<Vec<TestResult>> {
    let network = keeper.network().await?;
    let mut results = Vec::new();
    for spec in tests {
        results.push(run_test(keeper, image, spec, network, events).await?);
    }
    Ok(results)
}

/// What one test came to, before it is timed and told.
#[derive(Default)]
struct Verdict {
    problems: Vec<String>,
    containers: Vec<Started>,
}

async fn run_test(
    keeper: &Keeper,
    image: &Image,
    spec: &TestSpec,
    network: &str,
    events: &Events,
) -> Result<TestResult> {
    events.emit(Event::TestStarted { name: spec.name.clone() });
    let began = Instant::now();
    let mut verdict = Verdict::default();
    let mut running = None;
    let test = test(keeper, image, spec, network, &mut verdict, &mut running);
    if tokio::time::timeout(spec.within, test).await.map_or(Ok(true), |done| done.map(|()| false))? {
        verdict.problems.push(format!("the test did not end within {} s", spec.within.as_secs_f32()));
    }
    if let Some(id) = running {
        if !verdict.problems.is_empty() {
            container::show_log(keeper.engine(), &id, &spec.name, events).await?;
        }
        keeper.engine().remove_container(&id).await?;
    }
    let outcome = if verdict.problems.is_empty() { Outcome::Ok } else { Outcome::Failed };
    let ms = millis(began.elapsed());
    events.emit(Event::TestFinished {
        name: spec.name.clone(),
        outcome,
        ms,
        problems: verdict.problems.clone(),
    });
    Ok(TestResult {
        name: spec.name.clone(),
        outcome,
        ms,
        problems: verdict.problems,
        containers: verdict.containers,
    })
}

/// The straight line of one test. `running` is set as soon as there is a container to look at and to remove.
async fn test(
    keeper: &Keeper,
    image: &Image,
    spec: &TestSpec,
    network: &str,
    verdict: &mut Verdict,
    running: &mut Option<String>,
) -> Result<()> {
    let by_health = match ready::judged_by_health(image, &spec.ready) {
        Ok(by_health) => by_health && !spec.job,
        Err(problem) => {
            verdict.problems.push(problem);
            return Ok(());
        }
    };
    let engine = keeper.engine();
    let id = keeper.container(container::of_test(image, spec, network, by_health)).await?;
    *running = Some(id.clone());
    if let Err(error) = engine.start_container(&id).await {
        // A command that does not exist is the image's fault, and the engine says so only here.
        let Some(looked) = engine.inspect_container(&id).await? else { return Err(error) };
        let why = if looked.error.is_empty() { error.to_string() } else { looked.error };
        verdict.problems.push(format!("the container could not start: {why}"));
        return Ok(());
    }
    if let Some(looked) = engine.inspect_container(&id).await? {
        verdict.containers.push(Started { id: id.clone(), started_at: looked.started_at });
    }
    let mut wanted = spec.ready;
    if spec.job {
        // A job is waited for as long as the test may take.
        wanted.settle = spec.within;
    }
    let up = match ready::wait(engine, &id, &wanted, by_health, may_end(image, spec)).await? {
        ready::Ready::Up(_) if spec.job => {
            verdict.problems.push(format!("the job did not end within {} s", spec.within.as_secs_f32()));
            return Ok(());
        }
        ready::Ready::Up(container) => Some(container),
        ready::Ready::Done => None,
        ready::Ready::Not(problems) => {
            verdict.problems.extend(problems);
            return Ok(());
        }
    };
    for http in &spec.http {
        match &up {
            Some(container) => {
                verdict.problems.extend(web::check(engine.info(), container, http).await.err())
            }
            None => verdict.problems.push(format!("{}: the container has ended", http.path)),
        }
    }
    for run in &spec.run {
        let problem = if run.fresh || up.is_none() {
            commands::apart(keeper, image, spec, network, run).await?
        } else {
            commands::inside(keeper, &id, run).await?
        };
        verdict.problems.extend(problem);
    }
    if up.is_some() && verdict.problems.is_empty() {
        still_up(keeper, &id, verdict).await?;
    }
    Ok(())
}

/// A container that dies of its tests did not pass them.
async fn still_up(keeper: &Keeper, id: &str, verdict: &mut Verdict) -> Result<()> {
    match keeper.engine().inspect_container(id).await? {
        Some(container) if !ready::ended(&container) => {}
        Some(container) => verdict.problems.push(
            ready::end_problem(&container)
                .unwrap_or_else(|| "the container ended during its tests".to_owned()),
        ),
        None => verdict.problems.push("somebody removed the container during the test".to_owned()),
    }
    Ok(())
}

/// Whether ending with exit code 0 is fine: for a job, and where nothing was said and the image looks like no
/// service.
fn may_end(image: &Image, spec: &TestSpec) -> bool {
    let nothing_said = spec.origin == Origin::Default && spec.http.is_empty();
    spec.job || (nothing_said && image.exposed.is_empty() && image.healthcheck.is_none())
}
