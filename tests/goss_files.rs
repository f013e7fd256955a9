//! The goss files in `tests/goss/`, put to their image. What goss says of them is in the files: a resource whose notes hold
//! `fails: true`, on one line with its name, is one that goss fails, which scripts/compare-goss holds against goss itself.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use imgbuild::engine::{Endpoint, Engine, Keeper, Owner};
use imgbuild::event::Events;
use imgbuild::expect::{ProbeSet, TestSpec, Verdict};
use imgbuild::smoke::{self, ProbePlan, Subject};
use imgbuild::suites::goss;
use support::lab::Lab;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goss")
}

/// Each file: its test, and its text.
fn files() -> Vec<(TestSpec, String)> {
    let entries = fs::read_dir(folder()).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("text");
        let name = path.file_name().expect("a name").to_string_lossy();
        let test = goss(&name, text.as_bytes()).unwrap_or_else(|problem| panic!("{name}:{problem}"));
        (test, text)
    };
    paths.iter().map(read).collect()
}

/// Kind and key of the resources that must fail, as in the names of their checks: `File: mode-wrong`.
fn failing(text: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut failing = BTreeSet::new();
    for line in text.lines() {
        let (key, rest) = line.trim_start().split_once(": ").unwrap_or((line.trim(), ""));
        let key = key.trim_end_matches(':').trim_matches('"');
        if (rest.is_empty() && !line.starts_with(' ')) || rest == "{" {
            section = key;
        } else if rest.replace('"', "").contains("fails: true") {
            let kind = match section {
                "http" => "HTTP".to_owned(),
                section => section[..1].to_uppercase() + &section[1..],
            };
            failing.insert(format!("{kind}: {key}"));
        }
    }
    failing
}

/// `File: key: /path (title)` without what follows the key.
fn short(name: &str, failing: &BTreeSet<String>) -> String {
    let key = |known: &&String| {
        name.strip_prefix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
    };
    failing.iter().find(key).cloned().unwrap_or_else(|| name.to_owned())
}

#[tokio::test]
async fn each_resource_gets_the_verdict_that_goss_gives() {
    let lab = Lab::new("goss");
    lab.docker(&["pull", "-q", &lab.base]);
    let base = format!("BASE={}", lab.base);
    let context = folder().join("image");
    let context = context.to_str().expect("path");
    let image = lab.docker(&["build", "-q", "--network", "none", "--build-arg", &base, context]);
    let socket = lab.engine.strip_prefix("unix://").expect("a socket");
    let engine = Engine::connect(&Endpoint::unix(Path::new(socket), "the test")).await.expect("engine");
    let image = engine.require_image(&image).await.expect("image");
    let owner = Owner::current(lab.name(), Duration::from_secs(600)).expect("owner");
    let keeper = Keeper::begin(engine, owner, &lab.path("state")).expect("keeper");
    let files = files();
    let probes = ProbePlan {
        set: ProbeSet::Off,
        kind: None,
        read_only: false,
        hardened: false,
        companions: BTreeSet::new(),
        like: None,
        reference: "image".to_owned(),
    };
    let tests = files.iter().map(|(test, _)| test.clone()).collect();
    let put = smoke::put(&keeper, &image, &Subject { tests, probes }, &Events::discard()).await;
    let left = keeper.finish().await.expect("finish").failed;
    assert!(left.is_empty(), "{left:?}");
    let results = put.expect("an engine that works").tests;
    let mut count = 0;
    for (test, text) in &files {
        let result = results.iter().find(|result| result.name == test.name).expect("a result");
        assert_eq!(result.stopped, None, "{result:?}");
        let wanted = failing(text);
        let failed = result.checks.iter().filter(|check| check.verdict == Verdict::Failed);
        let found: BTreeSet<String> = failed.map(|check| short(&check.name, &wanted)).collect();
        assert_eq!(found, wanted, "{}", test.name);
        count += test.checks.len();
    }
    assert!(count >= 200, "{count} resources");
}
