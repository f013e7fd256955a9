//! The readers of lists of packages: one file for each that there is.

mod cargo;
mod found;
mod go;
mod npm;
mod program;
mod python;
mod rpm;
mod sqlite;
mod stanzas;

pub(super) use found::{Found, short};
pub(super) use npm::package_json;
pub(super) use program::Program;
pub(super) use python::metadata;
pub(super) use rpm::rpmdb;
pub(super) use stanzas::{Kind, Stanzas};
