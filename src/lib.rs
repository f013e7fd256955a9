//! imgbuild builds, tests, tags and pushes container images from a git commit.

pub mod environment;
pub mod error;
pub mod event;
mod file;
mod shell;
pub mod stop;
mod token;

pub mod cli;
pub mod config;
pub mod context;
pub mod deploy;
pub mod dockerfile;
pub mod engine;
pub mod evidence;
pub mod expect;
pub mod flow;
pub mod image;
pub mod inventory;
pub mod plan;
pub mod promotion;
pub mod publish;
pub mod registry;
pub mod report;
pub mod retention;
pub mod rules;
pub mod setup;
pub mod smoke;
pub mod source;
pub mod suites;
pub mod yaml;
