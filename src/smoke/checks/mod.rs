//! The checks, one file per kind. Each gives what does not fit; an error is a fault of the engine's.

mod exchange;
mod exec;
mod expand;
mod http;
mod make;
mod run;

pub(super) use http::ask;
pub(super) use make::make;
