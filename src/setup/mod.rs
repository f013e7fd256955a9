//! What imgbuild writes into a repository when it is asked to: hooks.

mod diff;
pub mod hooks;
