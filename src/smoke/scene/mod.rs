//! What a test runs in: the container, when it counts as started, and the containers beside it.

mod bench;
mod container;
mod evidence;
mod launch;
mod ready;
mod reproduce;
mod services;
mod watch;
mod ways;

pub(super) use bench::Bench;
pub(super) use container::{exposed, of_command, of_test};
pub(super) use evidence::{Witness, evidence};
pub(super) use launch::{end, end_problem, ended, launch};
pub(super) use ready::{Awaited, OF_THE_HOST, Ready, judged_by_health, over, wait};
pub(super) use reproduce::command as reproduce;
pub(super) use services::serve;
pub(super) use watch::Watcher;
pub(super) use ways::ways;
