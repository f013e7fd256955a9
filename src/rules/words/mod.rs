//! What words of a command or of an instruction mean, where several rules ask.

mod called;
mod downloads;
mod inside;
mod mentions;
mod url;

pub(in crate::rules) use called::{called, called_name};
pub(in crate::rules) use downloads::{curl_letters, downloads, verifies};
pub(in crate::rules) use inside::inside;
pub(in crate::rules) use mentions::{mentions, mentions_variable};
pub(in crate::rules) use url::{
    has_commit, is_git, is_moving, is_proof, is_remote, is_unversioned, shown_url,
};
