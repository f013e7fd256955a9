//! Probes of practices that only a running container shows. They yield facts; the rules on them are in `rules`.

mod plan;
mod run;

pub use plan::ProbePlan;
pub(super) use run::run;
