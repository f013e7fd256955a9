//! Who wins, where paths start, and what cannot be.

mod image_tests;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::*;
use crate::config::model::FailOn;
use crate::config::parse;
use crate::config::repository::Destination;
use crate::config::settings::{CacheSpec, Fetched, HandedBy, Role};
use crate::error::{Error, Kind};

/// 2026-06-01, some time of the day.
const NOW: i64 = 1_780_300_000;

/// `DL3007` is what another tool calls `IMG101`.
fn names(id: &str) -> Vec<String> {
    match id {
        "DL3007" | "IMG101" => vec!["DL3007".to_owned(), "IMG101".to_owned()],
        _ => vec![id.to_owned()],
    }
}

/// Settings of `file` at `/repo/imgbuild.toml`, with variables and flags.
struct Case {
    file: String,
    variables: Vec<(&'static str, OsString)>,
    flags: Flags,
    is_ci: bool,
}

fn file(text: &str) -> Case {
    Case { file: text.to_owned(), variables: Vec::new(), flags: Flags::default(), is_ci: false }
}

impl Case {
    fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn flags(mut self, set: impl FnOnce(&mut Flags)) -> Self {
        set(&mut self.flags);
        self
    }

    fn ci(mut self) -> Self {
        self.is_ci = true;
        self
    }

    fn try_resolve(self) -> Result<Settings> {
        let mut document = parse("imgbuild.toml", self.file.as_bytes())?;
        document.path = Some(PathBuf::from("/repo/imgbuild.toml"));
        resolve(&Layers {
            flags: &self.flags,
            environment: &Environment::from_pairs(self.variables),
            document: Some(&document),
            is_ci: self.is_ci,
            push: Push::Never,
            working_folder: Path::new("/repo/sub"),
            root: Path::new("/repo"),
            now: NOW,
            rule_names: names,
        })
    }

    fn resolve(self) -> Settings {
        self.try_resolve().unwrap_or_else(|error| panic!("{error}"))
    }

    fn error(self) -> Error {
        self.try_resolve().expect_err("the layers do not fit")
    }
}

fn said<T: Clone + std::fmt::Debug>(value: &Option<Sourced<T>>) -> (T, String) {
    let value = value.as_ref().expect("somebody said it");
    (value.value.clone(), value.origin.to_string())
}

#[test]
fn without_a_word_everything_has_its_default() {
    let settings = resolve(&Layers {
        flags: &Flags::default(),
        environment: &Environment::default(),
        document: None,
        is_ci: false,
        push: Push::Auto,
        working_folder: Path::new("/repo/sub"),
        root: Path::new("/repo"),
        now: NOW,
        rule_names: names,
    })
    .unwrap();
    assert_eq!(settings.context, Sourced::default(PathBuf::from("/repo")));
    assert_eq!(settings.push, Sourced::new(Push::Auto, Origin::Command));
    assert_eq!(settings.timeout.value, Duration::from_secs(1800));
    assert_eq!(settings.idle_timeout.value, Duration::from_secs(600));
    let PushLimits { retry_for, idle_timeout, timeout } = &settings.push_limits;
    assert_eq!([retry_for, idle_timeout, timeout].map(|limit| limit.as_secs()), [30, 60, 3600]);
    assert_eq!(retry_for.origin, Origin::Default);
    assert_eq!(settings.checks.fail_on, Sourced::default(FailOn::Error));
    assert_eq!(settings.profile.origin.to_string(), "no CI was detected");
    assert_eq!(settings.tests, Sourced::default(Vec::new()));
    assert!(!settings.has_tests() && settings.kind.is_none() && settings.probes.is_none());
    assert!(!settings.read_only.value && !settings.hardened.value && settings.companions.is_empty());
    assert_eq!(settings.destination(Role::Integration, "api"), Destination::Local("api".to_owned()));
}

#[test]
fn flag_beats_variable_beats_profile_beats_file() {
    let text = "[image]\ntarget = 'file'\n[profile.ci.image]\ntarget = 'profile'\n";
    assert_eq!(said(&file(text).resolve().target), ("file".into(), "imgbuild.toml:2".into()));
    assert_eq!(
        said(&file(text).ci().resolve().target),
        ("profile".into(), "imgbuild.toml:4 (profile ci)".into())
    );
    let variable = || file(text).ci().variable("IMGBUILD_TARGET", "variable");
    assert_eq!(said(&variable().resolve().target), ("variable".into(), "IMGBUILD_TARGET".into()));
    let flag = variable().flags(|flags| flags.target = Some("flag".into()));
    assert_eq!(said(&flag.resolve().target), ("flag".into(), "--target".into()));
    assert_eq!(said(&file(text).variable("IMGBUILD_TARGET", "").resolve().target).0, "file");
}

#[test]
fn every_listed_variable_that_is_a_setting_is_heard() {
    let settings = file("")
        .variable("IMGBUILD_REPOSITORY", "ghcr.io/acme/api")
        .variable("IMGBUILD_CONTEXT", "ctx")
        .variable("IMGBUILD_DOCKERFILE", "/abs/Dockerfile")
        .variable("IMGBUILD_TARGET", "t")
        .variable("IMGBUILD_PLATFORM", "linux/arm64")
        .variable("IMGBUILD_PUSH", "always")
        .variable("IMGBUILD_PROFILE", "ci")
        .variable("IMGBUILD_REPORT", "out/report.json")
        .variable("IMGBUILD_INSECURE_REGISTRIES", "registry.lan:5000")
        .variable("IMGBUILD_PUSH_RETRY_FOR", "2m")
        .variable("IMGBUILD_PUSH_IDLE_TIMEOUT", "5s")
        .variable("IMGBUILD_PULL", "1")
        .variable("IMGBUILD_NO_CACHE", "TRUE")
        .variable("IMGBUILD_REPRODUCIBLE", "on")
        .resolve();
    assert_eq!(said(&settings.repository).1, "IMGBUILD_REPOSITORY");
    assert_eq!(settings.context.value, Path::new("/repo/sub/ctx"));
    assert_eq!(said(&settings.dockerfile).0, Path::new("/abs/Dockerfile"));
    assert_eq!(said(&settings.platform).0, "linux/arm64");
    assert_eq!(settings.push.value, Push::Always);
    assert_eq!(settings.profile.value, Profile::Ci);
    assert_eq!(said(&settings.report).0, Path::new("/repo/sub/out/report.json"));
    assert!(settings.registries.is_insecure("registry.lan:5000"));
    assert_eq!(settings.push_limits.retry_for.value, Duration::from_secs(120));
    assert_eq!(settings.push_limits.idle_timeout.value, Duration::from_secs(5));
    assert!(settings.pull.value && settings.no_cache.value && settings.reproducible.value);
}

#[test]
fn maps_are_merged_and_lists_replaced() {
    let text = r#"
[image]
labels = { a = "1" }
build.args = { A = "file", B = "file", C = "file" }
build.generated = ["dist/**"]
[profile.local.image.build]
args = { B = "profile" }
generated = ["out/**"]
"#;
    let settings = file(text)
        .flags(|flags| flags.build_args = vec![("C".into(), "1".into()), ("C".into(), "2".into())])
        .resolve();
    let args: Vec<(String, String)> =
        settings.build_args.values().map(|arg| (arg.value.clone(), arg.origin.to_string())).collect();
    assert_eq!(
        args,
        [
            ("file".into(), "imgbuild.toml:4".into()),
            ("profile".into(), "imgbuild.toml:7 (profile local)".into()),
            ("2".into(), "--build-arg".into())
        ]
    );
    assert_eq!(settings.generated.value, ["out/**"]);
    assert_eq!(settings.labels["a"].value, "1");
}

/// Each tag with its origin.
fn tags(settings: &Settings) -> Vec<String> {
    settings.tags.iter().map(|tag| format!("{} {}", tag.value, tag.origin)).collect()
}

#[test]
fn further_tags_are_the_files_and_then_the_flags_each_once() {
    let text = "[image]\ntags = ['{branch}', 'nightly',\n'{branch}']\n[profile.ci.image]\ntags = ['edge']\n";
    let more = || ["nightly", "edge-{date}", "edge-{date}"].map(str::to_owned).to_vec();
    let settings = file(text).flags(|flags| flags.tags = more()).resolve();
    assert_eq!(tags(&settings), ["{branch} imgbuild.toml:2", "nightly imgbuild.toml:2", "edge-{date} --tag"]);
    assert_eq!(tags(&file(text).ci().resolve()), ["edge imgbuild.toml:5 (profile ci)"]);
    let none = "image.tags = ['nightly']\nprofile.ci.image.tags = []";
    assert_eq!(tags(&file(none).ci().flags(|flags| flags.tags = more()).resolve()).len(), 2);
    assert!(file("").resolve().tags.is_empty());
}

#[test]
fn a_further_tag_that_cannot_be_is_told_with_who_said_it() {
    let bad = ["latest", "ok", "{brnch}"].map(str::to_owned).to_vec();
    let error = file("").flags(|flags| flags.tags = bad).error();
    assert_eq!(error.kind(), Kind::Usage);
    assert_eq!(
        error.to_string(),
        "--tag: `latest` is set by releases alone\n\
         --tag: there is no placeholder `{brnch}` (character 1): did you mean `{branch}`?"
    );
    let text = "[image]\nvariant = 'alpine'\ntags = ['edge-alpine', 'alpine', '{major}-alpine',\n'1-alpine', 'pr-1-alpine']";
    let error = file(text).error();
    assert_eq!(error.kind(), Kind::Config);
    assert_eq!(
        error.to_string(),
        "imgbuild.toml:3: `alpine` is a tag of the variant `alpine`, which imgbuild sets itself\n\
         imgbuild.toml:4: `1-alpine` is a tag of the variant `alpine`, which imgbuild sets itself\n\
         imgbuild.toml:4: `pr-1-alpine` is a tag of the variant `alpine`, which imgbuild sets itself"
    );
    assert!(file("[image]\ntags = ['alpine', '1-alpine']").try_resolve().is_ok());
    let flag = file("image.variant = 'alpine'").flags(|flags| flags.tags = vec!["alpine".into()]);
    assert_eq!(flag.error().kind(), Kind::Usage);
}

#[test]
fn paths_start_where_they_were_said() {
    let text = "[image]\ncontext = 'services/./api/..'\ndockerfile = 'docker/x'\n";
    let settings = file(text).resolve();
    assert_eq!(settings.context.value, Path::new("/repo/services"));
    assert_eq!(said(&settings.dockerfile).0, Path::new("/repo/docker/x"));
    let settings = file(text).flags(|flags| flags.context = Some("../other".into())).resolve();
    assert_eq!(settings.context.value, Path::new("/repo/other"));
    let settings = file(text).flags(|flags| flags.context = Some("/tmp/x".into())).resolve();
    assert_eq!(settings.context.value, Path::new("/tmp/x"));
}

#[test]
fn a_path_of_the_file_stays_in_the_repository() {
    let error = file("[image]\ncontext = '../../home'\ndockerfile = 'a/../../x'").error();
    assert_eq!(error.kind(), Kind::Config);
    assert_eq!(
        error.to_string(),
        "imgbuild.toml:2: image.context leads out of the repository\n\
         imgbuild.toml:3: image.dockerfile leads out of the repository"
    );
    assert!(file("image.context = '../repository'").try_resolve().is_err());
}

#[test]
fn bad_flags_and_variables_are_told_at_once() {
    let error = file("")
        .variable("IMGBUILD_PLATFORM", "linux")
        .variable("IMGBUILD_PUSH", "yes")
        .variable("IMGBUILD_PULL", "maybe\u{1b}")
        .variable("IMGBUILD_TARGET", OsString::from_vec(vec![0xff]))
        .variable("IMGBUILD_REPOSITORY", "Api")
        .flags(|flags| flags.build_args = vec![("A B".into(), "x".into())])
        .error();
    assert_eq!(error.kind(), Kind::Config);
    let mut lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "--build-arg: `A B` is no name of an argument: use letters, digits and `_`",
            "IMGBUILD_PLATFORM: `linux` is no platform: write os/architecture, like \"linux/amd64\"",
            "IMGBUILD_PULL: must be true or false, not `maybe\\u{1b}`",
            "IMGBUILD_PUSH: must be one of auto, never, always, not `yes`",
            "IMGBUILD_REPOSITORY: `Api` has capital letters, which the path of an image cannot have",
            "IMGBUILD_TARGET: is not UTF-8 text",
        ]
    );
    let usage =
        file("").flags(|flags| flags.labels = vec![("dev.imgbuild.dev".into(), String::new())]).error();
    assert_eq!(usage.kind(), Kind::Usage);
}

#[test]
fn what_only_buildkit_can_is_not_for_the_classic_builder() {
    for (line, key) in [
        ("secrets = ['npmrc']", "secrets"),
        ("ssh = ['default']", "ssh"),
        ("cache-from = ['r.example/c']", "cache-from"),
        ("cache-to = ['type=inline']", "cache-to"),
        ("contexts = { base = 'docker-image://r.example/b' }", "contexts"),
    ] {
        let text = format!("[image.build]\nbuilder = 'classic'\n{line}\n");
        let error = file(&text).error();
        assert_eq!(error.kind(), Kind::Config);
        let told = format!(
            "imgbuild.toml:2: {key} (imgbuild.toml:3) needs BuildKit, which the classic builder is not"
        );
        assert_eq!(error.to_string(), told);
        assert!(file(&text.replace("classic", "auto")).try_resolve().is_ok(), "{line}");
    }
    assert!(file("image.build = { builder = 'classic', secrets = [] }").try_resolve().is_ok());
}

#[test]
fn where_the_context_comes_from() {
    let settings = file("").try_resolve().unwrap().builder;
    assert!(!settings.is_of_commit() && settings.fetched.is_empty());
    let text = "[image.build]\ncontext = 'commit'\nfetched = ['lfs']\n\
                [profile.local.image.build]\ncontext = 'worktree'\nfetched = ['submodules']\n";
    let [local, ci] = [file(text), file(text).ci()].map(|case| case.try_resolve().unwrap().builder);
    assert!(!local.is_of_commit() && local.fetches(Fetched::Submodules) && !local.fetches(Fetched::Lfs));
    assert!(ci.is_of_commit() && ci.fetches(Fetched::Lfs) && !ci.fetches(Fetched::Submodules));
    assert_eq!(ci.fetched[0].origin.to_string(), "imgbuild.toml:3");

    let error = file("[image.build]\ncontext = 'commit'\nmtime = 'real'\n").error();
    let expected =
        "imgbuild.toml:3: `real` asks for the times of files, and a commit has none (imgbuild.toml:2)";
    assert!(error.message().ends_with(expected), "{error}");
    for bad in ["context = 'index'", "fetched = ['all']", "fetched = 'lfs'"] {
        let read = parse("imgbuild.toml", format!("[image.build]\n{bad}\n").as_bytes());
        assert_eq!(read.unwrap_err().kind(), Kind::Config, "{bad}");
    }
}

#[test]
fn secrets_are_the_files_and_the_flags_say_where_they_are() {
    let layers = file("[image.build]\nsecrets = ['npmrc', 'key']\n").flags(|flags| {
        flags.secrets = vec!["id=key,src=/run/key".into(), "id=more,env=MORE".into()];
    });
    let settings = layers.try_resolve().unwrap();
    let secrets: Vec<(&str, &HandedBy)> =
        settings.builder.secrets.iter().map(|one| (one.id.as_str(), &one.by)).collect();
    let expected = [
        ("npmrc", &HandedBy::Id),
        ("key", &HandedBy::File("/run/key".into())),
        ("more", &HandedBy::Variable("MORE".to_owned())),
    ];
    assert_eq!(secrets, expected);
    assert_eq!(file("").flags(|flags| flags.secrets = vec!["key".into()]).error().kind(), Kind::Usage);
}

#[test]
fn folders_of_caches_start_where_paths_do() {
    let build = |line: &str| format!("[image.build]\n{line}\n");
    let settings =
        file(&build("cache-from = ['type=local,src=a/../.cache', 'r.example/c']")).flags(|flags| {
            flags.cache_from = vec!["type=local,src=x".into()];
            flags.cache_to = vec!["type=local,dest=/else/where".into(), "type=inline".into()];
        });
    let settings = settings.resolve().builder;
    let folders = |caches: &[Sourced<CacheSpec>]| -> Vec<String> {
        let folder =
            |cache: &Sourced<CacheSpec>| cache.folder.as_ref().map(|path| path.display().to_string());
        caches.iter().map(|cache| folder(cache).unwrap_or_default()).collect()
    };
    assert_eq!(folders(&settings.cache_from), ["/repo/.cache", "", "/repo/sub/x"]);
    assert_eq!(folders(&settings.cache_to), ["/else/where", ""]);
    let within: Vec<_> = settings.cache_from.iter().map(|cache| cache.within.as_deref()).collect();
    assert_eq!(within, [Some(Path::new("/repo")), Some(Path::new("/repo")), None]);

    for (line, told) in [
        (
            "cache-to = ['type=local,dest=../x']",
            "imgbuild.toml:2:13: image.build.cache-to leads out of the repository",
        ),
        (
            "cache-from = ['type=local,src=/x']",
            "imgbuild.toml:2:15: image.build.cache-from leads out of the repository",
        ),
    ] {
        let error = file(&build(line)).error();
        assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Config, told));
    }
    let holds = "the build context is, or is in, this folder: name one of the cache's own";
    for (line, place, holds) in [
        ("cache-to = ['type=local,dest=.']", "imgbuild.toml:2:13: type=local,dest=.", holds),
        ("cache-from = ['type=local,src=a/..']", "imgbuild.toml:2:15: type=local,src=a/..", holds),
        (
            "cache-to = ['type=local,dest=x,tag=a', 'type=local,dest=./x,tag=b']",
            "imgbuild.toml:2:40: type=local,dest=./x",
            "another cache fills the same folder: name one for each",
        ),
    ] {
        let error = file(&build(line)).error();
        assert_eq!((error.kind(), error.to_string()), (Kind::Config, format!("{place}: {holds}")));
    }
    let error = file("").flags(|flags| flags.cache_to = vec!["type=local,dest=..".into()]).error();
    assert!(error.kind() == Kind::Usage && error.to_string().contains(holds), "{error}");
    let twice = file(&build("cache-to = ['type=local,dest=x']"));
    let error = twice.flags(|flags| flags.cache_to = vec!["type=local,dest=../x,tag=b".into()]).error();
    assert!(error.to_string().contains("another cache fills the same folder"), "{error}");
    let error = file(&build("cache-to = ['type=local,src=x']")).error().to_string();
    assert!(error.contains("a local cache needs its folder: write type=local,dest=FOLDER"), "{error}");
    let usage = file("").flags(|flags| flags.cache_from = vec!["type=local,dest=x".into()]).error();
    assert_eq!(usage.kind(), Kind::Usage);
}

#[test]
fn the_limits_of_pushes_come_from_variable_profile_and_file() {
    let text = "[push]\nretry-for = '1s'\nidle-timeout = '2s'\ntimeout = '3s'\n[profile.ci.push]\nretry-for = '4s'\n\
                idle-timeout = '5s'\n";
    let limits = file(text).ci().variable("IMGBUILD_PUSH_RETRY_FOR", "6s").resolve().push_limits;
    let said = [&limits.retry_for, &limits.idle_timeout, &limits.timeout]
        .map(|limit| format!("{}s {}", limit.as_secs(), limit.origin));
    assert_eq!(said, ["6s IMGBUILD_PUSH_RETRY_FOR", "5s imgbuild.toml:7 (profile ci)", "3s imgbuild.toml:4"]);
    let error = file("").variable("IMGBUILD_PUSH_RETRY_FOR", "30").error();
    assert_eq!(error.kind(), Kind::Config);
    assert_eq!(
        error.to_string(),
        "IMGBUILD_PUSH_RETRY_FOR: not a length of time: write a whole number and a unit (h, m, s, ms), like \"30s\" \
         or \"1m30s\", not `30`"
    );
}

#[test]
fn insecure_registries_are_the_files_and_then_the_variables() {
    let text =
        "[registries]\ninsecure = ['registry.lan:5000']\n[profile.ci.registries]\ninsecure = ['ci.lan']\n";
    let variable =
        |case: Case| case.variable("IMGBUILD_INSECURE_REGISTRIES", " REGISTRY.lan:5000, ,10.0.0.5,");
    let hosts = |case: Case| -> Vec<String> {
        let hosts = case.resolve().registries.insecure;
        hosts.iter().map(|host| format!("{} {}", host.value, host.origin)).collect()
    };
    assert_eq!(
        hosts(variable(file(text))),
        ["registry.lan:5000 imgbuild.toml:2", "10.0.0.5 IMGBUILD_INSECURE_REGISTRIES"]
    );
    assert_eq!(hosts(file(text).ci()), ["ci.lan imgbuild.toml:4 (profile ci)"]);
    let settings = file(text).resolve();
    assert!(settings.registries.is_insecure("Registry.lan:5000"));
    assert!(!settings.registries.is_insecure("registry.lan") && !settings.registries.is_insecure(""));
    // No role is configured: the repository is a full name.
    assert!(settings.registries.is_empty());
    let error = file("").variable("IMGBUILD_INSECURE_REGISTRIES", "a.b,http://c.d").error();
    assert_eq!(error.kind(), Kind::Config);
    assert_eq!(
        error.to_string(),
        "IMGBUILD_INSECURE_REGISTRIES: `http://c.d` is no registry host: write it as in the names of images, like \
         \"registry.lan:5000\""
    );
}

#[test]
fn with_roles_the_repository_is_a_bare_name() {
    let roles = "registries = { integration = 'ghcr.io/acme-int', release = { prefix = 'ghcr.io/acme', immutable = true } }\n";
    let settings = file(&format!("{roles}[image]\nrepository = 'team/api'\n")).resolve();
    assert_eq!(
        settings.destination(Role::Integration, "x"),
        Destination::Registry("ghcr.io/acme-int/team/api".into())
    );
    assert_eq!(settings.destination(Role::Sandbox, "x"), Destination::NoRole(Role::Sandbox));
    assert!(settings.registries.get(Role::Release).is_some_and(|release| release.immutable.value));
    let unnamed = file(roles).resolve();
    assert_eq!(unnamed.destination(Role::Release, "api"), Destination::Registry("ghcr.io/acme/api".into()));
    let error = file(&format!("{roles}[image]\nrepository = 'ghcr.io/acme/api'\n")).error();
    assert_eq!(
        error.to_string(),
        "imgbuild.toml:3: `ghcr.io/acme/api` names a registry, but with [registries] the repository is a bare name \
         that is joined to the role's prefix"
    );
    let long = format!("{roles}[image]\nrepository = '{}'\n", "a".repeat(250));
    assert!(file(&long).error().to_string().contains("joined to the integration prefix"));
}

#[test]
fn without_roles_the_host_decides_whether_a_name_can_be_pushed() {
    let full = file("image.repository = 'localhost:5000/api'").resolve();
    assert_eq!(full.destination(Role::Integration, "x"), Destination::Registry("localhost:5000/api".into()));
    let local = file("image.repository = 'acme/api'").resolve();
    assert_eq!(local.destination(Role::Integration, "x"), Destination::Local("acme/api".into()));
}

#[test]
fn every_variable_that_is_heard_is_listed() {
    let keys = [
        &PROFILE,
        &PUSH,
        &REPORT,
        &REPOSITORY,
        &CONTEXT,
        &DOCKERFILE,
        &TARGET,
        &PLATFORM,
        &VARIANT,
        &TAGS,
        &LABELS,
        &BUILD_ARGS,
        &NETWORK,
        &PULL,
        &NO_CACHE,
        &REPRODUCIBLE,
        &INSECURE,
        &PUSH_RETRY_FOR,
        &PUSH_IDLE_TIMEOUT,
        &PUSH_TIMEOUT,
        &KIND,
        &PROBES,
        &HARDENED,
        &STRUCTURE_TESTS,
        &GOSS,
        &JUNIT,
        &REPORT_DIR,
    ];
    let listed: Vec<&str> = crate::config::VARIABLES.iter().map(|variable| variable.name).collect();
    for name in keys.iter().filter_map(|key| key.variable) {
        assert!(listed.contains(&name), "{name}");
    }
}

#[test]
fn a_file_with_everything_in_it_is_read() {
    let settings = file(
        r#"
schema = 1
[image]
repository = "api"
[image.build]
args = { RUST_VERSION = "1.90" }
[[image.test]]
name  = "serves health"
ready = { healthcheck = true, within = "30s" }
http  = [{ path = "/healthz", port = 8080, status = 200, body = "ok", method = "HEAD" }]
run   = [{ cmd = ["api", "--version"], exit = 0, stdout = '^api \d+' }]
[registries]
integration = "ghcr.io/acme-int"
release     = { prefix = "ghcr.io/acme-release", immutable = true }
[checks]
fail-on = "error"
ignore  = [{ rule = "IMG105", path = "Dockerfile", until = 2027-01-01, reason = "the vendor publishes no digest" }]
"#,
    )
    .resolve();
    assert_eq!(settings.tests[0].spec.checks.len(), 2);
    assert_eq!(settings.checks.waivers[0].until.unwrap().to_string(), "2027-01-01");
    assert_eq!(settings.checks.waivers[0].origin.to_string(), "imgbuild.toml:17");
}
