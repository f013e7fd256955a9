//! Files of container-structure-test in `tests/structure-tests/`, and what that tool said of them (`verdicts.json`, which
//! scripts/compare-structure-tests --record writes).

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use imgbuild::engine::{Endpoint, Engine, Keeper, Owner};
use imgbuild::event::Events;
use imgbuild::expect::{Check, FileCheck, ProbeSet, TestSpec, Verdict, What};
use imgbuild::smoke::{self, ProbePlan, Subject};
use imgbuild::suites::{Outside, structure_test};
use imgbuild::yaml::Problem;
use support::lab::{Lab, setting};

/// A test as the tool reports it.
#[derive(Debug, serde::Deserialize)]
struct Reported {
    kind: String,
    name: String,
    passed: bool,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/structure-tests")
}

fn verdicts() -> BTreeMap<String, Vec<Reported>> {
    let text = fs::read_to_string(folder().join("verdicts.json")).expect("verdicts");
    serde_json::from_str(&text).expect("JSON")
}

/// Each file by name, and each document of one as a file of its own.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder()).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let Some((stem, ending)) = name.rsplit_once('.').filter(|(stem, _)| stem.contains('-')) else {
            continue;
        };
        let text = fs::read_to_string(&path).expect("text");
        let parts: Vec<&str> = if ending == "yaml" { text.split("---\n").collect() } else { vec![&text] };
        for (nth, part) in parts.iter().enumerate() {
            let name = if parts.len() == 1 { name.clone() } else { format!("{stem}-{}.{ending}", nth + 1) };
            files.insert(name, (*part).to_owned());
        }
    }
    files
}

fn read(name: &str, text: &str) -> Result<TestSpec, Problem> {
    let env = |name: &str| (name == "STRUCTURE_TEST").then(|| "a=b c".to_owned());
    let file = |_: &str| Err("there is none".to_owned());
    structure_test(name, text.as_bytes(), &Outside { env: &env, file: &file, hide: &|_, _| () })
}

/// The tool's word for what is checked.
fn kind(check: &Check) -> &'static str {
    match &check.what {
        What::Run(_) => "command",
        What::File(FileCheck { follow: true, .. }) => "content",
        What::File(_) => "existence",
        What::Licenses(_) => "licenses",
        What::Image(_) => "metadata",
        other => panic!("no structure test has {other:?}"),
    }
}

#[test]
fn every_file_has_the_tests_that_the_tool_finds_in_it() {
    let (files, verdicts) = (files(), verdicts());
    assert_eq!(files.keys().collect::<Vec<_>>(), verdicts.keys().collect::<Vec<_>>());
    let mut count = 0;
    for (name, text) in &files {
        let test = read(name, text).unwrap_or_else(|problem| panic!("{name}:{problem}"));
        let ours: Vec<(&str, &str)> = test
            .checks
            .iter()
            .map(|check| (kind(check), check.name.as_deref().unwrap_or_default()))
            .collect();
        let theirs: Vec<(&str, &str)> =
            verdicts[name].iter().map(|test| (test.kind.as_str(), test.name.as_str())).collect();
        assert_eq!(ours, theirs, "{name}");
        count += ours.len();
    }
    assert!(count >= 60, "{count} tests");
}

#[test]
fn no_cut_file_is_read_as_something_else_in_silence() {
    // Whatever is left of a file is read or refused, but never breaks the reader.
    for (name, text) in files() {
        for end in text.char_indices().map(|(at, _)| at).step_by(7) {
            if let Err(problem) = read(&name, &text[..end]) {
                assert!(
                    problem.line >= 1 && problem.column >= 1 && !problem.message.contains('\n'),
                    "{problem}"
                );
            }
        }
    }
}

/// The images that the files are for, by the first word of a file's name.
fn images(lab: &Lab) -> [(&'static str, String); 2] {
    let base = format!("{}-base", lab.name());
    let layer = lab.path("base.tar");
    let made = Command::new(Path::new(&setting("IMGBUILD_TEST_SCRIPTS")).join("base-image"))
        .arg("layer")
        .arg(&layer)
        .status()
        .expect("base-image");
    assert!(made.success());
    lab.docker(&["import", layer.to_str().expect("path"), &base]);
    ["full", "bare"].map(|kind| {
        let file = folder().join(format!("Dockerfile.{kind}"));
        let (base, file, folder) = (format!("BASE={base}"), file.to_string_lossy().into_owned(), folder());
        let folder = folder.to_string_lossy();
        let id =
            lab.docker(&["build", "-q", "--network", "none", "--build-arg", &base, "-f", &file, &folder]);
        (kind, id.trim().to_owned())
    })
}

#[tokio::test]
async fn every_verdict_is_that_of_the_tool() {
    let lab = Lab::new("structure");
    let verdicts = verdicts();
    let mut wrong = Vec::new();
    for (kind, image) in images(&lab) {
        let files: Vec<(String, String)> =
            files().into_iter().filter(|(name, _)| name.starts_with(kind)).collect();
        let tests = files.iter().map(|(name, text)| read(name, text).expect("a file that can be read"));
        let probes = ProbePlan {
            set: ProbeSet::Off,
            kind: None,
            read_only: false,
            hardened: false,
            companions: BTreeSet::new(),
            like: None,
            reference: "image".to_owned(),
        };
        let subject = Subject { tests: tests.collect(), probes };
        let socket = lab.engine.strip_prefix("unix://").expect("a socket");
        let engine = Engine::connect(&Endpoint::unix(Path::new(socket), "the test")).await.expect("engine");
        let image = engine.require_image(&image).await.expect("image");
        let owner = Owner::current(lab.name(), Duration::from_secs(1200)).expect("owner");
        let keeper = Keeper::begin(engine, owner, &lab.path(kind)).expect("keeper");
        let put = Box::pin(smoke::put(&keeper, &image, &subject, &Events::discard())).await;
        let left = keeper.finish().await.expect("finish").failed;
        assert!(left.is_empty(), "{left:?}");
        for (result, (name, _)) in put.expect("an engine that works").tests().iter().zip(&files) {
            assert_eq!(result.stopped, None, "{name}");
            assert_eq!(result.checks.len(), verdicts[name].len(), "{name}");
            for (ours, theirs) in result.checks.iter().zip(&verdicts[name]) {
                if (ours.verdict == Verdict::Passed) != theirs.passed {
                    wrong.push(format!("{name}: {theirs:?}: {:?}", ours.misfits));
                }
            }
        }
    }
    assert_eq!(lab.owned(lab.name()), BTreeSet::new(), "left on the engine");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
