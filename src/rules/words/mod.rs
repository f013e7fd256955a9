//! What words of a command or of an instruction mean, where several rules ask, and how rules say it.

pub(in crate::rules) mod caches;
mod called;
pub(in crate::rules) mod commands;
mod downloads;
mod inside;
mod mentions;
pub(in crate::rules) mod node;
pub(in crate::rules) mod packages;
pub(in crate::rules) mod python;
mod secret_names;
mod secret_values;
mod shown;
mod unquoted;
mod url;

pub(in crate::rules) use called::{called, called_name};
pub(in crate::rules) use downloads::{curl_letters, downloads, verifies};
pub(in crate::rules) use inside::inside;
pub(in crate::rules) use mentions::{mentions, mentions_variable};
pub(in crate::rules) use secret_names::{means_otherwise, names_secret};
pub(in crate::rules) use secret_values::secret_in;
pub(in crate::rules) use shown::{listed, shown};
pub(in crate::rules) use unquoted::unquoted;
pub(in crate::rules) use url::{
    has_commit, is_git, is_moving, is_proof, is_remote, is_unversioned, shown_url,
};
