//! sarif

use super::Results;

/// The results as sarif.
pub fn sarif(results: &Results<'_>) -> String {
    String::new()
}
