//! The goss files in `tests/goss/`, put to their image. What goss says of them is in the files: a resource whose notes hold
//! `fails: true`, on one line with its name, is one that goss fails, which scripts/compare-goss holds against goss itself.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::lab::Lab;

/// Each file, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
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

#[test]
fn each_resource_gets_the_verdict_that_goss_gives() {
    let lab = Lab::new("goss");
    lab.docker(&["pull", "-q", &lab.base]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goss");
    let base = format!("BASE={}", lab.base);
    let context = folder.join("image");
    let context = context.to_str().expect("path");
    let image = lab.docker(&["build", "-q", "--network", "none", "--build-arg", &base, context]);
    let mut count = 0;
    for file in files(&folder) {
        let text = fs::read_to_string(&file).expect("text");
        let file = file.to_str().expect("path");
        let arguments = ["test", &image, "--goss", file, "--probes", "off", "--format", "json"];
        let report = lab.imgbuild(&lab.path(""), &arguments).expect(6).json();
        let tests = report["tests"].as_array().expect("tests").iter();
        let checks = tests.flat_map(|test| test["checks"].as_array().cloned().unwrap_or_default());
        let checks: Vec<Value> = checks.filter(|check| check["kind"] != "start").collect();
        let wanted = failing(&text);
        let failed = checks.iter().filter(|check| check["verdict"] == "failed");
        let found: BTreeSet<String> =
            failed.map(|check| short(check["name"].as_str().expect("a name"), &wanted)).collect();
        assert_eq!(found, wanted, "{file}: {report:#}");
        let skipped = checks.iter().filter(|check| check["verdict"] == "skipped").count();
        assert_eq!(skipped, text.matches("skip: true").count(), "{file}: {report:#}");
        count += checks.len();
    }
    assert!(count >= 200, "{count} resources");
}
