//! What words of a command or of an instruction mean, where several rules ask, and how rules say it.

mod amounts;
mod at_start;
pub(in crate::rules) mod caches;
mod called;
pub(in crate::rules) mod commands;
mod downloads;
mod init_systems;
mod inside;
mod label_types;
mod logs;
mod mentions;
pub(in crate::rules) mod node;
mod package_hosts;
pub(in crate::rules) mod packages;
mod platforms;
mod processes;
pub(in crate::rules) mod python;
mod secret_names;
mod secret_text;
mod secret_values;
mod services;
mod shown;
mod system_paths;
mod unquoted;
mod url;

pub(in crate::rules) use amounts::{bytes, seconds};
pub(in crate::rules) use at_start::{downloads_at_start, may_download_at_start};
pub(in crate::rules) use called::{called, called_name};
pub(in crate::rules) use downloads::{curl_letters, downloads, verifies};
pub(in crate::rules) use init_systems::starts_init_system;
pub(in crate::rules) use inside::inside;
pub(in crate::rules) use label_types::{mistyped, noun};
pub(in crate::rules) use logs::log_file;
pub(in crate::rules) use mentions::{mentions, mentions_variable};
pub(in crate::rules) use package_hosts::is_package_host;
pub(in crate::rules) use platforms::serves;
pub(crate) use processes::services;
pub(in crate::rules) use processes::{is_shell, manager, program};
pub(crate) use secret_names::holds_secret;
pub(in crate::rules) use secret_names::{means_otherwise, names_secret};
#[cfg(test)]
pub(crate) use secret_text::tests::SECRET_LINES;
pub use secret_text::{hides_secret, secrets_in};
pub(in crate::rules) use secret_values::secret_in;
pub(in crate::rules) use services::{daemon, starts_service, supervisor};
pub(in crate::rules) use shown::{in_a_row, listed, said, shown};
pub(in crate::rules) use system_paths::is_of_system;
pub(in crate::rules) use unquoted::unquoted;
pub(in crate::rules) use url::{
    has_commit, is_git, is_moving, is_proof, is_remote, is_unversioned, shown_url,
};
