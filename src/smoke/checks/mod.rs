//! The checks, one file per kind. Each gives what does not fit; an error is a fault of the engine's.

mod accounts;
mod address;
mod exchange;
mod exec;
mod expand;
mod file;
mod http;
mod licenses;
mod make;
mod metadata;
mod misfits;
mod packages;
mod port;
mod process;
mod run;

pub(super) use exec::{on_host, without_secrets};
pub(super) use expand::filled;
pub(super) use http::{ask, until_fits};
pub(super) use make::{make, name};
