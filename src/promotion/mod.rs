//! Promotion: whether an image may go to the release registry, and which tags it gets there. Decided from values alone.
//!
//! [`decide`](fn@decide) tells every reason against it at once; what it lets through is a [`Promotion`], which nothing else makes and
//! without which no tag is set there.

mod branches;
mod decide;
mod image;
mod inputs;
mod model;
mod reasons;
mod release;
mod statement;
mod text;

#[cfg(test)]
mod tests;

pub use branches::matches;
pub use decide::{decide, who};
pub use inputs::{Commit, Inputs, Platform, Reach};
pub use model::{Promotion, SCHEMA};
pub use reasons::Reason;
pub use release::{GitTag, Release, Wish, release, version};
pub use statement::{By, PREDICATE_TYPE, is_recorded, record};
