//! What several rules ask of the words of a shell command, and how they say it.

pub(in crate::rules) mod caches;
pub(in crate::rules) mod commands;
pub(in crate::rules) mod node;
pub(in crate::rules) mod packages;
pub(in crate::rules) mod python;
