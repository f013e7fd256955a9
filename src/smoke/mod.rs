//! The tests of the image: it is run, judged, and only then verified. [`VerifiedImage`] is made here and nowhere else.

mod commands;
mod container;
mod http;
mod ready;
mod verified;
mod verify;
mod web;

pub use verified::{Candidate, Started, TestResult, VerifiedImage};
pub use verify::{judge, run_tests, verify};
