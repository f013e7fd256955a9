//! `imgbuild.toml` and the settings made of it, the environment and the command line.
//!
//! [`load()`] finds and reads the file into a [`Document`], whose tables are those of [`model`]; [`with_policy`] replaces
//! what a pull request may not decide; [`resolve()`] merges all layers into [`Settings`]: flag ([`Flags`]), `IMGBUILD_*`
//! variable ([`VARIABLES`]), profile, file, default. [`locate()`] then looks for context and Dockerfile on disk.
//!
//! A new key is a field with a doc comment in [`model`], a check in `parse/check.rs` if it has a grammar, a field of
//! [`Settings`] with its line in `resolve`, and a line in `show`.

pub mod model;

mod document;
mod flags;
mod grammar;
mod load;
mod locate;
mod origin;
mod parse;
mod policy;
mod quote;
mod repository;
mod resolve;
mod schema;
mod settings;
mod show;
mod variables;

pub use document::Document;
pub use flags::Flags;
pub use load::{FILE_NAME, load, read};
pub use locate::{DOCKERFILES, Located, locate};
pub use origin::{Origin, Place, Sourced};
pub use parse::{MAX_BYTES, parse};
pub use policy::{Policy, with_policy};
pub use repository::Destination;
pub use resolve::{Layers, resolve};
pub use schema::json_schema;
pub use settings::{
    Checks, Health, HttpSpec, InvalidWord, Profile, Push, PushLimits, ReadySpec, Registries, Role,
    RoleSettings, RunSpec, Settings, TestSpec, Waiver,
};
pub use show::{to_json, to_toml};
pub use variables::{VARIABLES, Variable, unknown_variables};
