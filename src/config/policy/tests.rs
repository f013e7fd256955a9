//! Nothing of the policy of a pull request's own file survives.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::config::keys;
use crate::config::parse;

fn document(name: &str, text: &str) -> Document {
    parse(name, text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

/// Every value that counts, and where it is written. Tables are left out: what is in them counts.
fn counting(document: &Document) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for document in document.chain() {
        let paths: Vec<&String> = document.places.keys().collect();
        for path in &paths {
            let has_below = paths.iter().any(|other| {
                other.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
            });
            if document.scope.allows(path) && !has_below {
                all.insert(((*path).clone(), document.place(path).to_string()));
            }
        }
    }
    all
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
fn what_is_deployed_is_not_for_a_pull_request_to_say() {
    let own = "[deploy.web]\nimage = 'evil.example/web'\nports = ['22:22']\n[deploy.more]\nimage = 'evil.example/x'\n";
    let own = document("imgbuild.toml", own);
    let from = document("main:imgbuild.toml", "[deploy.web]\nimage = 'ghcr.io/base/web'\n");
    for from in [Some(&from), None] {
        let (merged, notes) = with_policy(Some(&own), base(from));
        let counting = merged.as_ref().map(counting).unwrap_or_default();
        let deployed: Vec<_> = counting.iter().filter(|(path, _)| path.starts_with("deploy")).collect();
        assert!(deployed.iter().all(|(_, place)| place.starts_with("main:")), "{deployed:?}");
        assert_eq!(deployed.len(), usize::from(from.is_some()), "{deployed:?}");
        assert!(notes.iter().any(|note| note.starts_with("deploy ")), "{notes:?}");
    }
}

#[test]
fn the_policy_is_the_base_branchs_and_the_rest_stays() {
    let (own, from) = (document("imgbuild.toml", OWN), document("main:imgbuild.toml", BASE));
    let (merged, notes) = with_policy(Some(&own), base(Some(&from)));
    let merged = merged.unwrap();
    assert_eq!(
        counting(&merged),
        BTreeSet::from(
            [
                ("image.repository", "imgbuild.toml:3"),
                ("image.build.args.A", "imgbuild.toml:4"),
                ("image.build.secrets[0]", "main:imgbuild.toml:4"),
                ("registries.integration", "main:imgbuild.toml:6"),
                ("registries.insecure[0]", "main:imgbuild.toml:7"),
                ("push.timeout", "imgbuild.toml:9"),
                ("profile.ci.checks.fail-on", "main:imgbuild.toml:13"),
                ("profile.ci.push.retry-for", "imgbuild.toml:15"),
                ("profile.ci.image.target", "imgbuild.toml:17"),
            ]
            .map(|(key, place)| (key.to_owned(), place.to_owned()))
        )
    );
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
    assert!(!counting(&merged).iter().any(|(path, _)| keys::is_below_any(path, &POLICY)));
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
    let counting: Vec<String> = counting(&merged).into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        counting,
        [
            "image.build.secrets[0]",
            "profile.ci.checks.fail-on",
            "registries.insecure[0]",
            "registries.integration",
        ]
    );
    assert_eq!(with_policy(None, base(None)), (None, Vec::new()));
}

#[test]
fn a_policy_file_is_named_in_the_notes() {
    let policy = document("/etc/imgbuild/policy.toml", "[checks]\nfail-on = 'info'\n");
    let own = document("imgbuild.toml", "");
    let (merged, notes) = with_policy(Some(&own), Policy::File(&policy));
    let counting = counting(&merged.unwrap());
    assert!(counting.contains(&("checks.fail-on".to_owned(), "/etc/imgbuild/policy.toml:2".to_owned())));
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
        let places = |document: &Document, policy: bool| -> BTreeSet<(String, String)> {
            let mut all = counting(document);
            all.retain(|(path, _)| keys::is_below_any(path, &POLICY) == policy);
            all
        };
        let expected: BTreeSet<_> = places(&own, false).union(&places(&from, true)).cloned().collect();
        prop_assert_eq!(counting(&merged), expected);
    }
}

/// Documents above each other, as `extends` makes them; each lies in the repository at its name.
fn stack(revision: Option<&str>, files: &[(&str, &str)]) -> Document {
    let mut chain: Vec<Document> = Vec::new();
    for (name, text) in files {
        let shown = revision.map_or_else(|| (*name).to_owned(), |revision| format!("{revision}:{name}"));
        let mut document = document(&shown, text);
        document.inside = Some(PathBuf::from(name));
        document.revision = revision.map(str::to_owned);
        document.binds = !chain.is_empty();
        chain.push(document);
    }
    Document::of_chain(chain).unwrap()
}

const LOCKS: &str =
    "[image]\nplatform = 'linux/amd64'\n[policy]\nlock = ['image.platform', 'checks.fail-on']\n";

#[test]
fn a_locked_key_is_the_policys_though_it_is_no_policy() {
    let own =
        stack(None, &[("imgbuild.toml", "extends = 'p.toml'"), ("p.toml", &LOCKS.replace("amd64", "arm64"))]);
    let from = stack(Some("main"), &[("imgbuild.toml", "extends = 'p.toml'"), ("p.toml", LOCKS)]);
    let (merged, notes) = with_policy(Some(&own), base(Some(&from)));
    let counting = counting(&merged.unwrap());
    let platforms: Vec<_> = counting.iter().filter(|(path, _)| path == "image.platform").collect();
    assert_eq!(platforms, [&("image.platform".to_owned(), "main:p.toml:2".to_owned())]);
    assert_eq!(notes, ["policy is taken from the base branch main"]);
}

#[test]
fn what_the_base_branch_got_wrong_is_left_out() {
    let own = stack(None, &[("imgbuild.toml", "")]);
    let broken = "extends = 'p.toml'\n[checks]\nfail-on = 'never'\nmax-layers = 3\n";
    let from = stack(Some("main"), &[("imgbuild.toml", broken), ("p.toml", LOCKS)]);
    let (merged, notes) = with_policy(Some(&own), base(Some(&from)));
    let counting = counting(&merged.unwrap());
    assert!(!counting.iter().any(|(path, _)| path == "checks.fail-on"));
    assert!(counting.iter().any(|(path, _)| path == "checks.max-layers"));
    assert_eq!(
        notes.last().map(String::as_str),
        Some("checks.fail-on of main:imgbuild.toml is left out: the policy main:p.toml locks it")
    );
}

#[test]
fn a_table_that_binds_nobody_is_not_taken() {
    let from = stack(Some("main"), &[("imgbuild.toml", "[policy]\nrequire = ['A']\n")]);
    let (merged, notes) = with_policy(Some(&document("imgbuild.toml", "")), base(Some(&from)));
    assert!(notes.is_empty(), "{notes:?}");
    assert!(!merged.unwrap().chain().any(Document::is_in_force));
    let (merged, notes) = with_policy(None, Policy::File(&from));
    assert_eq!(notes, ["policy is taken from the policy file main:imgbuild.toml"]);
    assert!(merged.unwrap().is_in_force());
}
