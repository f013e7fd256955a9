//! Test files of other tools, read into tests: container-structure-test and goss. What of a file cannot be kept is a
//! [`Problem`] with its place, and never left out in silence.

mod fields;
mod goss;
mod problem;
mod structure_test;
mod yaml;

pub use goss::goss;
pub use problem::Problem;
pub use structure_test::{Outside, structure_test};
