//! The pure plan: from facts to every tag, label and argument of the run, or a refusal. No I/O, no clock.

mod adopt;
mod args;
mod decide;
mod destination;
mod extra;
mod forward;
mod inputs;
mod labels;
mod model;
mod refuse;
mod request;
mod tags;
mod text;
mod version;

#[cfg(test)]
mod tests;

pub use decide::{plan, precheck, tags_to_ask};
pub use destination::{Command, Destination, PushDecision, Request, destination, registry, without_rights};
pub use inputs::{BaseImage, Course, Inputs};
pub use model::{Adoption, KeptTag, Plan, PlannedTag, Promise, SCHEMA};
pub use version::{Line, VersionTag, is_version, of_git_tag, of_git_tags, of_registry, tags as version_tags};
