//! Makes one check.

use std::time::Instant;

use super::{accounts, address, exec, file, http, licenses, metadata, misfits, packages, port, process, run};
use crate::error::{Kind, Result};
use crate::event::millis;
use crate::expect::{Check, CheckResult, Misfit, Verdict, What, Where};
use crate::smoke::scene::{self, Bench};

/// Makes the check, and says what came of it.
pub(in crate::smoke) async fn make(bench: &Bench<'_>, check: &Check) -> Result<CheckResult> {
    let began = Instant::now();
    if check.skip {
        return Ok(result(check, Verdict::Skipped, began));
    }
    let misfits = match look(bench, check).await {
        Ok(misfits) => misfits,
        // The image or the test is to blame.
        Err(error) if error.kind() == Kind::Tests => {
            vec![Misfit::new("the check", "made", error.to_string())]
        }
        Err(error) => return Err(error),
    };
    let verdict = if misfits.is_empty() { Verdict::Passed } else { Verdict::Failed };
    let reproduce = if misfits.is_empty() { None } else { reproduce(bench, check) };
    Ok(CheckResult { reproduce, misfits, ..result(check, verdict, began) })
}

/// What reports call the check.
pub(in crate::smoke) fn name(check: &Check) -> String {
    check.name.clone().unwrap_or_else(|| check.title())
}

fn result(check: &Check, verdict: Verdict, began: Instant) -> CheckResult {
    CheckResult {
        name: name(check),
        kind: check.kind().to_owned(),
        verdict,
        ms: millis(began.elapsed()),
        reproduce: None,
        misfits: Vec::new(),
    }
}

async fn look(bench: &Bench<'_>, check: &Check) -> Result<Vec<Misfit>> {
    match &check.what {
        _ if check.needs_running() && bench.running.is_none() => Ok(vec![misfits::not_running()]),
        What::Http(http) => http::check(bench, http).await,
        What::Run(run) => run::check(bench, run).await,
        What::Exec(command) => exec::check(bench, command).await,
        What::File(file) => file::check(bench, file).await,
        What::Image(image) => Ok(metadata::check(bench.image, image)),
        What::User(user) => accounts::user(bench, user).await,
        What::Group(group) => accounts::group(bench, group).await,
        What::Package(package) => packages::check(bench, package).await,
        What::Licenses(licenses) => licenses::check(bench, licenses).await,
        What::Process(process) => process::check(bench, process).await,
        What::Port(port) => port::check(bench, port).await,
        What::Address(address) => address::check(bench, address).await,
    }
}

/// The same by hand, where it needs no container of the test's.
fn reproduce(bench: &Bench<'_>, check: &Check) -> Option<String> {
    match &check.what {
        What::Run(spec) if spec.place == Where::Fresh && spec.setup.is_empty() => {
            let container = run::by_hand(bench, spec);
            Some(scene::reproduce(&container, bench.image_name(), bench.test.container.network.as_deref()))
        }
        _ => None,
    }
}
