//! What extends what, who may not set what, and how each offence is told.

use std::path::{Path, PathBuf};

use crate::config::document::Document;
use crate::config::flags::Flags;
use crate::config::settings::{Push, Settings};
use crate::config::{Layers, parse, resolve};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// 2026-06-01, some time of the day.
const NOW: i64 = 1_780_300_000;

/// `DL3007` is what another tool calls `IMG101`.
fn names(id: &str) -> Vec<String> {
    match id {
        "DL3007" | "IMG101" => vec!["DL3007".to_owned(), "IMG101".to_owned()],
        _ => vec![id.to_owned()],
    }
}

/// Files of which each extends the next.
struct Case {
    chain: Vec<Document>,
    flags: Flags,
    variables: Vec<(&'static str, &'static str)>,
    is_ci: bool,
}

fn files(texts: &[(&str, &str)]) -> Case {
    let read = |(nth, (name, text)): (usize, &(&str, &str))| {
        let mut document = parse(name, text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        document.path = Some(Path::new("/repo").join(name));
        document.inside = Some(PathBuf::from(name));
        document.binds = nth > 0;
        document
    };
    let chain = texts.iter().enumerate().map(read).collect();
    Case { chain, flags: Flags::default(), variables: Vec::new(), is_ci: false }
}

/// `own` at `imgbuild.toml`, which extends `policy` at `ci/policy.toml`.
fn case(own: &str, policy: &str) -> Case {
    files(&[("imgbuild.toml", own), ("ci/policy.toml", policy)])
}

impl Case {
    fn try_resolve(self) -> Result<Settings> {
        resolve(&Layers {
            flags: &self.flags,
            environment: &Environment::from_pairs(self.variables),
            document: Document::of_chain(self.chain).as_ref(),
            is_ci: self.is_ci,
            push: Push::Never,
            working_folder: Path::new("/repo"),
            root: Path::new("/repo"),
            now: NOW,
            rule_names: names,
        })
    }

    fn resolve(self) -> Settings {
        self.try_resolve().unwrap_or_else(|error| panic!("{error}"))
    }

    fn error(self) -> Error {
        self.try_resolve().expect_err("the policy is broken")
    }

    /// The lines of the error, which is one of the configuration.
    fn problems(self) -> Vec<String> {
        let error = self.error();
        assert_eq!(error.kind(), Kind::Config);
        error.to_string().lines().map(str::to_owned).collect()
    }
}

#[test]
fn the_own_file_wins_maps_merge_lists_replace_and_waivers_add_up() {
    let own = "[image]\ntarget = 'own'\nlabels = { a = 'own' }\n[checks]\ntrusted-registries = ['own.example']\n\
               levels = { A = 'error', DL3007 = 'info' }\nlabels = { x = 'url' }\n\
               ignore = [{ rule = 'A', reason = 'own' }]\n";
    let policy = "[image]\ntarget = 'x'\nplatform = 'linux/arm64'\nlabels = { a = 'x', b = 'x' }\n[checks]\n\
                  fail-on = 'warning'\ntrusted-registries = ['x.example', 'y.example']\nmax-size = '1GB'\n\
                  levels = { A = 'off', B = 'off', IMG101 = 'error' }\nlabels = { x = 'text', y = 'hash' }\n\
                  ignore = [{ rule = 'B', reason = 'x' }]\n[profile.ci.image]\ntarget = 'ci'\n";
    let mut case = case(own, policy);
    case.is_ci = true;
    let settings = case.resolve();
    let said = |value: &Option<crate::config::Sourced<String>>| {
        value.as_ref().map(|value| format!("{} {}", value.value, value.origin)).unwrap_or_default()
    };
    // Not even a profile of the file that is extended wins.
    assert_eq!(said(&settings.target), "own imgbuild.toml:2");
    assert_eq!(said(&settings.platform), "linux/arm64 ci/policy.toml:3");
    let labels: Vec<&str> = settings.labels.values().map(|value| value.value.as_str()).collect();
    assert_eq!(labels, ["own", "x"]);
    let checks = &settings.checks;
    assert_eq!(checks.fail_on.origin.to_string(), "ci/policy.toml:6");
    assert_eq!(checks.trusted_registries.as_ref().unwrap().value, ["own.example"]);
    assert_eq!(checks.max_size.as_ref().unwrap().bytes(), 1_000_000_000);
    let levels: Vec<String> = checks
        .levels
        .iter()
        .map(|(rule, level)| format!("{rule} {} {}", level.as_str(), level.origin))
        .collect();
    // One rule by two names has one level.
    assert_eq!(levels, ["A error imgbuild.toml:6", "B off ci/policy.toml:9", "DL3007 info imgbuild.toml:6"]);
    let kinds: Vec<&str> = checks.labels.values().map(|kind| kind.as_str()).collect();
    assert_eq!(kinds, ["url", "hash"]);
    let waivers: Vec<String> =
        checks.waivers.iter().map(|waiver| format!("{} {}", waiver.rule, waiver.origin.exact())).collect();
    assert_eq!(waivers, ["A imgbuild.toml:8:11", "B ci/policy.toml:11:11"]);
    assert_eq!(checks.policy.sources, ["imgbuild.toml", "ci/policy.toml"]);
}

#[test]
fn a_profile_still_replaces_the_waivers_of_its_own_file() {
    let own = "checks.ignore = [{ rule = 'A', reason = 'x' }]\nprofile.ci.checks.ignore = [{ rule = 'B', reason = 'x' }]\n";
    let mut case = case(own, "checks.ignore = [{ rule = 'C', reason = 'x' }]");
    case.is_ci = true;
    let rules: Vec<String> = case.resolve().checks.waivers.iter().map(|waiver| waiver.rule.clone()).collect();
    assert_eq!(rules, ["B", "C"]);
}

#[test]
fn paths_start_at_the_file_that_has_them() {
    let settings = case(
        "",
        "image.context = '../app'\nimage.dockerfile = 'Dockerfile'\nchecks.baseline = 'known.json'\n",
    )
    .resolve();
    assert_eq!(settings.context.value, Path::new("/repo/app"));
    assert_eq!(settings.dockerfile.unwrap().value, Path::new("/repo/ci/Dockerfile"));
    let baseline = settings.checks.baseline.unwrap();
    assert_eq!((baseline.path.as_path(), &baseline.revision), (Path::new("/repo/ci/known.json"), &None));
    assert_eq!(
        case("checks.baseline = '../known.json'", "").problems(),
        ["imgbuild.toml:1:8: checks.baseline leads out of the repository"]
    );
    let mut of_base = case("checks.baseline = 'known.json'", "");
    of_base.chain[0].path = None;
    of_base.chain[0].revision = Some("main".to_owned());
    let baseline = of_base.resolve().checks.baseline.unwrap();
    assert_eq!(
        (baseline.path.as_path(), baseline.revision.as_deref()),
        (Path::new("known.json"), Some("main"))
    );
}

#[test]
fn a_locked_key_is_refused_in_the_file_and_in_its_profiles() {
    let policy = "[policy]\nlock = ['checks.fail-on', 'registries', 'image.build']\n";
    let own = "[checks]\nfail-on = 'never'\nmax-layers = 3\n[registries]\nsandbox = 'a.b/c'\n\
               insecure = ['a.b']\n[image]\nbuild.pull = true\n[profile.ci.checks]\nfail-on = 'info'\n";
    assert_eq!(
        case(own, policy).problems(),
        [
            "imgbuild.toml:2:1: `checks.fail-on` is locked by the policy ci/policy.toml:2:9: take it out",
            "imgbuild.toml:10:1: `profile.ci.checks.fail-on` is locked by the policy ci/policy.toml:2:9: take it out",
            "imgbuild.toml:8:1: `image.build` is locked by the policy ci/policy.toml:2:41: take it out",
            "imgbuild.toml:4:2: `registries` is locked by the policy ci/policy.toml:2:27: take it out",
        ]
    );
    // The file that locks may set, and so may what it extends.
    let settings = files(&[
        ("imgbuild.toml", ""),
        ("a.toml", "checks.fail-on = 'info'\npolicy.lock = ['checks.fail-on']"),
        ("b.toml", "checks.fail-on = 'never'"),
    ]);
    assert_eq!(settings.resolve().checks.fail_on.origin.to_string(), "a.toml:1");
    // A lock is not for whoever shares the beginning of a name.
    assert!(case("checks.levels = { A = 'off' }", "policy.lock = ['checks.labels']").try_resolve().is_ok());
}

#[test]
fn flags_and_variables_are_held_to_locks_too() {
    let mut locked = case("", "policy.lock = ['image', 'registries.insecure']");
    locked.flags.platform = Some("linux/arm64".to_owned());
    locked.flags.labels = vec![("a".to_owned(), "b".to_owned())];
    locked.flags.tags = vec!["nightly".to_owned()];
    locked.flags.pull = Some(true);
    locked.variables =
        vec![("IMGBUILD_TARGET", "x"), ("IMGBUILD_CONTEXT", "y"), ("IMGBUILD_INSECURE_REGISTRIES", "a.b")];
    let mut problems = locked.problems();
    problems.sort();
    assert_eq!(
        problems,
        [
            "--label: `image.labels` is locked by the policy ci/policy.toml:1:16: take it out",
            "--platform: `image.platform` is locked by the policy ci/policy.toml:1:16: take it out",
            "--pull: `image.build.pull` is locked by the policy ci/policy.toml:1:16: take it out",
            "--tag: `image.tags` is locked by the policy ci/policy.toml:1:16: take it out",
            "IMGBUILD_CONTEXT: `image.context` is locked by the policy ci/policy.toml:1:16: take it out",
            "IMGBUILD_INSECURE_REGISTRIES: `registries.insecure` is locked by the policy ci/policy.toml:1:25: take it out",
            "IMGBUILD_TARGET: `image.target` is locked by the policy ci/policy.toml:1:16: take it out",
        ]
    );
    // What no file can set cannot be locked.
    let mut free = case("", "policy.lock = ['image', 'push', 'checks', 'registries']");
    free.flags.push = Some(Push::Always);
    assert!(free.try_resolve().is_ok());
}

#[test]
fn what_is_required_may_not_be_off_lowered_or_waived_by_any_name() {
    let policy =
        "[policy]\nrequire = ['IMG101', 'IMG105']\nlevels = { IMG101 = 'error', IMG200 = 'warning' }\n";
    let own = "[checks]\nlevels = { DL3007 = 'warning', IMG105 = 'off', IMG200 = 'info', X = 'off' }\n\
               ignore = [{ rule = 'X', reason = 'x' }, { rule = 'DL3007', reason = 'x' }]\n";
    assert_eq!(
        case(own, policy).problems(),
        [
            "imgbuild.toml:2:12: `DL3007` may not be below `error`, as the policy ci/policy.toml:3:12 demands",
            "imgbuild.toml:2:32: `IMG105` may not be off: the policy ci/policy.toml:2:22 requires it",
            "imgbuild.toml:2:48: `IMG200` may not be below `warning`, as the policy ci/policy.toml:3:30 demands",
            "imgbuild.toml:3:41: `DL3007` may not be waived: the policy ci/policy.toml:2:12 requires it",
        ]
    );
    let settings = case("[checks]\nlevels = { IMG105 = 'info', IMG200 = 'error' }", policy).resolve();
    let policy = &settings.checks.policy;
    assert_eq!(
        policy.required.iter().map(|rule| rule.value.as_str()).collect::<Vec<_>>(),
        ["IMG101", "IMG105"]
    );
    assert_eq!(policy.least_levels["IMG200"].as_str(), "warning");
}

#[test]
fn two_names_of_one_rule_do_not_contradict_each_other() {
    assert_eq!(
        case("checks.levels = { DL3007 = 'off', IMG101 = 'error' }", "").problems(),
        ["imgbuild.toml:1:35: `IMG101` and `DL3007` are one rule, with two levels"]
    );
    assert!(case("checks.levels = { DL3007 = 'off', IMG101 = 'off' }", "").try_resolve().is_ok());
}

#[test]
fn waivers_are_held_to_the_caps() {
    let policy =
        "[policy.waivers]\nmax = 2\nmax-days = 30\nrequire-until = true\nallow = ['IMG3*', 'IMG101']\n";
    let own = "[checks]\nignore = [\n\
               { rule = 'IMG301', reason = 'x', until = 2026-07-01 },\n\
               { rule = 'IMG301', reason = 'x', until = 2026-07-02 },\n\
               { rule = 'IMG301', reason = 'x' },\n\
               { rule = 'IMG400', reason = 'x', until = 2026-06-02 },\n\
               { rule = 'DL3007', reason = 'x', until = 2020-01-01 },\n\
               { rule = 'IMG302', reason = 'x', until = 2026-06-02 },\n]\n";
    assert_eq!(
        case(own, policy).problems(),
        [
            "imgbuild.toml:4:1: this waiver holds until 2026-07-02, and the policy ci/policy.toml:3:1 allows 30 days from \
             today on",
            "imgbuild.toml:5:1: this waiver does not say until when it holds, as the policy ci/policy.toml:4:1 demands: add \
             `until = YYYY-MM-DD`",
            "imgbuild.toml:6:1: `IMG400` may not be waived: the policy ci/policy.toml:5:1 allows it for IMG3*, IMG101",
            "imgbuild.toml:8:1: one waiver too many: the policy ci/policy.toml:2:1 allows 2",
        ]
    );
    assert_eq!(
        case("checks.ignore = [{ rule = 'A', reason = 'x' }]", "policy.waivers.max-days = 9").problems(),
        [
            "imgbuild.toml:1:18: this waiver holds for ever, and the policy ci/policy.toml:1:16 allows 9 days: add `until = \
             YYYY-MM-DD`"
        ]
    );
    // A policy's own waivers are no exception.
    assert_eq!(
        case("", "checks.ignore = [{ rule = 'A', reason = 'x' }]\npolicy.waivers.max = 0").problems(),
        ["ci/policy.toml:1:18: one waiver too many: the policy ci/policy.toml:2:16 allows 0"]
    );
    let far = "checks.ignore = [{ rule = 'A', reason = 'x', until = 9999-12-31 }]";
    assert!(case(far, "policy.waivers.max-days = 4294967295").try_resolve().is_ok());
}

#[test]
fn of_several_policies_the_strictest_holds() {
    let settings = files(&[
        ("imgbuild.toml", ""),
        ("a.toml", "[policy]\nrequire = ['A']\nlevels = { L = 'warning', M = 'error' }\nwaivers = { max = 3, max-days = 90, allow = ['A*'] }"),
        ("b.toml", "[policy]\nrequire = ['A', 'B']\nlevels = { L = 'error', M = 'info' }\nwaivers = { max = 5, max-days = 9, allow = ['B*'], require-until = true }"),
    ])
    .resolve();
    let policy = &settings.checks.policy;
    let demands: Vec<String> = policy
        .required
        .iter()
        .map(|rule| format!("{} {}", rule.value, rule.origin))
        .chain(policy.least_levels.values().map(|level| format!("{} {}", level.as_str(), level.origin)))
        .collect();
    assert_eq!(demands, ["A a.toml:2", "B b.toml:2", "error b.toml:3", "error a.toml:3"]);
    let caps = &policy.waiver_caps;
    assert_eq!(caps.max.as_ref().map(|max| max.value), Some(3));
    assert_eq!(caps.max_days.as_ref().map(|days| days.value), Some(9));
    assert!(caps.require_until.is_some());
    assert!(caps.forbidding(&["A1"]).is_some() && caps.forbidding(&["A1", "B1"]).is_none());
}

#[test]
fn what_the_base_branch_got_wrong_is_left_out_and_told() {
    let policy = "[policy]\nrequire = ['A']\nwaivers.max = 1\n";
    let own = "[checks]\nlevels = { A = 'off' }\n\
               ignore = [{ rule = 'A', reason = 'x' }, { rule = 'B', reason = 'x' }, { rule = 'C', reason = 'x' }]\n";
    let mut case = case(own, policy);
    case.chain[0].revision = Some("main".to_owned());
    let settings = case.resolve();
    assert!(settings.checks.levels.is_empty());
    let rules: Vec<&str> = settings.checks.waivers.iter().map(|waiver| waiver.rule.as_str()).collect();
    assert_eq!(rules, ["B"]);
    assert_eq!(
        settings.checks.policy.notes,
        [
            "imgbuild.toml:2:12: `A` may not be off: the policy ci/policy.toml:2:12 requires it; it is left out",
            "imgbuild.toml:3:11: `A` may not be waived: the policy ci/policy.toml:2:12 requires it; it is left out",
            "imgbuild.toml:3:71: one waiver too many: the policy ci/policy.toml:3:9 allows 1; it is left out",
        ]
    );
}

#[test]
fn a_table_of_the_own_file_binds_nobody_and_that_is_said() {
    let settings = files(&[("imgbuild.toml", "policy.lock = ['checks']\nchecks.max-layers = 1\n")]).resolve();
    assert!(settings.checks.policy.locks.is_empty());
    assert_eq!(
        settings.checks.policy.notes,
        [
            "imgbuild.toml:1:1: [policy] binds nobody here, only files that extend this one and runs whose IMGBUILD_POLICY \
          names it"
        ]
    );
    assert_eq!(settings.checks.policy.sources, ["imgbuild.toml"]);
}

#[test]
fn the_digest_is_of_values_and_not_of_places() {
    let digest = |case: Case| case.resolve().checks.policy.digest;
    let both = digest(case("[checks]\nmax-layers = 3\n", "[registries]\nsandbox = 'a.b/c'\n"));
    assert_eq!(
        both,
        digest(case(
            "\n\n# the same\n[registries]\nsandbox = { prefix = 'a.b/c' }\n",
            "checks = { max-layers = 3 }"
        ))
    );
    // What is no policy does not count.
    assert_eq!(
        both,
        digest(case("image.target = 'x'\nchecks.max-layers = 3", "registries.sandbox = 'a.b/c'"))
    );
    let others = [
        case("checks.max-layers = 4", "registries.sandbox = 'a.b/c'"),
        case("checks.max-layers = 3", "registries.sandbox = 'a.b/d'"),
        case("checks.max-layers = 3", "registries.sandbox = 'a.b/c'\npolicy.require = ['A']"),
        case("checks.max-layers = 3", "registries.sandbox = 'a.b/c'\npolicy.waivers.max = 3"),
        case("checks.max-layers = 3", "registries.sandbox = 'a.b/c'\nchecks.max-size = '1GB'"),
        case(
            "checks.max-layers = 3\nchecks.ignore = [{ rule = 'A', reason = 'b' }]",
            "registries.sandbox = 'a.b/c'",
        ),
        case("checks.max-layers = 3\nchecks.levels.A = 'off'", "registries.sandbox = 'a.b/c'"),
        case("checks.max-layers = 3\nchecks.baseline = 'a'", "registries.sandbox = 'a.b/c'"),
    ];
    let mut all: Vec<_> = others.into_iter().map(digest).chain([both]).collect();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn a_flood_of_offences_is_cut() {
    let waivers = "{ rule = 'A', reason = 'x' },".repeat(100);
    let problems = case(&format!("checks.ignore = [{waivers}]"), "policy.waivers.max = 0").problems();
    assert_eq!(problems.len(), 21);
    assert_eq!(problems[20], "… and 80 more");
}
