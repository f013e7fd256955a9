//! Files of container-structure-test, schema 2.0.0, read into one test. What they mean was measured on version 1.19.1
//! with its docker driver: `$NAME` is filled in in the words of commands and in paths of existence tests, and from the
//! image's own variables and `globalEnvVars` alone; a test's `envVars` are taken as they stand.

mod command;
mod env_file;
mod file;
mod metadata;
mod options;
mod read;
#[cfg(test)]
mod tests;

pub use options::Outside;
pub use read::structure_test;
