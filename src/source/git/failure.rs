//! Why a reader did not answer.

use crate::error::Error;

/// Says whether it makes sense to ask the other reader.
#[derive(Debug)]
pub(super) enum Failure {
    /// The state is known and it is no good, or the run was cancelled: asking again changes nothing.
    Final(Error),
    /// This reader cannot read the repository, in its own words; the other one may.
    Unreadable(String),
}

impl Failure {
    pub(super) fn unreadable(words: impl Into<String>) -> Failure {
        Failure::Unreadable(words.into())
    }
}

impl From<git2::Error> for Failure {
    fn from(error: git2::Error) -> Failure {
        Failure::Unreadable(format!("libgit2 says: {}", error.message()))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Final(error)
    }
}
