//! `imgbuild.toml` and the settings made of it, the environment and the command line.
//!
//! [`load()`] finds and reads the file, and what it `extends`, into a [`Document`], whose tables are those of [`model`];
//! [`with_policy`] replaces what a pull request may not decide; [`resolve()`] merges all layers into [`Settings`]: flag ([`Flags`]), `IMGBUILD_*`
//! variable ([`VARIABLES`]), profile, file, default. [`locate()`] then looks for context and Dockerfile on disk.
//!
//! A new key is a field with a doc comment in [`model`], a check in `parse/check.rs` if it has a grammar, a field of
//! [`Settings`] with its line in `resolve`, a line in `show`, and one in `keys`.

pub mod model;

mod document;
mod extend;
mod flags;
mod grammar;
mod keys;
mod load;
mod locate;
mod login;
mod origin;
mod parse;
mod policy;
mod quote;
mod reference;
mod repository;
mod resolve;
mod schema;
mod settings;
mod show;
mod variables;

#[cfg(test)]
pub(crate) mod testing;

pub use document::Document;
pub use flags::Flags;
pub use load::{FILE_NAME, load, parse_policy, read_commit, read_policy, read_revision};
pub use locate::{DOCKERFILES, Disk, Located, Lookup, is_dockerfile, locate, locate_in};
pub use login::has_login;
pub use origin::{Origin, Place, Sourced};
pub use parse::{MAX_BYTES, parse};
pub use policy::{Policy, with_policy};
pub(crate) use quote::{key as toml_key, string as toml_string};
pub use reference::reference;
pub use repository::Destination;
pub use resolve::{Layers, RuleNames, any_image, key_variable, resolve};
pub use schema::json_schema;
pub use settings::{
    Accept, Baseline, BeforeCommand, Builder, BuilderSettings, CacheSpec, Checks, ConfiguredTest,
    ContextFrom, DeploySettings, EffectivePolicy, EnvFrom, EvidenceSettings, Fetched, Handed, HandedBy,
    HostMount, InvalidWord, JoinedNetwork, KeySource, Mtime, Profile, PromoteSettings, PublishedPort, Push,
    PushLimits, Registries, Restart, Retention, Role, RoleSettings, ServiceSettings, Settings, SourceDate,
    TmpfsOptions, WaiverCaps, WaiverSpec, rule_fits,
};
pub use show::{to_json, to_toml};
pub use variables::{VARIABLES, Variable, unknown_variables};
