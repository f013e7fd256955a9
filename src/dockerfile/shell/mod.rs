//! Shell scripts as data: which commands a `RUN`, a heredoc or an entrypoint script runs, with which words.
//!
//! [`parse`] reads what POSIX shells and bash read, and never fails: of a script that makes no sense, it gives what it
//! could read. [`Script::with_inner`] adds the commands of `sh -c '…'` strings. The questions that rules ask of a
//! command (its flags, what stands behind `sudo`) are methods of [`Command`]. Nothing is expanded.

mod commands;
mod compound;
mod expansions;
mod inner;
mod options;
mod reader;
mod redirects;
mod syntax;
mod words;
mod wrappers;

#[cfg(test)]
mod tests;

pub use reader::parse;
pub use syntax::{Assignment, Command, Context, Contexts, Link, Redirect, Script, Word};
