//! Caches in folders of ours, which the builder reads and fills through the session: containerd's content service, with a
//! folder of blobs behind it.
//!
//! `caches` says which folders there are; `folder` holds one, and `index` what it is a cache of; `service` is what the
//! builder calls, in `messages`.

mod caches;
mod folder;
mod index;
mod messages;
mod service;

#[cfg(test)]
mod tests;

pub(super) use caches::Caches;
pub(super) use service::{Content, METHODS};
