//! Test files of other tools, read into tests: container-structure-test and goss. What of a file cannot be kept is a
//! [`Problem`] with its place, and never left out in silence.

mod fields;
mod problem;
mod yaml;

pub use problem::Problem;
