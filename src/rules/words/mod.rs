//! What words of a command or of an instruction mean, where several rules ask, and how rules say it.

mod at_start;
pub(in crate::rules) mod caches;
mod called;
pub(in crate::rules) mod commands;
mod downloads;
mod inside;
mod logs;
mod mentions;
pub(in crate::rules) mod node;
pub(in crate::rules) mod packages;
pub(in crate::rules) mod python;
mod services;
mod shown;
mod unquoted;
mod url;

pub(in crate::rules) use at_start::{downloads_at_start, may_download_at_start};
pub(in crate::rules) use called::{called, called_name};
pub(in crate::rules) use downloads::{curl_letters, downloads, verifies};
pub(in crate::rules) use inside::inside;
pub(in crate::rules) use logs::log_file;
pub(in crate::rules) use mentions::{mentions, mentions_variable};
pub(in crate::rules) use services::{daemon, starts_service, supervisor};
pub(in crate::rules) use shown::{listed, shown};
pub(in crate::rules) use unquoted::unquoted;
pub(in crate::rules) use url::{
    has_commit, is_git, is_moving, is_proof, is_remote, is_unversioned, shown_url,
};
