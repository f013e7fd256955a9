//! The registry: credentials, and the client for the OCI distribution API.
//!
//! [`CredentialStore`] finds a login as the docker CLI and podman do; [`Registry`] speaks to one host; [`read_state`] makes the
//! plain value that a plan is computed from.

mod certs;
mod challenge;
mod client;
mod credential;
mod docker_config;
mod endpoint;
mod failure;
mod files;
mod helper;
mod hide;
mod hostname;
mod manifest;
mod podman;
mod proxy;
mod push_check;
mod retry;
mod session;
mod state;
mod store;
mod tags;
mod token;
mod transport;

pub use client::{Registry, RegistryOptions};
pub use credential::{Credential, Secret};
pub use hide::Hide;
pub use hostname::hostname;
pub use manifest::Manifest;
pub use proxy::Proxies;
pub use state::{RegistryState, read_state};
pub use store::CredentialStore;
