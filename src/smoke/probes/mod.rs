//! Probes of practices that only a running container shows. They yield facts; the rules on them are in `rules`.
//!
//! `run` says which are made; `rig` makes their containers; `shared` is the container of all that do not disturb each other;
//! `frozen`, `offline` and `variants` have containers of their own; the others sort what was seen.

mod frozen;
mod kind;
mod lines;
mod offline;
mod plan;
mod processes;
mod rig;
mod run;
mod shared;
mod users;
mod variants;
mod writes;

pub use plan::ProbePlan;
pub(super) use run::run;
