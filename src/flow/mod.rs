//! One file per command: the straight line of its stages. Signals, the awaited clean-up and the report are around
//! all of them (`supervise`).

mod adopt;
mod base;
mod base_facts;
mod build_image;
mod builder;
mod by_hand;
mod caches;
mod check;
mod ci;
mod ci_info;
mod clean;
mod contents;
mod context;
mod context_facts;
mod copy;
mod courses;
mod detect;
mod doctor;
mod facts;
mod gather;
mod hook;
mod image_facts;
mod init;
mod inside;
mod inventory;
mod judging;
mod of_commit;
mod plan;
mod policy;
mod practices;
mod pre_push;
mod prepare;
mod registries;
mod services;
mod session;
mod signals;
mod site;
mod supervise;
mod tags;
mod test;
mod undo;
mod verification;

#[cfg(test)]
mod testing;

pub use check::{CheckOptions, Checked, check, check_reported};
pub use ci::{build, ci};
pub use ci_info::{CiInfo, ci_info};
pub use clean::{Cleaned, clean};
pub use context::{Shown, context};
pub use copy::copy;
pub use detect::{Around, detect};
pub use doctor::doctor;
pub use gather::{dockerfile_text, root_of};
pub use hook::{HookOptions, Hooked, Manager, hook};
pub use init::{Ci, InitOptions, Initiated, Language, init};
pub use inside::{Inside, inside};
pub use plan::{Planned, Run, plan, settings};
pub use pre_push::{Gate, Judged, PushOptions, is_skipped, pre_push};
pub use session::Session;
pub use supervise::Ended;
pub use tags::{Tags, tags};
pub use test::test;
pub use undo::undo;
