//! Runs an image and judges it.

use super::look::Still;
use super::scene::Watcher;
use super::verified::{Candidate, TestResult, VerifiedImage};
use super::{ProbePlan, course, probes};
use crate::engine::{Image, Keeper};
use crate::error::{Error, Kind, Result};
use crate::event::{Events, Outcome};
use crate::expect::TestSpec;
use crate::rules::facts::RuntimeFacts;

/// What is put to an image.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The tests.
    pub tests: Vec<TestSpec>,
    /// The probes.
    pub probes: ProbePlan,
}

/// What came of it. Nothing but [`put`] makes one.
#[derive(Debug)]
pub struct Verification {
    image: String,
    tests: Vec<TestResult>,
    seen: RuntimeFacts,
}

impl Verification {
    /// The tests, in order.
    pub fn tests(&self) -> &[TestResult] {
        &self.tests
    }

    /// What the probes saw.
    pub fn seen(&self) -> &RuntimeFacts {
        &self.seen
    }
}

/// Makes a verified image of `candidate`, where every test of `verification` passed.
///
/// The error is of kind `Tests` where the image is to blame.
pub fn verify(candidate: Candidate, verification: Verification) -> Result<VerifiedImage> {
    if candidate.id().as_str() != verification.image {
        return Err(Error::new(Kind::Internal, "the image that was tested is not the one to be published"));
    }
    judge(&verification.tests)?;
    Ok(VerifiedImage::new(candidate, verification.tests))
}

/// An error that names the failed tests, if any did.
pub fn judge(results: &[TestResult]) -> Result<()> {
    let failed: Vec<&TestResult> = results.iter().filter(|result| result.outcome != Outcome::Ok).collect();
    if results.iter().all(|result| result.checks.is_empty()) && failed.is_empty() {
        return Err(Error::new(Kind::Internal, "no check was made, so nothing is known about the image"));
    }
    if failed.is_empty() {
        return Ok(());
    }
    // What was expected and what was there stands with each of them.
    let names: Vec<&str> = failed.iter().map(|result| result.name.as_str()).collect();
    let message =
        format!("{} of {} tests of the image failed: {}", failed.len(), results.len(), names.join(", "));
    Err(Error::new(Kind::Tests, message).hint("nothing was tagged or pushed"))
}

/// Puts tests and probes to `image`, side by side where they do not disturb each other. The error is a fault of the engine's.
pub async fn put(keeper: &Keeper, image: &Image, subject: &Subject, events: &Events) -> Result<Verification> {
    let watcher = Watcher::new(keeper);
    let still = Still::default();
    // Boxed: the compiler lays out what awaits them again and again.
    let tests = Box::pin(course::all(keeper, &watcher, image, &still, &subject.tests, events));
    let probes = Box::pin(probes::run(keeper, &watcher, image, &still, &subject.probes, events));
    let both = async {
        match subject.probes.disturbs() {
            false => futures_util::future::try_join(tests, probes).await,
            true => Ok((tests.await?, probes.await?)),
        }
    };
    let (tests, seen) = watcher.beside(both).await?;
    Ok(Verification { image: image.id.clone(), tests, seen })
}
