//! What of a context a BuildKit server asks for, and what it gets for it.
//!
//! A server names paths and patterns ([`Selection`]). They are looked up in the [`Listing`](super::Listing), never on the
//! disk again, and give [`Selected`]: the entries to send, in order, and a way to read them.
//!
//! - [`follow`]: from named paths to patterns that name the links on the way, too, and where these lead.
//! - [`filter`]: from patterns to entries, as BuildKit's own client filters its walk.
//! - [`selected`], [`contents`]: the entries, and the bytes of the files among them.

mod contents;
mod filter;
mod follow;
mod selected;

pub use contents::Contents;
pub use selected::{Selected, Selection, SentEntry};
