//! What several rules ask of the words of a shell command, and how they say it.

pub mod caches;
pub mod commands;
pub mod packages;
pub mod python;
