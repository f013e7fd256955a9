//! What a test runs in: the container, when it counts as started, and the containers beside it.

mod bench;
mod container;
mod ready;

pub(super) use bench::Bench;
pub(super) use container::{of_command, of_test, show_log};
pub(super) use ready::{Ready, end_problem, ended, judged_by_health, wait};
