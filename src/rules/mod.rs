//! The practices as rules: one file per rule, findings, waivers, the scorecard. No I/O: everything that rules judge is a
//! value that was fetched before.
//!
//! A rule is a file below `registry/` and a line in `registry.rs`; its doc comment is its documentation everywhere.

pub mod analysis;
mod baseline;
mod builder;
mod context_files;
mod documentation;
mod excuse;
mod expectations;
mod fact;
pub mod facts;
mod finding;
mod fix;
mod found;
mod glob;
mod item;
mod judge;
mod level;
mod record;
mod regime;
pub mod registry;
mod rule;
mod scorecard;
mod settle;
mod shellcheck;
mod sightings;
pub mod waiver;
mod words;

pub use analysis::Analysis;
pub use baseline::Baseline;
pub use builder::BuilderRemark;
pub use documentation::{HEADINGS, documentation, first_reference, section};
pub use expectations::Expectations;
pub use fact::Fact;
pub use finding::{Edit, Excuse, Finding, Fix, Place, Region};
pub use fix::{Fixed, fix};
pub use found::Found;
pub use glob::Glob;
pub use item::Item;
pub use judge::Verdicts;
pub use level::Level;
pub use record::{EditRecord, FindingRecord, FixRecord, RegionRecord, fix_to_show};
pub use regime::{Demands, InlineTrust, Regime};
pub use rule::{Check, Rule};
pub use scorecard::{ItemState, Score, Shown, scorecard};
pub use settle::{FileWaivers, Judgement, settle};
pub use shellcheck::{Remark, Remarks, ShellScript, shell_findings, shell_scripts};
pub use sightings::sightings;
#[cfg(test)]
pub(crate) use words::SECRET_LINES;
pub use words::{hides_secret, secrets_in};
pub(crate) use words::{holds_secret, services};

use rule::rule;
