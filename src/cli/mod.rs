//! The command line: arguments, output mode, dispatch. The only room that reads the environment and the terminal,
//! and, with the reporters it sets up, the only one that writes to them.

pub mod args;
mod check;
mod ci;
mod commands;
pub mod completions;
mod entry;
mod flags;
mod help;
mod hook;
mod init;
pub mod man;
mod output;
pub mod reference;
mod tree;

pub use entry::main;
