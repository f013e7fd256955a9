use std::path::Path;

use serde_json::Value;

use super::*;
use crate::report::findings::sample;

/// OASIS's schema, as the crate serde-sarif (MIT) ships it.
fn problems(log: &Value) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/sarif-2.1.0.schema.json");
    let schema = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut compiler = boon::Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("https://schema.invalid/sarif.json", schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("https://schema.invalid/sarif.json", &mut schemas).unwrap();
    schemas.validate(log, index).err().map(|error| error.to_string())
}

fn log(results: &Results<'_>) -> Value {
    serde_json::from_str(&sarif(results)).unwrap()
}

#[test]
fn logs_are_valid() {
    for sample in [sample::usual(), sample::hostile(), sample::empty(), sample::many(1_000)] {
        let log = sample.with(|results| log(&results));
        assert_eq!(problems(&log), None);
    }
    // The validator sees what is wrong.
    assert!(problems(&serde_json::json!({ "version": "2.1.0", "runs": [{ "results": [] }] })).is_some());
}

#[test]
fn a_log_of_a_run_that_judged_nothing_has_no_results() {
    let log: Value = sample::empty()
        .with(|results| serde_json::from_str(&sarif_unjudged(&results, "refused \u{1b}##[x]")).unwrap());
    assert_eq!(problems(&log), None);
    let run = &log["runs"][0];
    assert!(run["results"].is_null() && run["invocations"][0]["executionSuccessful"] == false, "{run}");
    let told = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(told["message"]["text"], "refused \u{1b}##[x]");
}

#[test]
fn a_log_has_rules_places_suppressions_and_fixes() {
    let log = sample::usual().with(|results| log(&results));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["helpUri"].as_str().unwrap().starts_with("https://"), "{result}");
        assert!(result["partialFingerprints"]["imgbuild/v1"].is_string());
    }
    let first = &run["results"][0];
    assert_eq!(first["ruleId"], "IMG102");
    let physical = &first["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "Dockerfile");
    assert_eq!(
        physical["region"],
        serde_json::json!({ "startLine": 1, "startColumn": 6, "endLine": 1, "endColumn": 17 })
    );
    assert_eq!(
        first["fixes"][0]["artifactChanges"][0]["replacements"][0],
        serde_json::json!({
            "deletedRegion": { "startLine": 1, "startColumn": 10, "endLine": 1, "endColumn": 17 },
            "insertedContent": { "text": ":22.11" },
        })
    );
    let kinds: Vec<_> =
        run["results"].as_array().unwrap().iter().map(|r| &r["suppressions"][0]["kind"]).collect();
    assert!(
        kinds.contains(&&Value::from("inSource")) && kinds.contains(&&Value::from("external")),
        "{kinds:?}"
    );
    assert_eq!(run["invocations"][0]["toolConfigurationNotifications"].as_array().unwrap().len(), 1);
}

#[test]
fn paths_are_percent_encoded() {
    let table = [
        ("Dockerfile", "Dockerfile"),
        ("a b/ä%/Dockerfile", "a%20b/%C3%A4%25/Dockerfile"),
        ("a:b/c?d#e", "a%3Ab/c%3Fd%23e"),
        ("/x/y", "file:///x/y"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b%3A1"),
        ("\u{1b}\n", "%1B%0A"),
    ];
    for (path, uri) in table {
        assert_eq!(place::artifact(path).uri, uri);
    }
}
