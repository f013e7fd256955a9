//! From `[[image.test]]` as written to the tests that are run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::layers::Part;
use crate::config::model::{CommandLine, Http, Pattern, Period, Ready, Run, Status, Test};
use crate::config::origin::Origin;
use crate::config::settings::ConfiguredTest;
use crate::expect::{
    Check, ContainerOptions, Health, HttpCheck, Matcher, ReadySpec, RunCheck, Start, TestSpec, What, Where,
};

const TEST: Duration = Duration::from_secs(300);
const READY: Duration = Duration::from_secs(60);
const SETTLE: Duration = Duration::from_secs(3);
const HTTP: Duration = Duration::from_secs(10);
const RUN: Duration = Duration::from_secs(30);

fn or(period: Option<Period>, default: Duration) -> Duration {
    period.map_or(default, Period::get)
}

/// The test that any image can be put to: it starts and becomes ready.
pub(super) fn any_image() -> ConfiguredTest {
    one(&Test::default(), "starts".to_owned(), Origin::Default)
}

/// The tests of one part, in their order, each with a name of its own.
pub(super) fn all(part: &Part<'_>, tests: &[Test]) -> Vec<ConfiguredTest> {
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

fn one(test: &Test, name: String, origin: Origin) -> ConfiguredTest {
    let http = test.http.iter().flatten().filter_map(http).map(What::Http);
    let run = test.run.iter().flatten().filter_map(run).map(What::Run);
    let checks: Vec<Check> = http.chain(run).map(Check::new).collect();
    let wait = ready(test.ready.as_ref());
    let says_nothing = origin == Origin::Default && test.http.is_none();
    let start = match test.job {
        Some(true) => Start::Job,
        _ if says_nothing => Start::Either(wait),
        _ => Start::Service(wait),
    };
    let spec = TestSpec {
        name,
        start: Some(start),
        container: ContainerOptions {
            env: test.env.clone().unwrap_or_default(),
            cmd: test.cmd.as_ref().map(CommandLine::argv),
            ..ContainerOptions::default()
        },
        services: Vec::new(),
        checks,
        within: or(test.within, TEST),
    };
    ConfiguredTest { spec, origin, written: test.clone() }
}

fn ready(ready: Option<&Ready>) -> ReadySpec {
    let ready = ready.cloned().unwrap_or_default();
    ReadySpec {
        health: match ready.healthcheck {
            None => Health::WhereDeclared,
            Some(true) => Health::Required,
            Some(false) => Health::Ignored,
        },
        http: None,
        log: None,
        ports: Vec::new(),
        settle: or(ready.settle, SETTLE),
        within: or(ready.within, READY),
    }
}

/// `None` where the port is missing, which `parse` refuses.
fn http(http: &Http) -> Option<HttpCheck> {
    Some(HttpCheck {
        path: http.path.clone().unwrap_or_else(|| "/".to_owned()),
        port: http.port?.get(),
        method: http.method.unwrap_or_default().as_str().to_owned(),
        headers: BTreeMap::new(),
        body: None,
        status: Some(Matcher::Equals(http.status.unwrap_or(Status::OK).get().into())),
        answer_headers: Vec::new(),
        answer_head: Vec::new(),
        answer_body: http.body.clone().map(Matcher::Contains).into_iter().collect(),
        answer_json: Vec::new(),
        follow_redirects: false,
        within: or(http.within, HTTP),
    })
}

/// `None` where the command is missing, which `parse` refuses.
fn run(run: &Run) -> Option<RunCheck> {
    let place = if run.fresh.unwrap_or(false) { Where::Fresh } else { Where::Running };
    let pattern = |pattern: &Option<Pattern>| {
        pattern.iter().map(|pattern| Matcher::Matches(pattern.get().clone())).collect()
    };
    Some(RunCheck {
        exit: Matcher::Equals(run.exit.unwrap_or(0).into()),
        stdout: pattern(&run.stdout),
        stderr: pattern(&run.stderr),
        ..RunCheck::new(run.cmd.as_ref()?.argv(), place, or(run.within, RUN))
    })
}
