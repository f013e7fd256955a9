//! The registry: credentials, and the client for the OCI distribution API.
//!
//! [`CredentialStore`] finds a login as the docker CLI and podman do; [`Registry`] speaks to one host;
//! [`read_state`] makes the plain value that a plan is computed from.

mod blob;
mod certs;
mod challenge;
mod client;
mod copy;
mod credential;
mod descriptor;
mod docker_config;
mod endpoint;
mod failure;
mod fault;
mod files;
mod helper;
mod hide;
mod hostname;
mod login;
mod manifest;
mod mismatch;
mod pages;
mod platform;
mod podman;
mod proxy;
mod push_check;
mod put;
mod referrers;
mod retry;
mod session;
mod source;
mod state;
mod store;
mod stream;
mod tags;
mod token;
mod transport;
mod upload;

pub use client::{Registry, RegistryOptions};
pub use copy::{Copied, CopyStep, RepositoryAt, copy, copy_manifest};
pub use credential::{Credential, Secret};
pub use descriptor::Descriptor;
pub use hide::Hide;
pub use hostname::hostname;
pub use login::Login;
pub use manifest::Manifest;
pub use mismatch::Mismatch;
pub use platform::platform;
pub use proxy::Proxies;
pub use push_check::PushRight;
pub use put::{Deleted, Put};
pub use retry::Verdict;
pub use source::BlobSource;
pub use state::{RegistryState, StoredImage, read_images, read_platforms, read_state};
pub use store::CredentialStore;
pub use upload::Pushed;
