//! What imgbuild writes into a repository when it is asked to: hooks.

pub mod hooks;
