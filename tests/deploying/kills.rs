//! Killed and cut off at each step.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, mpsc};

use rustix::process::Signal;

use crate::site::{HEALTHCHECK, SERVES, Site, is_step};
use crate::support::engine_proxy::meddle;
use crate::support::lab::Lab;
use crate::support::private::PrivateEngine;

/// Kills a deployment before each of its steps; one further command makes it serve.
fn killed_at_each_step(site: &Site, answers: impl Fn(&Site) -> String) {
    for tag in ["a", "b"] {
        site.good(tag);
        let ran = site.deploy(&[tag]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let mut steps = Vec::new();
    for nth in 0.. {
        let tag = if nth % 2 == 0 { "a" } else { "b" };
        let mut running = site.imgbuild(&["deploy", "web", tag, "--format", "ndjson"]).start();
        let (seen, last) = (Cell::new(0), RefCell::new(String::new()));
        let event = running.wait_for("a step or the end", |event| {
            let is_step = event["type"] == "deploy-step";
            if is_step {
                last.replace(event["step"].as_str().expect("step").to_owned());
            }
            seen.set(seen.get() + usize::from(is_step));
            (is_step && seen.get() > nth) || event["type"] == "run-finished"
        });
        if event["type"] == "run-finished" {
            let (code, events, stderr) = running.end();
            assert_eq!(code, Some(0), "{events:#?}\n{stderr}");
            break;
        }
        running.signal(Signal::KILL);
        running.end();
        let step = last.into_inner();
        let what = format!("killed at step {nth}, {step}");
        // Either command recovers.
        let arguments: &[&str] = if nth % 3 == 2 { &["rollback", "web"] } else { &["deploy", "web", tag] };
        let ran = site.imgbuild(arguments).run();
        assert_eq!(ran.code, Some(0), "{what}: {}\n{}", ran.stdout, ran.stderr);
        let answer = answers(site);
        assert!(["version a\n", "version b\n"].contains(&answer.as_str()), "{what}: {answer:?}");
        site.is_tidy(&what);
        steps.push(step);
    }
    println!("killed at {steps:?}");
    let all: BTreeSet<&str> = steps.iter().map(String::as_str).collect();
    for step in
        ["lock", "pull", "create", "rename", "restart-policy", "stop", "start", "ready", "watch", "remove"]
    {
        assert!(all.contains(step), "{step} was not struck: {steps:?}");
    }
    site.imgbuild(&["clean", "--yes"]).expect(0);
    assert_eq!(site.lab.journals(), Vec::<String>::new());
}

#[test]
fn killed_at_each_step_of_a_swap_in_place_one_command_recovers() {
    killed_at_each_step(&Site::new("kill"), Site::answer);
}

#[test]
fn killed_at_each_step_of_a_swap_beside_one_command_recovers() {
    let site = Site::new("beside");
    site.configure("", "ports = []");
    killed_at_each_step(&site, |site| {
        let ask = ["exec", site.name(), "wget", "-q", "-O", "-", "http://api:8080/"];
        site.lab.docker(&ask) + "\n"
    });
}

#[test]
fn a_swap_that_was_killed_is_rolled_back_to_what_served() {
    let site = Site::new("undo");
    for tag in ["1", "2", "3"] {
        site.good(tag);
    }
    let killed_at = |tag: &str, step: &str| {
        let mut running = site.imgbuild(&["deploy", "web", tag, "--format", "ndjson"]).start();
        running.wait_for(step, |event| is_step(event, step));
        running.signal(Signal::KILL);
        running.end();
    };
    let rolled_back = |version: &str, what: &str| {
        let ran = site.imgbuild(&["rollback", "web", "--format", "json"]).run();
        assert_eq!(ran.code, Some(0), "{what}: {}\n{}", ran.stdout, ran.stderr);
        assert_eq!(site.answer(), format!("version {version}\n"), "{what}: {}", ran.stderr);
        site.is_tidy(what);
        ran.json()["deploy"]["digest"].clone()
    };
    // Nothing ran before the first one, so that it alone can be gone back to.
    let first = site.deployed("1")["deploy"]["digest"].clone();
    // A run that is killed as it makes the new one may have changed nothing, and then there is nothing to go back to.
    for step in ["rename", "stop", "start", "watch"] {
        killed_at("2", step);
        assert_eq!(rolled_back("1", step), first, "{step}");
    }
    // What served is not what was kept before it.
    site.deployed("2");
    killed_at("3", "start");
    rolled_back("2", "the second one");
    let ran = site.imgbuild(&["rollback", "web"]).run();
    assert_eq!((ran.code, site.answer().as_str()), (Some(0), "version 1\n"), "{}", ran.stderr);
}

#[test]
fn what_was_made_by_hand_can_be_gone_back_to_after_a_swap_that_was_killed() {
    for step in ["watch", "hold", "remove", "keep"] {
        let site = Site::new(&format!("by-hand-{step}"));
        // Somebody else's, which is no release of imgbuild's.
        let theirs = site.version_of("0", &[], &format!("{HEALTHCHECK}{SERVES}"));
        site.good("1");
        site.run_by_hand(&theirs);
        let deploy = ["deploy", "web", "1", "--adopt", "--format", "ndjson"];
        let mut running = site.imgbuild(&deploy).start();
        running.wait_for(step, |event| is_step(event, step));
        running.signal(Signal::KILL);
        running.end();
        site.deployed("1");
        site.is_tidy(step);
        // By the name that it was kept by alone.
        site.lab.docker(&["rmi", &theirs]);
        let ran = site.imgbuild(&["rollback", "web"]).run();
        assert_eq!(ran.code, Some(0), "{step}: {}\n{}", ran.stdout, ran.stderr);
        assert_eq!(site.answer(), "version 0\n", "{step}: {}", ran.stderr);
        site.is_tidy(step);
    }
}

#[test]
fn an_engine_that_is_killed_in_the_middle_of_a_swap_serves_after_one_command() {
    let engine = PrivateEngine::start("deploy");
    let site = Site::of(Lab::on("dockerd", &engine.url));
    for tag in ["1", "2"] {
        site.good(tag);
    }
    let inside = |site: &Site| {
        site.lab.docker(&["exec", site.name(), "wget", "-q", "-O", "-", "http://127.0.0.1:8080/"])
    };
    site.configure("http = []", "");
    let config = fs::read_to_string(site.folder().join("imgbuild.toml")).expect("configuration");
    // The engine's ports may be in a namespace of its own: its HEALTHCHECK is what counts.
    let asks = config.lines().filter(|line| !line.starts_with("http = [{"));
    fs::write(site.folder().join("imgbuild.toml"), asks.collect::<Vec<_>>().join("\n"))
        .expect("configuration");
    let ran = site.deploy(&["1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for step in ["rename", "stop", "start", "ready", "remove"] {
        let mut running = site.imgbuild(&["deploy", "web", "2", "--format", "ndjson"]).start();
        running.wait_for(step, |event| is_step(event, step));
        engine.kill();
        let (code, events, stderr) = running.end();
        // The removal of the old one is all that is left to do: it may be done before the engine dies.
        let over = step == "remove" && code == Some(0);
        assert!(over || matches!(code, Some(8..=10)), "{step}: {code:?} {events:#?}\n{stderr}");
        engine.restart();
        let mut ran = site.deploy(&["1"]);
        // Docker 20.10 that is killed while it starts a container may hold that one's port until it starts once more, and
        // nobody else can have it.
        if ran.code == Some(10) && ran.stdout.contains("port is already allocated") {
            println!("{step}: the engine holds the port of a container that it lost");
            ran.says("restart the engine");
            engine.kill();
            engine.restart();
            ran = site.deploy(&["1"]);
        }
        assert_eq!(ran.code, Some(0), "{step}: {}\n{}", ran.stdout, ran.stderr);
        assert_eq!(inside(&site), "version 1", "{step}");
        site.is_tidy(step);
    }
}

#[test]
fn a_signal_in_the_middle_of_a_swap_brings_the_old_one_back() {
    let site = Site::new("signal");
    site.good("1");
    site.good("2");
    site.deployed("1");
    for (signal, code, step) in
        [(Signal::INT, 130, "ready"), (Signal::TERM, 143, "stop"), (Signal::INT, 130, "watch")]
    {
        let mut running = site.imgbuild(&["deploy", "web", "2", "--format", "ndjson"]).start();
        running.wait_for(step, |event| is_step(event, step));
        running.signal(signal);
        let (ended, events, stderr) = running.end();
        assert_eq!(ended, Some(code), "{step}: {events:#?}\n{stderr}");
        assert_eq!(site.answer(), "version 1\n", "{step}: {events:#?}\n{stderr}");
        site.is_tidy(step);
    }
}

/// A way to the site's engine on which the request of this number that holds `part` waits until the sender that is given says a
/// word, or goes.
fn holding(site: &Site, part: &'static str, nth: u32) -> (String, mpsc::Sender<()>) {
    let (release, held) = mpsc::channel();
    let (held, count) = (Mutex::new(held), AtomicU32::new(0));
    let engine = meddle(&site.lab.path(&format!("proxy-{nth}.sock")), &site.lab.engine, part, move |_| {
        if count.fetch_add(1, Ordering::SeqCst) == nth {
            let _ = held.lock().expect("lock").recv();
        }
    });
    (engine, release)
}

#[test]
fn a_signal_in_the_last_clean_up_says_that_the_new_one_serves() {
    let site = Site::new("late");
    for tag in ["1", "2", "3"] {
        site.good(tag);
    }
    site.configure("keep = 1", "");
    let first = site.deployed("1")["deploy"]["digest"].as_str().expect("digest").to_owned();
    // The first is for the image of what goes.
    let (engine, release) = holding(&site, "imgbuild-keep", 1);
    let deploy = ["deploy", "web", "2", "--format", "ndjson"];
    let mut running = site.imgbuild(&deploy).env("DOCKER_HOST", engine).start();
    running.wait_for("keep", |event| is_step(event, "keep"));
    running.signal(Signal::INT);
    running.wait_for_type("cancelling");
    drop(release);
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(8), "{events:#?}\n{stderr}");
    assert_eq!(events.iter().filter(|event| event["type"] == "deployed").count(), 1, "{events:#?}");
    let end = events.last().expect("an end");
    assert!(end["error"].to_string().contains("only the clean-up behind that was cut off"), "{end:#}");
    assert!(end["hints"].to_string().contains("imgbuild clean"), "{end:#}");
    assert_eq!(site.answer(), "version 2\n");
    site.is_tidy("cut off");

    // The command that it names does the rest.
    let images = format!("imgbuild-keep/{}", site.name());
    let is_kept = || {
        let tags = site.lab.docker(&["images", "--format", "{{.Tag}}", &images]);
        tags.lines().any(|tag| first.contains(tag))
    };
    assert!(is_kept(), "what went is held");
    site.imgbuild(&["clean", "--yes"]).expect(0);
    assert!(!is_kept(), "one is kept");

    // All is done but that the lock is let go of.
    let (engine, release) = holding(&site, "/imgbuild-deploy-", 0);
    let deploy = ["deploy", "web", "3", "--format", "ndjson"];
    let mut running = site.imgbuild(&deploy).env("DOCKER_HOST", engine).start();
    running.wait_for_type("deployed");
    running.signal(Signal::INT);
    drop(release);
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(0), "{events:#?}\n{stderr}");
    assert_eq!(site.answer(), "version 3\n");
    site.is_tidy("done");
}
