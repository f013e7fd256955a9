//! Texts of `--help` that are made from the types they describe.

use crate::error::Kind;

/// The table of exit codes.
pub(super) fn exit_codes() -> String {
    let rows = Kind::ALL.iter().map(|kind| format!("  {:>3}  {}\n", kind.exit_code(), kind.summary()));
    format!("Exit codes:\n    0  ok\n{}", rows.collect::<String>())
}
