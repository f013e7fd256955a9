//! The proof that an image was run.

use crate::engine::{BuiltImage, PulledImage};
use crate::event::Outcome;
use crate::expect::{CheckResult, Evidence};
use crate::image::Digest;

/// One test and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Wall time in milliseconds.
    pub ms: u64,
    /// Its checks, in order; the first is the container's start, where there is one.
    pub checks: Vec<CheckResult>,
    /// What stopped the whole of it: its deadline.
    pub stopped: Option<String>,
    /// What its containers left to be read, where it failed.
    pub evidence: Vec<Evidence>,
    /// The containers it started.
    pub containers: Vec<Started>,
}

impl TestResult {
    /// Why it failed, one line each; empty where it passed.
    pub fn problems(&self) -> Vec<String> {
        self.checks.iter().flat_map(CheckResult::sentences).chain(self.stopped.clone()).collect()
    }
}

/// A container that was started, as the engine reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The container's id.
    pub id: String,
    /// RFC 3339, by the engine's clock.
    pub started_at: String,
}

/// What is put to the tests: an image that came from somewhere we can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidate {
    /// This run built it.
    Built(BuiltImage),
    /// This run pulled it by its digest, to go on from what an earlier one published.
    Pulled(PulledImage),
}

impl Candidate {
    /// The engine's id of it.
    pub fn id(&self) -> &Digest {
        match self {
            Candidate::Built(image) => image.id(),
            Candidate::Pulled(image) => image.id(),
        }
    }
}

/// An image that was run and passed every test. Nothing else can be published, and nothing but
/// [`verify`](fn@super::verify) makes one:
///
/// ```compile_fail,E0451
/// fn forge(image: imgbuild::smoke::Candidate) -> imgbuild::smoke::VerifiedImage {
///     imgbuild::smoke::VerifiedImage { image, tests: Vec::new() }
/// }
/// ```
///
/// An image that was only built is not accepted where one is wanted:
///
/// ```compile_fail,E0308
/// fn skip_the_tests(image: &imgbuild::engine::BuiltImage) {
///     fn wants(_: &imgbuild::smoke::VerifiedImage) {}
///     wants(image);
/// }
/// ```
#[derive(Debug)]
pub struct VerifiedImage {
    image: Candidate,
    tests: Vec<TestResult>,
}

impl VerifiedImage {
    /// Called by `verify` alone, after every test passed.
    pub(super) fn new(image: Candidate, tests: Vec<TestResult>) -> Self {
        VerifiedImage { image, tests }
    }

    /// The image that was tested.
    pub fn image(&self) -> &Candidate {
        &self.image
    }

    /// The engine's id of it.
    pub fn id(&self) -> &Digest {
        self.image.id()
    }

    /// The tests it passed, with the containers that were started for them.
    pub fn tests(&self) -> &[TestResult] {
        &self.tests
    }
}
