//! One file per command: the straight line of its stages. Signals, the awaited clean-up and the report are around
//! all of them (`supervise`).

mod adopt;
mod base;
mod base_facts;
mod check;
mod ci;
mod clean;
mod context;
mod context_facts;
mod copy;
mod courses;
mod detect;
mod facts;
mod gather;
mod image_facts;
mod inside;
mod judging;
mod plan;
mod policy;
mod practices;
mod prepare;
mod registries;
mod services;
mod session;
mod signals;
mod supervise;
mod tags;
mod test;
mod undo;
mod verification;

pub use check::{CheckOptions, Checked, check, check_reported};
pub use ci::{build, ci};
pub use clean::{Cleaned, clean};
pub use context::{Shown, context};
pub use copy::copy;
pub use detect::{Around, detect};
pub use gather::dockerfile_text;
pub use inside::{Inside, inside};
pub use plan::{Planned, Run, plan, settings};
pub use session::Session;
pub use supervise::Ended;
pub use tags::{Tags, tags};
pub use test::test;
pub use undo::undo;
