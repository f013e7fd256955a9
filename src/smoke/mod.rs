//! The tests of the image, and the probes of practices that only a running container shows. [`VerifiedImage`] is made here
//! and nowhere else.
//!
//! `verify` is the straight line, `course` that of one test; `scene` sets up what a test runs in; `checks` has one file per kind of check; `look` is how
//! an image or a container is looked into from outside; `probes` yield the facts that rules judge.

mod checks;
mod course;
mod gate;
mod look;
mod probes;
mod scene;
mod verified;
mod verify;

pub use gate::{Gate, host_command};
pub use look::{DnsSink, Inside, Socket, Sockets, connect, freeze, inside, sockets, thaw};
pub use probes::ProbePlan;
pub use verified::{Candidate, Started, TestResult, VerifiedImage};
pub use verify::{Subject, Verification, judge, put, verify};
