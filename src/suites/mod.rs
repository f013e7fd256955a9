//! Test files of other tools, read into tests: container-structure-test and goss. What of a file cannot be kept is a
//! [`Problem`](crate::yaml::Problem) with its place, and never left out in silence.

mod goss;
mod structure_test;

pub use goss::goss;
pub use structure_test::{Outside, structure_test};
