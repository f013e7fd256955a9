//! YAML files of other tools, and so JSON: values with their places, maps whose keys are known, and what is wrong with them.
//! Size, depth and what aliases unfold to are bounded.

mod fields;
mod json;
mod load;
mod node;
mod problem;
mod scalar;
#[cfg(test)]
mod tests;

pub(crate) use fields::{Fields, nearest};
pub(crate) use load::load;
pub(crate) use node::{Node, Value};
pub use problem::Problem;
pub(crate) use problem::shown;
