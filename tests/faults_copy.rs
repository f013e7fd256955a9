//! What becomes of `copy` when the registry it copies to fails: each fault, on blobs and on manifests, once and for
//! ever. No engine has a part in it: every request is imgbuild's own.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use support::fault_proxy::{ALL, BEGINNINGS, BLOBS, COMMITS, Fault, MANIFESTS, Often, On};
use support::faulty::{AT_ONCE, EITHER, Faulty, IDLE, IN_BUDGET, OK, REGISTRY, Row, judge};
use support::lab::get;

/// The copied tag: the last manifest that is written.
const TAG: On = On(&["PUT"], "/manifests/copied");

/// The bytes of the base image's manifest, which is what is copied.
fn source(world: &Faulty) -> Vec<u8> {
    let (host, rest) = world.lab.base.split_once('/').expect("a path");
    let (path, tag) = rest.rsplit_once(':').expect("a tag");
    let accept =
        "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json";
    let (status, bytes) = get(host, &format!("/v2/{path}/manifests/{tag}"), accept);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    bytes
}

/// Fails unless a copy comes out as the row says.
fn copy(name: &str, row: &Row) {
    let world = Faulty::new(name);
    world.proxy.fails(row.on, row.fault.clone(), row.often);
    let target = format!("{}:copied", world.repository());
    let began = Instant::now();
    let ran = world
        .lab
        .imgbuild(&world.lab.path("home"), &["copy", &world.lab.base, &target])
        .env("IMGBUILD_PUSH_RETRY_FOR", row.patience.retry_for)
        .env("IMGBUILD_PUSH_IDLE_TIMEOUT", IDLE)
        .run();
    let took = began.elapsed();

    let asked = world.proxy.requests();
    let what = format!("{:?} {:?} {}:\n{ran:#?}\n{asked:#?}", row.fault, row.on, row.often);
    let code = ran.code.expect("an exit code");
    assert!(row.exit.contains(&code), "exit {code}, not {:?}: {what}", row.exit);
    assert!(world.proxy.struck() > 0, "the fault did not come up: {what}");
    assert!(took < row.patience.within, "took {took:?}, with {:?}: {what}", row.patience);
    world.credential_stays(&[&ran.stdout, &ran.stderr]);
    if code == 0 {
        assert_eq!(world.lab.manifest("copied").0, source(&world), "{what}");
    } else {
        assert_eq!(world.lab.tags(), BTreeSet::new(), "{what}");
        row.is_told(&world, &ran.stderr, &what);
    }
}

fn all(name: &str, rows: &[Row]) {
    judge(rows, |row| copy(name, row));
}

#[test]
fn copying_to_a_registry_that_is_out_of_order() {
    let fault = || Fault::Status(500);
    all(
        "copy500",
        &[
            Row::once(BEGINNINGS, fault(), OK),
            Row::once(BLOBS, fault(), OK),
            Row::once(MANIFESTS, fault(), OK),
            Row::once(TAG, fault(), OK),
            Row::ever(BEGINNINGS, fault(), REGISTRY, IN_BUDGET, &["500"]),
            Row::ever(BLOBS, fault(), REGISTRY, IN_BUDGET, &["500"]),
            Row::ever(MANIFESTS, fault(), REGISTRY, IN_BUDGET, &["500"]),
            Row::ever(TAG, fault(), REGISTRY, IN_BUDGET, &["500"]),
        ],
    );
}

#[test]
fn copying_to_a_registry_that_limits_the_rate() {
    let fault = |as_date| Fault::Busy { seconds: 1, as_date };
    all(
        "copy429",
        &[
            Row::once(BLOBS, fault(false), OK),
            Row::once(MANIFESTS, fault(true), OK),
            Row::ever(BLOBS, fault(true), REGISTRY, IN_BUDGET, &["rate"]),
            Row::ever(MANIFESTS, fault(false), REGISTRY, IN_BUDGET, &["rate"]),
        ],
    );
}

#[test]
fn copying_over_a_connection_that_is_reset() {
    all(
        "copyreset",
        &[
            Row::once(BLOBS, Fault::Reset, OK),
            Row::once(MANIFESTS, Fault::Reset, OK),
            Row::ever(BLOBS, Fault::Reset, REGISTRY, IN_BUDGET, &[]),
            Row::ever(MANIFESTS, Fault::Reset, REGISTRY, IN_BUDGET, &[]),
        ],
    );
}

#[test]
fn copying_with_a_login_that_expires() {
    let fault = || Fault::Status(401);
    all(
        "copy401",
        &[
            Row::once(BEGINNINGS, fault(), OK),
            Row::once(BLOBS, fault(), OK),
            Row::once(MANIFESTS, fault(), OK),
            Row::ever(BLOBS, fault(), REGISTRY, AT_ONCE, &[]),
            Row::ever(MANIFESTS, fault(), REGISTRY, AT_ONCE, &[]),
        ],
    );
}

#[test]
fn copying_where_it_is_denied() {
    let fault = || Fault::Status(403);
    all(
        "copy403",
        &[
            Row::once(BLOBS, fault(), REGISTRY),
            Row::once(MANIFESTS, fault(), REGISTRY),
            Row::ever(BLOBS, fault(), REGISTRY, AT_ONCE, &["denied"]),
            Row::ever(MANIFESTS, fault(), REGISTRY, AT_ONCE, &["denied"]),
        ],
    );
}

#[test]
fn copying_what_has_the_wrong_digest_there() {
    let fault = || Fault::DigestInvalid;
    all(
        "copydigest",
        &[
            Row::once(COMMITS, fault(), REGISTRY),
            Row::once(MANIFESTS, fault(), REGISTRY),
            Row::ever(COMMITS, fault(), REGISTRY, AT_ONCE, &["digest"]),
            Row::ever(MANIFESTS, fault(), REGISTRY, AT_ONCE, &["digest"]),
        ],
    );
}

/// What landed is not sent again: to ask is enough.
#[test]
fn copying_when_answers_are_lost() {
    all(
        "copylost",
        &[
            Row::once(BEGINNINGS, Fault::Lost, OK),
            Row::once(BLOBS, Fault::Lost, OK),
            Row::once(COMMITS, Fault::Lost, OK),
            Row::once(MANIFESTS, Fault::Lost, OK),
            Row::ever(COMMITS, Fault::Lost, OK, IN_BUDGET, &[]),
            Row::ever(MANIFESTS, Fault::Lost, OK, IN_BUDGET, &[]),
        ],
    );
}

#[test]
fn copying_to_a_registry_that_falls_silent() {
    all(
        "copystall",
        &[
            Row::once(BLOBS, Fault::Stall, OK),
            Row::once(MANIFESTS, Fault::Stall, OK),
            Row::ever(BLOBS, Fault::Stall, REGISTRY, IN_BUDGET, &[]),
            Row::ever(MANIFESTS, Fault::Stall, REGISTRY, IN_BUDGET, &[]),
        ],
    );
}

#[test]
fn copying_to_a_registry_that_sends_elsewhere() {
    let beyond = |status| Fault::Elsewhere(status);
    all(
        "copybeyond",
        &[
            Row::once(BEGINNINGS, beyond(None), OK),
            Row::ever(BEGINNINGS, beyond(None), OK, IN_BUDGET, &[]),
            Row::once(BEGINNINGS, beyond(Some(401)), EITHER),
            Row::ever(BEGINNINGS, beyond(Some(401)), REGISTRY, AT_ONCE, &["127.0.0.2"]),
            Row::ever(BEGINNINGS, beyond(Some(403)), REGISTRY, AT_ONCE, &["127.0.0.2"]),
            Row::once(MANIFESTS, beyond(Some(401)), EITHER),
            Row::ever(MANIFESTS, beyond(None), EITHER, IN_BUDGET, &[]),
            Row::ever(MANIFESTS, beyond(Some(401)), REGISTRY, AT_ONCE, &["127.0.0.2"]),
        ],
    );
}

#[test]
fn copying_to_a_registry_that_is_slow() {
    let world = Faulty::new("copylate");
    world.proxy.fails(ALL, Fault::Late(Duration::from_secs(3)), Often::Ever);
    let target = format!("{}:copied", world.repository());
    world.lab.imgbuild(&world.lab.path("home"), &["copy", &world.lab.base, &target]).expect(0);
    assert_eq!(world.lab.manifest("copied").0, source(&world));
}
