//! From `[[image.test]]` as written to the tests that are run.

use std::collections::BTreeSet;
use std::time::Duration;

use super::layers::Part;
use crate::config::model::{Http, Period, Ready, Run, Status, Test};
use crate::config::origin::Origin;
use crate::config::settings::{Health, HttpSpec, ReadySpec, RunSpec, TestSpec};

const TEST: Duration = Duration::from_secs(300);
const READY: Duration = Duration::from_secs(60);
const SETTLE: Duration = Duration::from_secs(3);
const HTTP: Duration = Duration::from_secs(10);
const RUN: Duration = Duration::from_secs(30);

fn or(period: Option<Period>, default: Duration) -> Duration {
    period.map_or(default, Period::get)
}

/// The test that any image can be put to: it starts and becomes ready.
pub(super) fn any_image() -> TestSpec {
    one(&Test::default(), "starts".to_owned(), Origin::Default)
}

/// The tests of one part, in their order, each with a name of its own.
pub(super) fn all(part: &Part<'_>, tests: &[Test]) -> Vec<TestSpec> {
    let mut taken: BTreeSet<String> = tests.iter().filter_map(|test| test.name.clone()).collect();
    tests
        .iter()
        .enumerate()
        .map(|(nth, test)| {
            let name = test.name.clone().unwrap_or_else(|| {
                let mut name = format!("test-{}", nth.saturating_add(1));
                while !taken.insert(name.clone()) {
                    name.push('+');
                }
                name
            });
            one(test, name, part.origin(&format!("image.test[{nth}]")))
        })
        .collect()
}

fn one(test: &Test, name: String, origin: Origin) -> TestSpec {
    TestSpec {
        name,
        origin,
        ready: ready(test.ready.as_ref()),
        http: test.http.iter().flatten().filter_map(http).collect(),
        run: test.run.iter().flatten().filter_map(run).collect(),
        env: test.env.clone().unwrap_or_default(),
        cmd: test.cmd.clone(),
        job: test.job.unwrap_or(false),
        within: or(test.within, TEST),
    }
}

fn ready(ready: Option<&Ready>) -> ReadySpec {
    let ready = ready.cloned().unwrap_or_default();
    ReadySpec {
        health: match ready.healthcheck {
            None => Health::WhereDeclared,
            Some(true) => Health::Required,
            Some(false) => Health::Ignored,
        },
        within: or(ready.within, READY),
        settle: or(ready.settle, SETTLE),
    }
}

/// `None` where the port is missing, which `parse` refuses.
fn http(http: &Http) -> Option<HttpSpec> {
    Some(HttpSpec {
        path: http.path.clone().unwrap_or_else(|| "/".to_owned()),
        port: http.port?.get(),
        status: http.status.unwrap_or(Status::OK).get(),
        body: http.body.clone(),
        method: http.method.unwrap_or_default(),
        within: or(http.within, HTTP),
    })
}

/// `None` where the command is missing, which `parse` refuses.
fn run(run: &Run) -> Option<RunSpec> {
    Some(RunSpec {
        cmd: run.cmd.clone()?,
        exit: run.exit.unwrap_or(0),
        stdout: run.stdout.clone(),
        stderr: run.stderr.clone(),
        within: or(run.within, RUN),
        fresh: run.fresh.unwrap_or(false),
    })
}
