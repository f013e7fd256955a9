//! What has to be fetched before rules can judge by it, as values. The flow fetches; nothing here does I/O.

mod base;
mod context;
mod image;

pub use base::{BaseFact, BaseFacts, BaseState};
pub use context::{ContextEntry, ContextFacts, GitFacts};
pub use image::{HistoryEntry, ImageFacts};
