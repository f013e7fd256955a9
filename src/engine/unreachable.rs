//! Why no connection came about, where an I/O error's kind alone does not say it.

use std::fmt;
use std::io;

/// The reason, told by the transport that knows it. It travels inside of an [`io::Error`], through hyper and bollard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreachable {
    /// Completes "cannot reach the engine at …: ". May hold words of the other side.
    pub(super) why: String,
    /// What to do, in order.
    pub(super) hints: Vec<String>,
}

impl Unreachable {
    pub(super) fn new(why: impl Into<String>) -> Unreachable {
        Unreachable { why: why.into(), hints: Vec::new() }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Unreachable {
        self.hints.push(hint.into());
        self
    }

    /// The reason in the chain of causes of `error`, if one is there.
    pub(super) fn in_chain<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Unreachable> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Unreachable>() {
                return Some(found);
            }
            // `source` of an I/O error passes over what it wraps.
            let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            if let Some(found) = wrapped.and_then(|inner| inner.downcast_ref::<Unreachable>()) {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Unreachable {}

impl From<Unreachable> for io::Error {
    fn from(reason: Unreachable) -> io::Error {
        io::Error::other(reason)
    }
}
