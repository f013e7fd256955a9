//! Real repositories, made by the git command.

mod ancestry;
mod branches;
mod clean;
mod facts;
mod files;
pub(crate) mod fixture;
mod foreign;
mod hostile;
mod odd;
mod refs;
mod tracked;
mod untouched;

pub(crate) use fixture::{Fixture, isolated_tests};
