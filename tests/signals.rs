//! Signals in every stage of the event schema: the exit code, the registry, the engine, the journal.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use imgbuild::event::Stage;
use rustix::process::Signal;
use support::lab::{self, Lab, Repo};
use support::private::{Inventory, PrivateEngine};
use support::proxy::DyingRegistry;

/// A cancelled run is gone within this: the design's five seconds, and what a busy machine adds.
const GONE: Duration = Duration::from_secs(20);

/// A repository whose run stays in `stage` until somebody ends it, as far as the stage can be held.
fn held_in<'a>(lab: &'a Lab, stage: Stage, registry: &str) -> Repo<'a> {
    let repo = lab.repo(stage.name());
    let mut dockerfile = lab::dockerfile(&lab.base);
    match stage {
        Stage::Build => dockerfile.push_str("RUN touch /begun\nRUN sleep 60\n"),
        Stage::Smoke => dockerfile = dockerfile.replace("[\"httpd\", ", "[\"sleep\", \"60\", "),
        _ => {}
    }
    repo.write("Dockerfile", &dockerfile);
    repo.write("www/index.html", &format!("hello from {}\n", stage.name()));
    let repository = format!("{registry}/t/{}", lab.name());
    let config = if stage == Stage::Smoke { lab::config_with_probes } else { lab::config };
    // With a network of its own for the build the clean-up has something to do: without, it is over before a signal comes.
    let builder = if stage == Stage::Teardown { "[image.build]\nbuilder = \"classic\"\n" } else { "" };
    repo.write("imgbuild.toml", &(config(&repository) + builder));
    repo.commit("first");
    repo
}

/// Whether the event is the moment to strike in `stage`.
fn is_moment(stage: Stage, event: &serde_json::Value) -> bool {
    match stage {
        Stage::Build => {
            event["type"] == "build-step"
                && event["instruction"].as_str().is_some_and(|i| i.contains("sleep"))
        }
        Stage::Smoke => event["type"] == "test-started",
        Stage::Publish => event["type"] == "tag-pushing",
        _ => event["type"] == "stage-started" && event["stage"] == stage.name(),
    }
}

/// Strikes in each stage; everything is looked at before and after on an engine that nobody else uses.
fn strike(signal: Signal, name: &str, code: Option<i32>) {
    let engine = PrivateEngine::start(name);
    let lab = Lab::on(name, &engine.url);
    // What any run leaves as cache is there before, so that the listing shows what a cut-off run leaves.
    lab.docker(&["pull", "-q", &lab.base]);
    // A deployment has steps of its own, and tests/deploying/kills.rs strikes at each.
    for stage in Stage::ALL.into_iter().filter(|stage| *stage != Stage::Deploy) {
        let holding = DyingRegistry::holding(&lab.registry, "PUT /v2/");
        let registry = if stage == Stage::Publish { holding.address.clone() } else { lab.registry.clone() };
        let repo = held_in(&lab, stage, &registry);
        let before = Inventory::of(&lab);
        let tags_before = lab.tags();
        let mut running = repo.imgbuild(&["ci", "--format", "ndjson"]).start();
        let run = running.run_id();
        running.wait_for(stage.name(), |event| is_moment(stage, event));
        let struck = Instant::now();
        running.signal(signal);
        let (ended, events, stderr) = running.end();
        let what = format!("{signal:?} in {}\n{events:#?}\n{stderr}", stage.name());
        assert_eq!(ended, code, "{what}");
        assert!(struck.elapsed() < GONE, "took {:?}: {what}", struck.elapsed());
        if code.is_some() {
            assert_eq!(lab.owned(&run), BTreeSet::new(), "left on the engine: {what}");
            let last = events.last().expect("events");
            assert_eq!((&last["type"], &last["exit_code"]), (&"run-finished".into(), &code.into()), "{what}");
        }
        // A tag moves in the last two stages alone, and then the events name it.
        let moved: BTreeSet<String> = lab.tags().difference(&tags_before).cloned().collect();
        let named: BTreeSet<String> = events
            .iter()
            .filter(|event| event["type"] == "tag-published")
            .map(|event| {
                event["reference"].as_str().expect("reference").rsplit(':').next().expect("tag").to_owned()
            })
            .collect();
        assert!(moved.is_subset(&named), "{moved:?} moved, {named:?} was told: {what}");
        assert!(stage >= Stage::Teardown || moved.is_empty(), "{moved:?} moved: {what}");

        repo.imgbuild(&["clean", "--yes"]).expect(0);
        assert_eq!(lab.journals(), Vec::<String>::new(), "{what}");
        assert_eq!(lab.owned(&run), BTreeSet::new(), "left after clean: {what}");
        let left = Inventory::of(&lab).beyond(&before, &lab);
        assert_eq!(left, BTreeSet::new(), "left after clean: {what}");
    }
}

#[test]
fn sigint_in_every_stage() {
    strike(Signal::INT, "sigint", Some(130));
}

#[test]
fn sigterm_in_every_stage() {
    strike(Signal::TERM, "sigterm", Some(143));
}

#[test]
fn sigkill_in_every_stage() {
    strike(Signal::KILL, "sigkill", None);
}

#[test]
fn sigterm_after_sigint_does_not_hurry_the_clean_up() {
    let lab = Lab::new("both");
    let repo = held_in(&lab, Stage::Smoke, &lab.registry);
    let mut running = repo.imgbuild(&["ci", "--format", "ndjson"]).start();
    let run = running.run_id();
    running.wait_for("a test", |event| is_moment(Stage::Smoke, event));
    // As a CI does on cancel.
    running.signal(Signal::INT);
    running.signal(Signal::TERM);
    let (code, events, stderr) = running.end();
    assert!(matches!(code, Some(130 | 143)), "{code:?}\n{events:#?}\n{stderr}");
    assert_eq!(lab.owned(&run), BTreeSet::new(), "{events:#?}");
}

#[test]
fn an_engine_that_is_killed_in_the_middle_of_a_build_is_lost() {
    let engine = PrivateEngine::start("lost");
    let lab = Lab::on("lost", &engine.url);
    let repo = held_in(&lab, Stage::Build, &lab.registry);
    let before = Inventory::of(&lab);
    let mut running = repo.imgbuild(&["ci", "--format", "ndjson"]).start();
    running.wait_for("the slow step", |event| is_moment(Stage::Build, event));
    engine.kill();
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(8), "{events:#?}\n{stderr}");
    assert!(stderr.contains("engine"), "{stderr}");
    assert_eq!(lab.tags(), BTreeSet::new());
    engine.restart();
    repo.imgbuild(&["clean", "--yes"]).expect(0);
    let left: BTreeSet<String> = Inventory::of(&lab).beyond(&before, &lab);
    // The base was pulled by this build, and has a tag.
    assert_eq!(left, BTreeSet::new());
}

#[test]
fn bystanders_survive_a_clean() {
    let engine = PrivateEngine::start("bystand");
    let lab = Lab::on("bystand", &engine.url);
    let repo = lab.hello();
    lab.docker(&["pull", "-q", &lab.base]);
    let run = |arguments: &[&str]| lab.docker(&[&["run", "-d", "--network", "none"], arguments].concat());
    // A stranger's things, one stopped and one untagged among them.
    let stranger = run(&[&lab.base, "sleep", "600"]);
    lab.docker(&["network", "create", "strangers"]);
    lab.docker(&["volume", "create", "strangers"]);
    let dangling = lab.docker(&["commit", &stranger]);
    // A production container of an image that imgbuild built in CI.
    let report = repo.imgbuild(&["ci", "--format", "json"]).env("CI", "true").expect(0).json();
    let production = run(&[report["tags"][0]["reference"].as_str().expect("reference")]);
    // A run of another host, live and over.
    let future = "4000000000";
    let labelled = |deadline: &str| {
        let labels = [
            ("run", "elsewhere"),
            ("host", "another"),
            ("boot", "another"),
            ("pid", "1"),
            ("pid-start", "1"),
            ("deadline", deadline),
        ];
        let labels: Vec<String> =
            labels.iter().map(|(key, value)| format!("--label=dev.imgbuild.owner.{key}={value}")).collect();
        let mut arguments: Vec<&str> = labels.iter().map(String::as_str).collect();
        arguments.extend([lab.base.as_str(), "sleep", "600"]);
        run(&arguments)
    };
    let (live, over) = (labelled(future), labelled("1000000000"));

    // Something of ours to remove, left by a kill.
    let slow = held_in(&lab, Stage::Smoke, &lab.registry);
    let mut running = slow.imgbuild(&["ci", "--format", "ndjson"]).start();
    let killed = running.run_id();
    running.wait_for("a test", |event| is_moment(Stage::Smoke, event));
    running.signal(Signal::KILL);
    running.end();

    let dry = repo.imgbuild(&["clean"]).expect(0);
    assert!(dry.stdout.contains("would remove") && dry.stdout.contains(&over[..12]), "{}", dry.stdout);
    assert!(!dry.stdout.contains(&live[..12]), "{}", dry.stdout);
    let there = lab.docker(&["ps", "-aq", "--no-trunc"]);
    assert!(there.contains(&over), "a dry run removes nothing");

    repo.imgbuild(&["clean", "--yes"]).expect(0);
    let there = lab.docker(&["ps", "-q", "--no-trunc"]);
    for (what, id) in [("stranger's", &stranger), ("production", &production), ("other host's", &live)] {
        assert!(there.contains(id.as_str()), "the {what} container is gone");
    }
    assert!(!lab.docker(&["ps", "-aq", "--no-trunc"]).contains(&over));
    assert_eq!(lab.owned(&killed), BTreeSet::new());
    assert!(lab.docker(&["network", "ls", "--format", "{{.Name}}"]).lines().any(|name| name == "strangers"));
    assert!(lab.docker(&["volume", "ls", "-q"]).lines().any(|name| name == "strangers"));
    assert!(
        lab.docker(&["images", "-aq", "--no-trunc"]).contains(&dangling),
        "a stranger's untagged image is gone"
    );
}
