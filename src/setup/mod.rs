//! What imgbuild writes into a repository when it is asked to: hooks, and what a repository lacks.

mod diff;
pub mod hooks;
pub mod init;
