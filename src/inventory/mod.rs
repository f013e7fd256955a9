//! What an image holds: its packages, and what of its files matters. Layers are read as they pass by, each once, are never
//! unpacked, and cost a bounded memory, whatever they claim to be.

mod contents;
mod os_release;
mod package;

pub use contents::Inventory;
pub use os_release::OsRelease;
pub use package::{Ecosystem, Package, SourcePackage};
