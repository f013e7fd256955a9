//! `ci_env_cases.json`: what each CI's environment means. Every row is asserted, none is left out.

#![cfg(test)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use imgbuild::environment::Environment;
use imgbuild::source::{self, CiContext, RefName, SourceState};
use serde_json::Value;

/// Rows in the file that is shipped.
const ROWS: usize = 23;

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
    let env =
        row["env"].as_object().unwrap().iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap()));
    // The event goes through a file, as on GitHub.
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut env: BTreeMap<&str, &str> = env.collect();
    if let Some(event) = row.get("event_json") {
        std::fs::write(file.path(), event.to_string()).unwrap();
        env.insert("GITHUB_EVENT_PATH", file.path().to_str().unwrap());
    }
    let env = Environment::from_pairs(env);
    let (event, trouble) = source::read_event(&env);
    assert_eq!(trouble, None, "{}", row["name"]);
    source::detect(&env, event.as_ref())
}

fn assert_row(row: &Value) {
    let name = row["name"].as_str().unwrap();
    let (expected, also) = (&row["expected"], &row["also"]);
    let (ci, git) = (detect(row), checkout(row));
    let shown = |name: Option<RefName>| name.map(|name| name.to_string());

    assert_eq!(ci.provider_name(), text(&expected["provider"]), "{name}: provider");
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
            "base_sha" => assert_eq!(ci.base_commit.as_deref(), text(wanted), "{name}: {key}"),
            "related_pr" => assert_eq!(ci.related_pr.as_deref(), text(wanted), "{name}: {key}"),
            "repo" => assert_eq!(ci.project.as_deref(), text(wanted), "{name}: {key}"),
            "actor" => assert_eq!(ci.actor.as_deref(), text(wanted), "{name}: {key}"),
            "job" => assert_eq!(ci.job.as_deref(), text(wanted), "{name}: {key}"),
            "job_url" => assert_eq!(ci.job_url.as_deref(), text(wanted), "{name}: {key}"),
            "build_number" => assert_eq!(ci.build_number.as_deref(), text(wanted), "{name}: {key}"),
            "event" => assert_eq!(ci.event.as_deref(), text(wanted), "{name}: {key}"),
            "attempt" => assert_eq!(ci.attempt.map(u64::from), wanted.as_u64(), "{name}: {key}"),
            "merge_queue" => assert_eq!(Some(ci.merge_queue), wanted.as_bool(), "{name}: {key}"),
            "emulator" => assert_eq!(Some(ci.emulator), wanted.as_bool(), "{name}: {key}"),
            other => panic!("{name}: nothing is known of {other}"),
        }
    }
}

#[test]
fn every_row_holds() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let folder = std::env::var_os("IMGBUILD_VECTORS").map_or(own.clone(), PathBuf::from);
    let file = std::fs::read(folder.join("ci_env_cases.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&file).unwrap();
    let rows = vectors["cases"].as_array().unwrap();
    rows.iter().for_each(assert_row);
    if folder == own {
        assert_eq!(rows.len(), ROWS);
    }
    assert!(rows.len() >= ROWS, "only {} rows were asserted", rows.len());
}
