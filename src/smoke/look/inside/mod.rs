//! What imgbuild's own executable does in a container that shares namespaces with the one under test. It prints JSON, a
//! value a line.

mod dns;
mod job;
mod packet;
mod signal;

pub(super) use job::{CONNECTED, LISTENING, NAME, SIGNALLED, connects};
pub use job::{Inside, inside};
pub(super) use signal::{ROUNDS, pids, raw};
