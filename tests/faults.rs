//! What becomes of `ci` when the registry fails: each fault, on blobs and on manifests, once and for ever, with a real
//! engine and a real registry behind the proxy.
//!
//! Every row logs in, publishes the five tags of a release, and is judged by its exit code, the time of its publishing
//! stage, what its error says, and what the registry holds afterwards.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use support::fault_proxy::{ALL, BEGINNINGS, BLOBS, COMMITS, Fault, MANIFESTS, Often, On};
use support::faulty::{AT_ONCE, EITHER, Faulty, IDLE, IN_BUDGET, OK, REGISTRY, Row, judge, publish_time};

/// The last of a release's tags: no push of the engine's, where that sends the image but once.
const LATEST: On = On(&["PUT"], "/manifests/latest");

/// Fails unless a release comes out as the row says.
fn release(name: &str, row: &Row) {
    let world = Faulty::new(name);
    let repo = world.repo("repo", &format!("idle-timeout = \"{IDLE}\"\n"));
    repo.git(&["tag", "v1.0.0"]);
    let path = world.lab.path("report.json");
    let arguments = ["--format", "ndjson", "--report", path.to_str().expect("path")];
    let patience = row.patience;
    let mut running = world.ci(&repo, &arguments).env("IMGBUILD_PUSH_RETRY_FOR", patience.retry_for).start();
    let run = running.run_id();
    // What is asked before the build finds nothing wrong: the fault comes in between.
    running.wait_for("the plan", |event| event["type"] == "stage-finished" && event["stage"] == "plan");
    world.proxy.fails(row.on, row.fault.clone(), row.often);
    let (code, _, stderr) = running.end();
    let text = fs::read_to_string(&path).expect("report");
    let report: Value = serde_json::from_str(&text).expect("report");

    let asked = world.proxy.requests();
    let what = format!("{:?} {:?} {}:\n{stderr}\n{asked:#?}", row.fault, row.on, row.often);
    assert!(code.is_some_and(|code| row.exit.contains(&code)), "exit {code:?}, not {:?}: {what}", row.exit);
    assert!(world.proxy.struck() > 0, "the fault did not come up: {what}");
    let took = publish_time(&report).unwrap_or_else(|| panic!("nothing was published: {what}"));
    assert!(took < patience.within, "took {took:?}, with {patience:?}: {what}");
    world.invariant(&report, &what);
    world.credential_stays(&[&text, &stderr]);
    assert_eq!(world.lab.owned(&run), BTreeSet::new(), "left on the engine: {what}");
    if code == Some(0) {
        assert_eq!(world.lab.tags().len(), 5, "{what}");
    } else {
        row.is_told(&world, &report["error"].to_string(), &what);
    }
}

fn all(name: &str, rows: &[Row]) {
    judge(rows, |row| release(name, row));
}

#[test]
fn a_registry_that_is_out_of_order() {
    let fault = || Fault::Status(500);
    all(
        "f500",
        &[
            Row::once(BLOBS, fault(), OK),
            Row::once(MANIFESTS, fault(), OK),
            Row::once(LATEST, fault(), OK),
            Row::ever(BLOBS, fault(), REGISTRY, IN_BUDGET, &["500"]),
            Row::ever(MANIFESTS, fault(), REGISTRY, IN_BUDGET, &["500"]),
            Row::ever(LATEST, fault(), REGISTRY, IN_BUDGET, &["500", "latest"]),
        ],
    );
}

#[test]
fn a_registry_that_limits_the_rate() {
    let fault = |as_date| Fault::Busy { seconds: 1, as_date };
    all(
        "f429",
        &[
            Row::once(BLOBS, fault(false), OK),
            Row::once(MANIFESTS, fault(false), OK),
            Row::once(LATEST, fault(true), OK),
            Row::ever(BLOBS, fault(false), REGISTRY, IN_BUDGET, &["rate"]),
            Row::ever(MANIFESTS, fault(false), REGISTRY, IN_BUDGET, &["rate"]),
            Row::ever(LATEST, fault(true), REGISTRY, IN_BUDGET, &["rate"]),
        ],
    );
}

#[test]
fn a_connection_that_is_reset() {
    all(
        "reset",
        &[
            Row::once(BLOBS, Fault::Reset, OK),
            Row::once(MANIFESTS, Fault::Reset, OK),
            Row::once(LATEST, Fault::Reset, OK),
            Row::ever(BLOBS, Fault::Reset, REGISTRY, IN_BUDGET, &[]),
            Row::ever(MANIFESTS, Fault::Reset, REGISTRY, IN_BUDGET, &[]),
            Row::ever(LATEST, Fault::Reset, REGISTRY, IN_BUDGET, &[]),
        ],
    );
}

#[test]
fn a_login_that_expires() {
    let fault = || Fault::Status(401);
    all(
        "f401",
        &[
            Row::once(BLOBS, fault(), OK),
            Row::once(MANIFESTS, fault(), OK),
            Row::once(LATEST, fault(), OK),
            Row::ever(BLOBS, fault(), REGISTRY, AT_ONCE, &[]),
            Row::ever(MANIFESTS, fault(), REGISTRY, AT_ONCE, &[]),
            Row::ever(LATEST, fault(), REGISTRY, AT_ONCE, &[]),
        ],
    );
}

#[test]
fn a_push_that_is_denied() {
    let fault = || Fault::Status(403);
    all(
        "f403",
        &[
            Row::once(BLOBS, fault(), EITHER),
            Row::once(MANIFESTS, fault(), EITHER),
            Row::once(LATEST, fault(), REGISTRY),
            Row::ever(BLOBS, fault(), REGISTRY, AT_ONCE, &["denied"]),
            Row::ever(MANIFESTS, fault(), REGISTRY, AT_ONCE, &["denied"]),
            Row::ever(LATEST, fault(), REGISTRY, AT_ONCE, &["denied", "latest"]),
        ],
    );
}

#[test]
fn a_digest_that_does_not_match() {
    let fault = || Fault::DigestInvalid;
    all(
        "digest",
        &[
            Row::once(COMMITS, fault(), EITHER),
            Row::once(MANIFESTS, fault(), EITHER),
            Row::once(LATEST, fault(), REGISTRY),
            Row::ever(COMMITS, fault(), REGISTRY, AT_ONCE, &["digest"]),
            Row::ever(MANIFESTS, fault(), REGISTRY, AT_ONCE, &["digest"]),
            Row::ever(LATEST, fault(), REGISTRY, AT_ONCE, &["digest"]),
        ],
    );
}

#[test]
fn an_answer_that_is_lost() {
    all(
        "lost",
        &[
            Row::once(COMMITS, Fault::Lost, OK),
            Row::once(MANIFESTS, Fault::Lost, OK),
            Row::once(LATEST, Fault::Lost, OK),
            // Each try of the engine uploads anew: whether it ends well is the engine's affair.
            Row::ever(COMMITS, Fault::Lost, EITHER, IN_BUDGET, &[]),
            Row::ever(MANIFESTS, Fault::Lost, OK, IN_BUDGET, &[]),
        ],
    );
}

#[test]
fn a_registry_that_falls_silent() {
    all(
        "stall",
        &[
            // An engine does not let go of an upload that hangs, and every further push of that layer waits for it.
            Row::once(BLOBS, Fault::Stall, EITHER),
            Row::once(MANIFESTS, Fault::Stall, OK),
            Row::once(LATEST, Fault::Stall, OK),
            Row::ever(BLOBS, Fault::Stall, REGISTRY, IN_BUDGET, &[]),
            Row::ever(MANIFESTS, Fault::Stall, REGISTRY, IN_BUDGET, &[]),
            Row::ever(LATEST, Fault::Stall, REGISTRY, IN_BUDGET, &[]),
        ],
    );
}

#[test]
fn an_upload_that_goes_on_at_another_host() {
    let beyond = |status| Fault::Elsewhere(status);
    all(
        "beyond",
        &[
            // It asks for no login: there is nothing wrong with it.
            Row::ever(BEGINNINGS, beyond(None), OK, IN_BUDGET, &[]),
            Row::once(BEGINNINGS, beyond(Some(401)), EITHER),
            Row::ever(BEGINNINGS, beyond(Some(401)), REGISTRY, AT_ONCE, &["127.0.0.2"]),
            Row::ever(BEGINNINGS, beyond(Some(403)), REGISTRY, AT_ONCE, &["127.0.0.2"]),
            Row::once(MANIFESTS, beyond(Some(401)), EITHER),
            Row::ever(MANIFESTS, beyond(None), EITHER, IN_BUDGET, &[]),
            Row::ever(MANIFESTS, beyond(Some(401)), REGISTRY, AT_ONCE, &[]),
        ],
    );
}

/// Every answer, from the first question on: the run that asks least, a branch's.
#[test]
fn a_registry_that_is_slow_is_waited_for() {
    let world = Faulty::new("late");
    world.proxy.fails(ALL, Fault::Late(Duration::from_secs(3)), Often::Ever);
    let repo = world.repo("repo", "idle-timeout = \"20s\"\n");
    let ran = world.ci(&repo, &["--format", "json"]).expect(0);
    let report = ran.json();
    world.invariant(&report, &ran.stderr);
    world.credential_stays(&[&ran.stdout, &ran.stderr]);
    assert_eq!(world.lab.tags().len(), 2);
}

#[test]
fn one_late_answer_changes_nothing() {
    let fault = || Fault::Late(Duration::from_secs(3));
    // Longer than a push may stand still: the engine is asked again, or was done by then.
    all(
        "later",
        &[Row::once(BLOBS, fault(), OK), Row::once(MANIFESTS, fault(), OK), Row::once(LATEST, fault(), OK)],
    );
}
