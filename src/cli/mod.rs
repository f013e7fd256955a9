//! The command line: arguments, output mode, dispatch. The only room that reads the environment and the terminal,
//! and, with the reporters it sets up, the only one that writes to them.

pub mod args;
mod check;
mod ci;
mod commands;
mod entry;
mod flags;
mod help;
mod hook;
mod output;

pub use entry::main;
