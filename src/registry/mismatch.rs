//! Bytes that are not those that were asked for.

use std::fmt;

use crate::error::Error;

/// The cause of an error: a registry sent other bytes than those of the digest that was asked for, or that it named itself.
/// No trouble of the way there looks like this.
#[derive(Debug)]
pub struct Mismatch {
    why: String,
    is_cut_short: bool,
}

impl Mismatch {
    /// All came, and they are others.
    pub(super) fn new(why: impl Into<String>) -> Mismatch {
        Mismatch { why: why.into(), is_cut_short: false }
    }

    /// There are fewer than there should be.
    pub(super) fn cut_short(why: impl Into<String>) -> Mismatch {
        Mismatch { is_cut_short: true, ..Mismatch::new(why) }
    }

    /// The one behind `error`, if that is what it is.
    pub fn of(error: &Error) -> Option<&Mismatch> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// Whether there were fewer bytes than the size that was asked for. Something between here and the registry may have
    /// cut them off, as far as can be told.
    pub fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Mismatch {}
