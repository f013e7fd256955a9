//! A script with what its `sh -c` strings run.

use std::borrow::Cow;

use crate::dockerfile::shell::{Command, Script};
use crate::rules::analysis::Body;

/// All commands of a piece of shell, those in `sh -c '…'` too. Ranges are of the body's text.
pub(in crate::rules) fn inside(body: &Body) -> Cow<'_, Script> {
    if body.script.commands.iter().any(Command::has_inner_script) {
        Cow::Owned(body.script.clone().with_inner(&body.text))
    } else {
        Cow::Borrowed(&body.script)
    }
}
