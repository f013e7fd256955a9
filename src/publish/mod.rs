//! Tags and pushes what was tested, and reads back what the registry holds. It takes a
//! [`VerifiedImage`](crate::smoke::VerifiedImage), which only the tests make.

mod push;
mod readback;

pub use push::{Channel, Published, PublishedTag, publish, tag_on_engine};
