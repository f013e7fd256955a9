//! Makes one check.

use std::time::Instant;

use super::{accounts, file, http, licenses, metadata, packages, port, process, run};
use crate::error::Result;
use crate::event::millis;
use crate::expect::{Check, CheckResult, Misfit, Verdict, What};
use crate::smoke::scene::Bench;

/// Makes the check, and says what came of it.
pub(super) async fn make(bench: &Bench<'_>, check: &Check) -> Result<CheckResult> {
    let began = Instant::now();
    let misfits = match &check.what {
        _ if check.needs_running() && bench.running.is_none() => {
            vec![Misfit::new("the container", "running", "it has ended")]
        }
        What::Http(http) => http::check(bench, http).await?,
        What::Run(run) => run::check(bench, run).await?,
        What::File(spec) => file::check(bench, spec).await?,
        What::Image(spec) => metadata::check(bench.image, spec),
        What::User(spec) => accounts::user(bench, spec).await?,
        What::Group(spec) => accounts::group(bench, spec).await?,
        What::Package(spec) => packages::check(bench, spec).await?,
        What::Licenses(spec) => licenses::check(bench, spec).await?,
        What::Process(spec) => process::check(bench, spec).await?,
        What::Port(spec) => port::check(bench, spec).await?,
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
