//! Texts of `--help` that are made from the types they describe.

use crate::error::Kind;

/// Every exit code, and what it means.
pub(super) fn codes() -> impl Iterator<Item = (u8, &'static str)> {
    std::iter::once((0, "ok")).chain(Kind::ALL.iter().map(|kind| (kind.exit_code(), kind.summary())))
}

/// The table of exit codes.
pub(super) fn exit_codes() -> String {
    let rows = codes().map(|(code, summary)| format!("  {code:>3}  {summary}\n"));
    format!("Exit codes:\n{}", rows.collect::<String>())
}
