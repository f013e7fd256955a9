//! Publishes what was tested, and takes back what was published. It takes a
//! [`VerifiedImage`](crate::smoke::VerifiedImage), which only the tests make.
//!
//! The image goes up once, through the engine, by its unique tag ([`publish`]); every further tag is the same manifest
//! put under another name. Each tag is looked at before, and read back after.

mod channel;
mod login;
mod named;
mod order;
mod phases;
mod place;
mod promote;
mod readback;
mod remove;
mod undo;
mod upload;

pub use channel::{Channel, PublishLimits, Published, PublishedTag, Way};
pub use login::auth_entry;
pub use named::tag_on_engine;
pub use order::publish;
pub use promote::promote;
pub use remove::{Removed, remove_tag};
pub use undo::{RecordedTag, undo};
