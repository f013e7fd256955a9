//! Whether a pull request is a fork's. Whatever is not known counts as one.

use super::look::Fact;

/// Why a run counts as one for a fork's pull request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fork {
    /// The system says it, or says nothing although it could; the origin of that.
    Yes(String),
    /// The system never says where its pull requests come from.
    Untold,
}

/// Stands for the origin where there is none.
pub(super) const ASSUMED: &str = "assumed: nothing says which repository the pull request comes from";

/// Compares where a pull request comes from with where it goes to; a side that is missing makes it a fork's.
pub(super) fn compare<A: AsRef<str>, B: AsRef<str>>(
    source: Option<Fact<A>>,
    home: Option<Fact<B>>,
) -> Option<Fork> {
    match (source, home) {
        (Some(source), Some(home)) if source.value.as_ref().eq_ignore_ascii_case(home.value.as_ref()) => None,
        (Some(source), Some(_)) => Some(Fork::Yes(source.origin)),
        _ => Some(Fork::Yes(ASSUMED.to_owned())),
    }
}
