//! The text that a finding is about, with carets under it.

use crate::report::look::Look;
use crate::rules::Region;

/// The lines of `source` that `region` is in.
pub(super) fn excerpt(
    source: &[u8],
    region: &Region,
    look: Look,
    paint: impl Fn(&str) -> String,
) -> Vec<String> {
    let _ = (source, region, look);
    vec![paint("")]
}
