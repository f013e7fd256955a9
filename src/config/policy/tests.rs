//! Nothing of the policy of a pull request's own file survives.

use proptest::prelude::*;

use super::*;
use crate::config::parse;

fn document(name: &str, text: &str) -> Document {
    parse(name, text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

const OWN: &str = r#"
[image]
repository = "api"
build = { args = { A = "own" }, secrets = ["own"] }
[registries]
integration = "evil.example/own"
insecure = ["evil.example"]
[push]
timeout = "1m"
[checks]
fail-on = "never"
ignore = [{ rule = "IMG1", reason = "own" }]
[profile.ci]
registries = { release = "evil.example/own", insecure = ["evil.example"] }
push = { retry-for = "5s" }
checks = { fail-on = "never" }
image = { target = "own", build = { secrets = ["own"] } }
"#;

const BASE: &str = r#"
[image]
repository = "base"
build = { args = { A = "base" }, secrets = ["base"] }
[registries]
integration = "ghcr.io/base"
insecure = ["registry.lan"]
[push]
timeout = "2m"
[profile.ci]
push = { retry-for = "6s" }
[profile.ci.checks]
fail-on = "warning"
"#;

fn base(document: Option<&Document>) -> Policy<'_> {
    Policy::Base { branch: "main", document }
}

#[test]
fn the_policy_is_the_base_branchs_and_the_rest_stays() {
    let (own, from) = (document("imgbuild.toml", OWN), document("main:imgbuild.toml", BASE));
    let (merged, notes) = with_policy(Some(&own), base(Some(&from)));
    let merged = merged.unwrap();
    let expected = document(
        "imgbuild.toml",
        r#"
[image]
repository = "api"
build = { args = { A = "own" }, secrets = ["base"] }
[registries]
integration = "ghcr.io/base"
insecure = ["registry.lan"]
[push]
timeout = "1m"
[profile.local]
[profile.ci]
checks = { fail-on = "warning" }
push = { retry-for = "5s" }
image = { target = "own", build = {} }
"#,
    );
    assert_eq!(merged.model, expected.model);
    assert_eq!(merged.place("image.repository").to_string(), "imgbuild.toml:3");
    assert_eq!(merged.place("registries.integration").to_string(), "main:imgbuild.toml:6");
    assert_eq!(merged.place("registries.insecure[0]").to_string(), "main:imgbuild.toml:7");
    assert_eq!(merged.place("push.timeout").to_string(), "imgbuild.toml:9");
    assert_eq!(merged.place("profile.ci.registries.insecure").line, 0);
    assert_eq!(merged.place("checks.fail-on").line, 0);
    assert_eq!(
        notes,
        [
            "registries is taken from the base branch main",
            "checks is taken from the base branch main",
            "image.build.secrets is taken from the base branch main",
        ]
    );
}

#[test]
fn without_a_base_file_the_policy_is_at_its_defaults_and_that_is_said() {
    let own = document("imgbuild.toml", OWN);
    let (merged, notes) = with_policy(Some(&own), base(None));
    let merged = merged.unwrap();
    assert!(!merged.places.keys().any(|path| is_policy(path)));
    assert_eq!(merged.model.registries, None);
    assert_eq!(
        notes,
        [
            "the base branch main has no imgbuild.toml in this clone: registries and checks are at their defaults",
            "registries of imgbuild.toml is left out: the base branch main does not set it",
            "checks of imgbuild.toml is left out: the base branch main does not set it",
            "image.build.secrets of imgbuild.toml is left out: the base branch main does not set it",
        ]
    );
}

#[test]
fn removing_the_file_does_not_remove_the_policy() {
    let from = document("main:imgbuild.toml", BASE);
    let (merged, _) = with_policy(None, base(Some(&from)));
    let merged = merged.unwrap();
    assert_eq!(merged.path, None);
    assert_eq!(merged.model.registries, from.model.registries);
    assert_eq!(merged.model.image.unwrap().repository, None);
    assert_eq!(with_policy(None, base(None)), (None, Vec::new()));
}

#[test]
fn a_policy_file_is_named_in_the_notes() {
    let policy = document("/etc/imgbuild/policy.toml", "[checks]\nfail-on = 'info'\n");
    let own = document("imgbuild.toml", "");
    let (merged, notes) = with_policy(Some(&own), Policy::File(&policy));
    assert_eq!(merged.unwrap().place("checks.fail-on").to_string(), "/etc/imgbuild/policy.toml:2");
    assert_eq!(notes, ["checks is taken from the policy file /etc/imgbuild/policy.toml"]);
}

#[test]
fn a_hostile_branch_name_is_shown_escaped() {
    let own = document("imgbuild.toml", OWN);
    let (_, notes) = with_policy(Some(&own), Policy::Base { branch: "\u{1b}[2J\n", document: None });
    assert!(notes.iter().all(|note| !note.contains(char::is_control)));
}

/// A file with any selection of sections, whose values all carry `mark`.
fn sections(mark: &'static str) -> impl Strategy<Value = Document> {
    let all = [
        format!("image.repository = '{mark}'"),
        format!("image.build.secrets = ['{mark}']"),
        format!("registries.sandbox = '{mark}.example/x'"),
        format!("registries.insecure = ['{mark}.example']"),
        format!("profile.local.registries.insecure = ['{mark}.example']"),
        format!("image.tags = ['{mark}']"),
        format!("checks.ignore = [{{ rule = '{mark}', reason = 'x' }}]"),
        format!("profile.ci.registries.release = {{ prefix = '{mark}.example/x' }}"),
        format!("profile.local.checks.ignore = [{{ rule = '{mark}', reason = 'x' }}]"),
        format!("profile.local.image.build.secrets = ['{mark}']"),
        format!("profile.ci.image.target = '{mark}'"),
    ];
    prop::sample::subsequence(all.to_vec(), 0..=11).prop_map(move |lines| document(mark, &lines.join("\n")))
}

proptest! {
    #[test]
    fn policy_comes_from_the_base_alone(own in sections("own"), from in sections("base")) {
        let (merged, _) = with_policy(Some(&own), base(Some(&from)));
        let merged = merged.unwrap();
        for (path, place) in &merged.places {
            prop_assert_eq!(&*place.file, if is_policy(path) { "base" } else { "own" });
        }
        let text = format!("{:?}", merged.model);
        let count = |document: &Document, policy: bool, mark: &str| {
            let mut model = document.model.clone();
            if !policy {
                replace(&mut model, Model::default());
            }
            format!("{model:?}").matches(mark).count()
        };
        prop_assert_eq!(text.matches("own").count(), count(&own, false, "own"));
        prop_assert_eq!(text.matches("base").count(), count(&from, true, "base") - count(&from, false, "base"));
    }
}
