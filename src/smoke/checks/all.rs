//! All checks of a test, in order; those that only look are made several at a time.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::make::make;
use crate::error::Result;
use crate::expect::{Check, CheckResult, What};
use crate::smoke::scene::Bench;

/// How many looks are under way at once: the engine takes one after the other of a container, and waits for none.
const AT_ONCE: usize = 4;

/// Makes the checks of the test and adds what came of each to `results` at once, in order: what is there stays where the
/// time is up.
pub(in crate::smoke) async fn all(bench: &Bench<'_>, results: &mut Vec<CheckResult>) -> Result<()> {
    for group in bench.test.checks.chunk_by(|one, next| only_looks(one) && only_looks(next)) {
        let mut made = stream::iter(group).map(|check| make(bench, check)).buffered(AT_ONCE);
        while let Some(result) = made.try_next().await? {
            results.push(result);
        }
    }
    Ok(())
}

/// Whether the check neither changes anything nor waits for anything, so that others may be made beside it.
fn only_looks(check: &Check) -> bool {
    match &check.what {
        What::File(_) | What::Image(_) | What::User(_) | What::Group(_) | What::Package(_) => true,
        What::Licenses(_) => true,
        What::Http(_) | What::Run(_) | What::Exec(_) => false,
        What::Port(_) | What::Process(_) | What::Address(_) => false,
    }
}
