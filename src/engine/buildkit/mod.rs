//! BuildKit in its own protocol: gRPC over the engine's socket, and a session in which the builder asks us for files, logins
//! and secrets.
//!
//! `connect` finds the builder and what it can; `elsewhere` says what is wrong with one that is none of the engine's; `session`
//! is what it may ask of us; `request` is what it is told to do; `progress`, `warnings` and `step` read what it tells
//! meanwhile; `content` has caches in folders of ours; `build` is all of it at once.

mod build;
mod connect;
mod content;
mod elsewhere;
mod progress;
mod request;
mod session;
mod step;
mod trouble;
mod tunnel;
mod warnings;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use connect::BuildKit;
pub use request::{BuildKitRequest, Cache, FileTimes};
pub use session::{Agent, Secret};
