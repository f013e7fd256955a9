//! A reference of an image as a command line has it.

use crate::error::{Error, Kind, Result};
use crate::image::Reference;

/// Reads it; [`Kind::Usage`] with the way to write one.
pub(super) fn parse(text: &str) -> Result<Reference> {
    text.parse().map_err(|cause| {
        Error::new(Kind::Usage, format!("{text:?} is no reference of an image"))
            .because(cause)
            .hint("write it as registry/name:tag or registry/name@sha256:…")
    })
}
