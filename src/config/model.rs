//! The tables of `imgbuild.toml` as they are written: parser, JSON Schema and reference at once.
//!
//! Every key is optional and stays an `Option`: layers are merged first, defaults come last (`resolve`).
//! What a key means, its unit, default and an example stand in its doc comment, which the schema carries along.

mod age;
mod checks;
mod deploy;
mod evidence;
mod image;
mod matcher;
mod period;
mod policy;
mod promote;
mod push;
mod registries;
mod retention;
mod shape;
mod size;
mod source_date;
mod test;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

pub use age::{Age, InvalidAge};
pub use checks::{Checks, Date, FailOn, LabelType, Level, Waiver};
pub use deploy::{Accept, Before, Deploy, EnvSource, EnvValue, HostMount, Joined, JoinedAs, Order, Publish};
pub use evidence::{Evidence, EvidenceKind};
pub use image::{Build, Entitlement, Fetched, Image, Kind, Probes};
pub use matcher::{Bare, Entry, Like, Literal, Part, Wanted};
pub use period::{InvalidPeriod, Period};
pub use policy::{PolicyTable, WaiverLimits};
pub use promote::Promote;
pub use push::Push;
pub use registries::{Registries, RoleEntry};
pub use retention::Retention;
pub use shape::OneOrMore;
pub use size::{InvalidSize, Size};
pub use source_date::SourceDate;
pub use test::{
    Body, BodyLike, CommandLine, Configuration, Exec, Exposed, File, FileSize, FileType, Http, ListeningPort,
    Method, Mount, Process, Protocol, Ready, Run, Service, Test,
};
pub use values::{Number, Pattern, Port, Status};

/// The newest `schema` that this version reads.
pub const SCHEMA: u32 = 1;

/// A whole `imgbuild.toml`. Paths in it are relative to the folder that holds it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "imgbuild.toml")]
pub struct Model {
    /// The version of this file's format: `1`, which is also the default.
    #[schemars(range(min = 1, max = 1))]
    pub schema: Option<u32>,
    /// A file of this same format whose values hold where this one says nothing, relative to this file and inside the
    /// repository: `"ci/policy.toml"`. Single values and lists of this file win, maps are merged key by key, waivers add
    /// up. What the other file's `[policy]` demands binds this one. Default: none.
    pub extends: Option<PathBuf>,
    /// The image that this repository builds.
    #[serde(default, deserialize_with = "shape::table")]
    pub image: Option<Image>,
    /// Where images go, by role. On a pull request this table is the base branch's.
    #[serde(default, deserialize_with = "shape::table")]
    pub registries: Option<Registries>,
    /// How long a registry that fails or stalls is put up with.
    #[serde(default, deserialize_with = "shape::table")]
    pub push: Option<Push>,
    /// What is attached to a published image, and what is believed of it. On a pull request this table is the base
    /// branch's.
    #[serde(default, deserialize_with = "shape::table")]
    pub evidence: Option<Evidence>,
    /// What may be promoted. On a pull request this table is the base branch's.
    #[serde(default, deserialize_with = "shape::table")]
    pub promote: Option<Promote>,
    /// Containers on hosts that images are deployed as, by name. On a pull request these tables are the base branch's.
    /// Default: none.
    #[serde(default, deserialize_with = "shape::named_tables")]
    pub deploy: Option<BTreeMap<String, Deploy>>,
    /// What stays in a registry when it is cleaned up. On a pull request this table is the base branch's.
    #[serde(default, deserialize_with = "shape::table")]
    pub retention: Option<Retention>,
    /// How strict the checks are. On a pull request this table is the base branch's.
    #[serde(default, deserialize_with = "shape::table")]
    pub checks: Option<Checks>,
    /// What a file that extends this one may not do. It binds nobody else, this file neither, unless `IMGBUILD_POLICY`
    /// names it: then it binds every run. On a pull request this table is the base branch's.
    #[serde(default, deserialize_with = "shape::table")]
    pub policy: Option<PolicyTable>,
    /// Changes to the tables above for one place: `ci` where a CI is detected, `local` elsewhere.
    #[serde(default, deserialize_with = "shape::table")]
    pub profile: Option<Profiles>,
}

/// `[profile]`: overlays by name. `--profile` or `IMGBUILD_PROFILE` choose another than the detected one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profiles {
    /// Applies where a CI is detected.
    #[serde(default, deserialize_with = "shape::table")]
    pub ci: Option<Overlay>,
    /// Applies where no CI is detected.
    #[serde(default, deserialize_with = "shape::table")]
    pub local: Option<Overlay>,
}

/// `[profile.NAME]`: a part of the file that wins over the rest. Single values and lists replace those of the
/// file, maps (`args`, `labels`) are merged key by key.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Overlay {
    /// Wins over `[image]`.
    #[serde(default, deserialize_with = "shape::table")]
    pub image: Option<Image>,
    /// Wins over `[registries]`.
    #[serde(default, deserialize_with = "shape::table")]
    pub registries: Option<Registries>,
    /// Wins over `[push]`.
    #[serde(default, deserialize_with = "shape::table")]
    pub push: Option<Push>,
    /// Wins over `[evidence]`.
    #[serde(default, deserialize_with = "shape::table")]
    pub evidence: Option<Evidence>,
    /// Wins over `[promote]`.
    #[serde(default, deserialize_with = "shape::table")]
    pub promote: Option<Promote>,
    /// Wins over `[retention]`.
    #[serde(default, deserialize_with = "shape::table")]
    pub retention: Option<Retention>,
    /// Wins over `[checks]`.
    #[serde(default, deserialize_with = "shape::table")]
    pub checks: Option<Checks>,
}
