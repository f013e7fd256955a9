//! Files of container-structure-test in `tests/structure-tests/`, and what that tool said of them (`verdicts.json`, which
//! scripts/compare-structure-tests --record writes).

#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use imgbuild::expect::{Check, FileCheck, TestSpec, What};
use imgbuild::suites::{Outside, Problem, structure_test};

/// A test as the tool reports it.
#[derive(Debug, serde::Deserialize)]
struct Reported {
    kind: String,
    name: String,
    #[serde(rename = "passed")]
    _passed: bool,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/structure-tests")
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
    structure_test(name, text.as_bytes(), &Outside { env: &env, file: &file })
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
    let text = fs::read_to_string(folder().join("verdicts.json")).expect("verdicts");
    let verdicts: BTreeMap<String, Vec<Reported>> = serde_json::from_str(&text).expect("JSON");
    let files = files();
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
