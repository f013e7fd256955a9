//! Makes one check.

use std::time::Instant;

use super::{http, run};
use crate::error::Result;
use crate::event::millis;
use crate::expect::{Check, CheckResult, Misfit, Verdict, What};
use crate::smoke::scene::Bench;

/// Makes the check, and says what came of it.
pub(in crate::smoke) async fn make(bench: &Bench<'_>, check: &Check) -> Result<CheckResult> {
    let began = Instant::now();
    let misfits = match &check.what {
        _ if check.needs_running() && bench.running.is_none() => {
            vec![Misfit::new("the container", "running", "it has ended")]
        }
        What::Http(http) => http::check(bench, http).await?,
        What::Run(run) => run::check(bench, run).await?,
        _ => vec![Misfit::new("the check", "made", "imgbuild cannot make it yet")],
    };
    let verdict = if misfits.is_empty() { Verdict::Passed } else { Verdict::Failed };
    Ok(CheckResult {
        name: check.name.clone().unwrap_or_else(|| check.title()),
        kind: check.kind().to_owned(),
        verdict,
        ms: millis(began.elapsed()),
        misfits,
        reproduce: None,
    })
}
