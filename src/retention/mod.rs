//! What may go, and what holds the rest: of the images of an engine, and of a repository in a registry.
//!
//! [`of_repository`] and [`of_engine`] are pure: everything is decided before anything is removed. [`read`](fn@read) makes the graph of
//! a repository that the first one judges, [`carry_out`](fn@carry_out) deletes what it found, and looks again right before each deletion.

mod carry_out;
mod engine;
mod graph;
mod holds;
mod names;
mod read;
mod repository;
mod unique;
mod verdict;

#[cfg(test)]
mod testing;

pub use carry_out::{Outcome, carry_out};
pub use engine::{EngineRules, Found, of_engine};
pub use graph::{Graph, Node};
pub use holds::Holds;
pub use names::Names;
pub use read::read;
pub use repository::{Decision, Judged, of_repository};
pub use unique::UniqueTag;
pub use verdict::{Item, Thing, Verdict, bytes_text};
