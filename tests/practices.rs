//! The practices inside a run, on a real engine and a real registry: what stops it, and what its report says.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::lab::{self, Lab, Repo};

fn report(repo: &Repo<'_>, arguments: &[&str], code: i32) -> Value {
    repo.imgbuild(&[arguments, &["--format", "json"]].concat()).expect(code).json()
}

fn codes(report: &Value) -> BTreeSet<&str> {
    let all = report["findings"].as_array().expect("findings").iter();
    all.filter(|finding| finding["excused"].is_null()).map(|f| f["rule"].as_str().expect("rule")).collect()
}

fn built(report: &Value) -> bool {
    !report["build"].is_null()
}

#[test]
fn an_error_stops_before_the_build_and_a_waiver_lets_it_pass() {
    let lab = Lab::new("stops");
    let repo = lab.hello();
    repo.write("www/deploy.pem", "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n");
    repo.commit("a key");
    let stopped = report(&repo, &["ci"], 1);
    assert!(codes(&stopped).contains("IMG601"), "{stopped}");
    assert!(!built(&stopped) && lab.tags().is_empty());
    assert_eq!(stopped["error"]["kind"], "findings");
    // A development build tells it and goes on.
    let told = report(&repo, &["build"], 0);
    assert!(codes(&told).contains("IMG601") && built(&told));
    let waiver = "[checks]\nignore = [{ rule = \"IMG601\", reason = \"a key of the tests alone\" },\n\
                  { rule = \"IMG816\", reason = \"a key of the tests alone\" }]\n";
    repo.write("imgbuild.toml", &(lab::config(&lab.repository()) + waiver));
    repo.commit("accepted");
    let passed = report(&repo, &["ci"], 0);
    let excused = passed["findings"].as_array().expect("findings").iter().find(|f| f["rule"] == "IMG601");
    assert_eq!(excused.expect("it is told")["excused"], "a key of the tests alone");
    assert!(!passed.to_string().contains("MIIEvQ"));
}

#[test]
fn the_image_is_judged_after_the_build_and_before_anything_is_pushed() {
    let lab = Lab::new("judged");
    let repo = lab.hello();
    let checks = "[checks]\nlevels = { IMG803 = \"error\" }\nlabels = { \"com.example.team\" = \"text\" }\n";
    repo.write("imgbuild.toml", &(lab::config(&lab.repository()) + checks));
    repo.commit("a label is demanded");
    let stopped = report(&repo, &["ci"], 1);
    assert!(codes(&stopped).contains("IMG803") && built(&stopped), "{stopped}");
    assert!(lab.tags().is_empty(), "{:?}", lab.tags());
    assert!(lab.owned(stopped["run"].as_str().expect("run")).is_empty());
    // Without a remote nobody knows the source, which this rule asks for as well.
    let label = "[image.labels]\n\"com.example.team\" = \"core\"\n\
                 \"org.opencontainers.image.source\" = \"https://example.com/acme/api\"\n";
    repo.write("imgbuild.toml", &(lab::config(&lab.repository()) + checks + label));
    repo.commit("it is there");
    assert!(!codes(&report(&repo, &["ci"], 0)).contains("IMG803"));
}

/// What running containers show is judged when the tests have passed, and before anything is pushed.
#[test]
fn an_image_without_tests_is_told_and_can_be_held_back() {
    let lab = Lab::new("untested");
    let repo = lab.hello();
    let bare = format!("schema = 1\n[image]\nrepository = \"{}\"\n", lab.repository());
    repo.write("imgbuild.toml", &format!("{bare}[checks]\nlevels = {{ IMG920 = \"error\" }}\n"));
    repo.commit("no tests");
    let stopped = report(&repo, &["ci"], 1);
    assert!(codes(&stopped).contains("IMG920") && built(&stopped), "{stopped}");
    assert_eq!(stopped["tests"][0]["outcome"], "ok", "it is started all the same");
    assert!(lab.tags().is_empty() && lab.owned(stopped["run"].as_str().expect("run")).is_empty());
    let image = stopped["image"]["id"].as_str().expect("id").to_owned();
    // `build` tells it, and so does `test`, which fails.
    assert!(codes(&report(&repo, &["build"], 0)).contains("IMG920"));
    let tested = report(&repo, &["test", &image], 1);
    assert!(codes(&tested).contains("IMG920"), "{tested}");
    assert!(codes(&tested).iter().all(|code| code.starts_with("IMG9")), "{tested}");
    // A warning, where nobody says more of it.
    repo.write("imgbuild.toml", &bare);
    repo.commit("a warning");
    let warned = report(&repo, &["ci"], 0);
    assert!(codes(&warned).contains("IMG920"));
    let scores = warned["scorecard"].as_array().expect("scorecard");
    assert!(scores.iter().any(|score| score["item"] == "tests" && score["state"] == "failed"), "{scores:?}");
}

#[test]
fn the_report_has_fifteen_scores() {
    let lab = Lab::new("scores");
    let repo = lab.hello();
    let done = report(&repo, &["ci"], 0);
    let scores = done["scorecard"].as_array().expect("scorecard");
    assert_eq!(scores.len(), 15);
    for item in ["tags", "latest", "tests", "automated"] {
        let score = scores.iter().find(|score| score["item"] == item).expect("item");
        assert_eq!(score["state"], "enforced", "{score}");
    }
    assert!(done["policy"]["digest"].as_str().expect("digest").starts_with("sha256:"));
    assert!(done["timings"].to_string().contains("\"check\""));
}

/// A rule that was not asked proves nothing, so in `ci` it counts like its finding.
#[test]
fn an_error_level_rule_that_cannot_judge_fails_unless_waived() {
    let lab = Lab::new("unjudged");
    let repo = lab.hello();
    // No registry answers for this base; the engine has it.
    let base = format!("127.0.0.1:9/{}:1", lab.name());
    lab.docker(&["pull", "-q", &lab.base]);
    lab.docker(&["tag", &lab.base, &base]);
    repo.write("Dockerfile", &lab::dockerfile(&base));
    let checks = "[checks]\nlevels = { IMG116 = \"error\" }\n";
    repo.write("imgbuild.toml", &(lab::config(&lab.repository()) + checks));
    repo.commit("a base that no registry has");
    let stopped = report(&repo, &["ci"], 1);
    assert!(stopped["findings"].to_string().contains("could not judge"), "{stopped}");
    let waiver = "ignore = [{ rule = \"IMG116\", reason = \"the base is made on this machine\" }]\n";
    repo.write("imgbuild.toml", &(lab::config(&lab.repository()) + checks + waiver));
    repo.commit("accepted");
    report(&repo, &["ci"], 0);
    lab.docker(&["rmi", &base]);
}

#[test]
fn check_judges_an_image_of_the_engine() {
    let lab = Lab::new("image");
    let repo = lab.hello();
    let done = report(&repo, &["build"], 0);
    let id = done["image"]["id"].as_str().expect("id").to_owned();
    let ran = repo.imgbuild(&["check", "--image", &id, "--format", "json"]).expect(0);
    let found = ran.json();
    let all: Vec<&str> = found["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|f| f["rule"].as_str().expect("rule"))
        .collect();
    assert!(all.contains(&"IMG801"), "{all:?}");
    repo.imgbuild(&["check", "--image", "no-such-image:1"]).expect(8).says("no-such-image");
}
