//! Misfits that several checks have in common.

use crate::expect::Misfit;

/// Of what could not be looked at: that proves nothing.
pub(super) fn unseen(what: impl Into<String>, why: &str) -> Misfit {
    Misfit::new(what, "to be looked at", format!("cannot be checked: {why}"))
}

/// Of a container that must run.
pub(super) fn not_running() -> Misfit {
    Misfit::new("the container", "running", "it has ended")
}
