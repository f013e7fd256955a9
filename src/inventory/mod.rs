//! What an image holds: its packages, and what of its files matters. Layers are read as they pass by, each once, are never
//! unpacked, and cost a bounded memory, whatever they claim to be.
//!
//! [`of_export`] reads an engine's image, [`of_registry`] one that a registry has, [`of_archive`] a file. Bytes go through `unpack` and the tar
//! reader into `scan`, which keeps a small summary of each layer (`layer`); `merge` says what the final image shows of them.

mod contents;
mod export;
mod fetch;
mod layer;
mod leftover;
mod merge;
mod os_release;
mod package;
mod packages;
pub mod sbom;
mod scan;
mod unpack;
mod watch;
mod zstd;

#[cfg(test)]
mod tests;

pub use contents::Inventory;
pub use fetch::{of_archive, of_export, of_registry};
pub use os_release::OsRelease;
pub use package::{Ecosystem, Package, SourcePackage};
