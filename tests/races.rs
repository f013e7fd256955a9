//! Two runs for one tag, and a release that was killed half-way: set up by what the registry was asked, never by time.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use imgbuild::image::Digest;
use rustix::process::Signal;
use serde_json::Value;
use support::fault_proxy::{Fault, Often, On};
use support::faulty::Faulty;
use support::lab::{Repo, Running};
use tokio::sync::Barrier;

/// The second run builds while the first is held.
const PATIENT: &str = "idle-timeout = \"110s\"\n";

/// A commit whose image is another one for each `FLAVOUR`.
fn flavoured<'a>(world: &'a Faulty, folder: &str) -> Repo<'a> {
    let repo = world.repo(folder, PATIENT);
    let dockerfile = fs::read_to_string(repo.path.join("Dockerfile")).expect("Dockerfile");
    repo.write("Dockerfile", &(dockerfile + "ARG FLAVOUR\nRUN echo \"$FLAVOUR\" > /flavour\n"));
    repo.commit("flavours");
    repo
}

fn start(world: &Faulty, repo: &Repo<'_>, flavour: &str, now: &str) -> Running {
    let (argument, report) = (format!("FLAVOUR={flavour}"), world.lab.path(flavour));
    let report = report.to_str().expect("path");
    let arguments = ["--build-arg", &argument, "--format", "ndjson", "--report", report];
    world.ci(repo, &arguments).env("IMGBUILD_NOW", now).start()
}

/// How a run ended: exit code, report, stderr.
type End = (Option<i32>, Value, String);

fn end(world: &Faulty, running: Running, flavour: &str) -> End {
    let (code, _, stderr) = running.end();
    let text = fs::read_to_string(world.lab.path(flavour)).expect("report");
    world.credential_stays(&[&text, &stderr]);
    (code, serde_json::from_str(&text).expect("report"), stderr)
}

fn says(report: &Value, parts: &[&str]) {
    let error = report["error"].to_string();
    for said in parts {
        assert!(error.contains(said), "{said:?} is not in {error}");
    }
}

#[test]
fn of_two_runs_on_one_engine_with_one_unique_tag_the_second_is_refused() {
    let world = Faulty::new("race");
    let (one, two) = (flavoured(&world, "one"), flavoured(&world, "two"));
    assert_eq!(one.head(), two.head());
    let tag = format!("main-{}-1700000000", &one.head()[..7]);
    // The first is held where nothing in the registry tells of it yet.
    let gate = world.proxy.holds(On(&["PUT"], "/manifests/main-"));
    let first = start(&world, &one, "first", "1700000000");
    world.proxy.wait_for(1, "PUT", &format!("/manifests/{tag}"));
    let second = start(&world, &two, "second", "1700000000");
    let (code, report, stderr) = end(&world, second, "second");
    assert_eq!(code, Some(4), "{stderr}");
    says(&report, &[&tag, "another image", "another run"]);
    gate.open();
    let (code, report, stderr) = end(&world, first, "first");
    assert_eq!(code, Some(0), "{stderr}");
    world.invariant(&report, &stderr);
    assert_eq!(world.lab.tags(), BTreeSet::from([tag, "main".to_owned()]));
}

#[test]
fn of_two_runs_that_race_for_one_version_one_wins() {
    let world = Faulty::new("version-race");
    let (one, two) = (flavoured(&world, "one"), flavoured(&world, "two"));
    for repo in [&one, &two] {
        repo.git(&["tag", "v1.0.0"]);
    }
    // Neither knows of the other's image when it plans, and each finds the version free before it puts it; both are
    // answered when both have landed.
    let gate = world.proxy.holds(On(&["PUT"], "/manifests/tag-"));
    let barrier = Arc::new(Barrier::new(2));
    for _ in 0..2 {
        let version = On(&["PUT"], "/manifests/1.0.0$");
        world.proxy.fails(version, Fault::Together(Arc::clone(&barrier)), Often::Once);
    }
    let runs = [start(&world, &one, "first", "1700000000"), start(&world, &two, "second", "1700000001")];
    world.proxy.wait_for(2, "PUT", "/manifests/tag-");
    gate.open();
    let [first, second] = runs;
    let ends = [end(&world, first, "first"), end(&world, second, "second")];

    let codes: BTreeSet<_> = ends.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, BTreeSet::from([Some(0), Some(4)]), "{ends:#?}");
    for (code, report, stderr) in &ends {
        if *code == Some(0) {
            world.invariant(report, stderr);
        } else {
            says(report, &["1.0.0", "other content", "another run"]);
        }
    }
}

/// Kills a release when its `nth` tag is out and the next is on its way, and runs it again, in a CI, where the time of
/// the build alone would make another image.
fn killed_after(nth: usize, name: &str, passes: &[On]) {
    let world = Faulty::new(name);
    let repo = world.repo("repo", PATIENT);
    repo.git(&["tag", "v1.0.0"]);
    let ci = |build: &str| {
        world
            .ci(&repo, &["--push", "always", "--format", "ndjson"])
            .env("CI", "true")
            .env("IMGBUILD_CI_PROVIDER", "other")
            .env("IMGBUILD_BUILD_URL", format!("https://ci.example.com/{build}"))
            .start()
    };
    for on in passes {
        world.proxy.fails(*on, Fault::Nothing, Often::Ever);
    }
    let gates = [
        world.proxy.holds(On(&["PUT"], "/manifests/1")),
        world.proxy.holds(On(&["PUT"], "/manifests/latest")),
    ];
    let mut run = ci("1");
    let first = run.wait_for_type("tag-published")["digest"].as_str().expect("digest").to_owned();
    for _ in 1..nth {
        run.wait_for_type("tag-published");
    }
    run.signal(Signal::KILL);
    run.end();
    for gate in gates {
        gate.cut();
    }
    assert_eq!(world.lab.tags().len(), nth);
    world.proxy.recovers();

    let (code, events, stderr) = ci("2").end();
    assert_eq!(code, Some(0), "{stderr}");
    let tags = world.lab.tags();
    for tag in ["1.0.0", "1.0", "1", "latest"] {
        assert!(tags.contains(tag), "{tag} is not in {tags:?}: {stderr}");
    }
    for tag in &tags {
        assert_eq!(Digest::of(&world.lab.manifest(tag).0).as_str(), first, "{tag}: {stderr}");
    }
    let told: Vec<&Value> = events.iter().filter(|event| event["type"] == "tag-published").collect();
    assert!(told.iter().all(|event| event["digest"] == first.as_str()) && told.len() >= 4, "{told:#?}");
}

#[test]
fn a_release_killed_after_its_first_tag_is_completed_on_that_digest() {
    killed_after(1, "killed1", &[]);
}

#[test]
fn a_release_killed_after_its_version_is_completed_on_that_digest() {
    killed_after(2, "killed2", &[On(&["PUT"], "/manifests/1.0.0$")]);
}
