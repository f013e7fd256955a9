//! `ci_env_cases.json`: what each CI's environment means. Rows of the systems in [`TO_COME`] are counted, so that
//! none drops out of sight; the issue that adds a system moves its name out of that list.

#![cfg(test)]

use std::path::PathBuf;

use imgbuild::environment::Environment;
use imgbuild::source::{self, CiContext, RefName, SourceState};
use serde_json::Value;

/// Known by name, their variables not read yet.
const TO_COME: [&str; 13] = [
    "appveyor",
    "aws-codebuild",
    "azure-pipelines",
    "bitbucket-pipelines",
    "buildkite",
    "circleci",
    "drone",
    "forgejo-actions",
    "gitea-actions",
    "google-cloud-build",
    "teamcity",
    "travis",
    "woodpecker",
];

/// Rows of GitHub, GitLab and Jenkins, and of no CI at all, in the file that is shipped.
const ASSERTED: usize = 10;
/// Rows of the systems in [`TO_COME`], in the file that is shipped.
const COUNTED: usize = 13;

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

/// The checkout that a row describes; where it describes none, one that agrees with the row.
fn checkout(row: &Value) -> SourceState {
    let (git, expected) = (&row["git"], &row["expected"]);
    let fallback = text(&row["also"]["merge_sha"]).or(text(&expected["sha"]));
    SourceState {
        commit: text(&git["head"]).or(fallback).unwrap_or_default().to_owned(),
        parents: git["head_parents"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(text)
            .map(str::to_owned)
            .collect(),
        branch: text(&git["branch"]).map(RefName::from),
        committer: text(&git["author"]).unwrap_or("Ada <ada@example.com>").to_owned(),
        ..SourceState::default()
    }
}

fn detect(row: &Value) -> CiContext {
    let env = row["env"].as_object().unwrap().iter().map(|(key, value)| (key, value.as_str().unwrap()));
    source::detect(&Environment::from_pairs(env), row.get("event_json"))
}

fn assert_row(row: &Value) {
    let name = row["name"].as_str().unwrap();
    let (expected, also) = (&row["expected"], &row["also"]);
    let (ci, git) = (detect(row), checkout(row));
    let shown = |name: Option<RefName>| name.map(|name| name.to_string());

    assert_eq!(ci.provider.map(|provider| provider.name()), text(&expected["provider"]), "{name}: provider");
    assert_eq!(Some(ci.is_ci()), expected["is_ci"].as_bool(), "{name}: is_ci");
    let revision = source::reconcile(&ci, &git).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(Some(revision.commit.as_str()), text(&expected["sha"]), "{name}: sha");
    assert_eq!(shown(source::branch(&ci, &git)).as_deref(), text(&expected["branch"]), "{name}: branch");
    assert_eq!(shown(ci.tag).as_deref(), text(&expected["tag"]), "{name}: tag");
    assert_eq!(ci.pr.as_deref(), text(&expected["pr"]), "{name}: pr");
    assert_eq!(ci.build_url.as_deref(), text(&expected["build_url"]), "{name}: build_url");

    for (key, wanted) in also.as_object().into_iter().flatten() {
        match key.as_str() {
            "merge_sha" => assert_eq!(revision.merge_commit.as_deref(), text(wanted), "{name}: {key}"),
            "base_branch" => {
                assert_eq!(shown(ci.base_branch.clone()).as_deref(), text(wanted), "{name}: {key}")
            }
            "default_branch" => assert_eq!(ci.default_branch.as_deref(), text(wanted), "{name}: {key}"),
            "repo_url" => assert_eq!(ci.repository_url.as_deref(), text(wanted), "{name}: {key}"),
            "fork" => assert_eq!(Some(ci.fork), wanted.as_bool(), "{name}: {key}"),
            // Facts that no part of imgbuild needs yet.
            _ => {}
        }
    }
}

#[test]
fn every_row_of_a_supported_ci_holds() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let folder = std::env::var_os("IMGBUILD_VECTORS").map_or(own.clone(), PathBuf::from);
    let file = std::fs::read(folder.join("ci_env_cases.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&file).unwrap();
    let (mut asserted, mut counted) = (0, 0);
    for row in vectors["cases"].as_array().unwrap() {
        match text(&row["expected"]["provider"]) {
            Some(provider) if TO_COME.contains(&provider) => {
                // Not read yet, but never mistaken for a local run where the CI says what it is.
                assert_eq!(detect(row).is_ci(), row["env"].get("CI").is_some(), "{}", row["name"]);
                counted += 1;
            }
            _ => {
                assert_row(row);
                asserted += 1;
            }
        }
    }
    if folder == own {
        assert_eq!((asserted, counted), (ASSERTED, COUNTED));
    }
    assert!(asserted >= ASSERTED, "only {asserted} rows were asserted");
}
