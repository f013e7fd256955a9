//! The pure plan: from facts to every tag, label and argument of the run, or a refusal. No I/O, no clock.

mod args;
mod decide;
mod destination;
mod inputs;
mod labels;
mod model;
mod refuse;
mod tags;
mod text;
mod version;

pub use decide::{plan, precheck, tags_to_ask};
pub use destination::{Command, Destination, PushDecision, Request, destination};
pub use inputs::{BaseImage, Inputs};
pub use model::{Plan, PlannedTag, Promise, SCHEMA};
