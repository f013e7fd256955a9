//! `imgbuild.toml` on disk: how it is found and read, its committed schema, and that no file brings the reader down.

#![cfg(test)]
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use imgbuild::config::{
    DOCKERFILES, Document, Flags, Layers, Located, MAX_BYTES, Policy, Push, Settings, load, locate, parse,
    parse_policy, read_policy, resolve, with_policy,
};
use imgbuild::environment::Environment;
use imgbuild::error::{Error, Kind, Result};
use proptest::prelude::*;

/// A folder that stands for a repository.
struct Repository {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Repository {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("repository");
        fs::create_dir(&root).unwrap();
        let repository = Repository { _folder: folder, root };
        for (path, text) in files {
            repository.write(path, text);
        }
        repository
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn load_from(&self, start: &str) -> Result<Option<Document>> {
        load(None, &Environment::default(), &self.root.join(start), &self.root)
    }

    fn settings(&self, flags: &Flags) -> Settings {
        let document = self.load_from("").unwrap();
        resolve(&Layers {
            flags,
            environment: &Environment::default(),
            document: document.as_ref(),
            is_ci: false,
            push: Push::Never,
            working_folder: &self.root,
            root: &self.root,
            now: 0,
            rule_names: |id| vec![id.to_owned()],
        })
        .unwrap()
    }

    fn locate(&self) -> Result<Located> {
        locate(&self.settings(&Flags::default()), &self.root)
    }

    /// The error's message with the repository's path taken out.
    fn said(&self, error: &Error) -> String {
        error.to_string().replace(&*self.root.to_string_lossy(), "REPO")
    }
}

#[test]
fn the_committed_schema_is_the_types_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("imgbuild.schema.json");
    let made = imgbuild::config::json_schema();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "imgbuild.schema.json is out of date: run UPDATE=1 cargo test --test config schema"
    );
}

#[test]
fn every_key_of_the_schema_is_explained() {
    let schema: serde_json::Value = serde_json::from_str(&imgbuild::config::json_schema()).unwrap();
    let tables = schema["definitions"].as_object().unwrap().values().chain([&schema]);
    for table in tables {
        for (key, about) in table["properties"].as_object().into_iter().flatten() {
            assert!(about["description"].as_str().is_some_and(|text| text.len() > 10), "{key}: {about}");
        }
    }
    assert!(!imgbuild::config::json_schema().contains("null"));
}

#[test]
fn the_examples_of_the_documentation_are_read() {
    for page in ["README.md", "docs/tests.md", "docs/tags.md", "docs/checks.md", "docs/deploy.md"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        let examples: Vec<&str> =
            text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!examples.is_empty(), "{page}");
        for example in examples {
            parse(page, example.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

#[test]
fn the_nearest_file_on_the_way_up_is_read() {
    let repository = Repository::new(&[
        ("imgbuild.toml", "image.target = 'root'"),
        ("a/b/c/.keep", ""),
        ("a/b/imgbuild.toml", "image.target = 'b'"),
    ]);
    let target = |start: &str| {
        let document = repository.load_from(start).unwrap().unwrap();
        (document.name().to_owned(), document.model.image.unwrap().target.unwrap())
    };
    assert_eq!(target("a/b/c"), ("a/b/imgbuild.toml".to_owned(), "b".to_owned()));
    assert_eq!(target("a"), ("imgbuild.toml".to_owned(), "root".to_owned()));
    assert_eq!(target(""), ("imgbuild.toml".to_owned(), "root".to_owned()));
}

#[test]
fn nothing_above_the_root_is_read() {
    let repository = Repository::new(&[("sub/.keep", "")]);
    fs::write(repository.root.parent().unwrap().join("imgbuild.toml"), "not = toml = at all").unwrap();
    assert_eq!(repository.load_from("sub").unwrap(), None);
    symlink(repository.root.join("sub"), repository.root.parent().unwrap().join("alias")).unwrap();
    assert_eq!(repository.load_from("../alias").unwrap(), None);
    // Started from outside, nothing above the start is read either.
    fs::create_dir(repository.root.parent().unwrap().join("other")).unwrap();
    assert_eq!(repository.load_from("../other").unwrap(), None);
}

#[test]
fn flag_beats_variable_beats_discovery() {
    let repository = Repository::new(&[
        ("imgbuild.toml", "image.target = 'found'"),
        ("sub/flag.toml", "image.target = 'flag'"),
        ("sub/variable.toml", "image.target = 'variable'"),
    ]);
    let environment = Environment::from_pairs([("IMGBUILD_CONFIG", "variable.toml")]);
    let target = |flag: Option<&Path>, environment: &Environment| {
        let document =
            load(flag, environment, &repository.root.join("sub"), &repository.root).unwrap().unwrap();
        document.model.image.unwrap().target.unwrap()
    };
    assert_eq!(target(Some(Path::new("flag.toml")), &environment), "flag");
    assert_eq!(target(None, &environment), "variable");
    assert_eq!(target(None, &Environment::from_pairs([("IMGBUILD_CONFIG", "")])), "found");
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let repository = Repository::new(&[("imgbuild.toml", "")]);
    let error = load(Some(Path::new("no.toml")), &Environment::default(), &repository.root, &repository.root);
    let error = error.unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(
        error.to_string().starts_with("cannot read the configuration file no.toml: No such file"),
        "{error}"
    );
}

#[test]
fn what_is_no_readable_file_of_ours_is_an_error_and_not_passed_by() {
    let message = |prepare: &dyn Fn(&Repository)| {
        let repository = Repository::new(&[]);
        prepare(&repository);
        let error = repository.load_from("").unwrap_err();
        (error.kind(), repository.said(&error))
    };
    assert_eq!(
        message(&|repository| fs::create_dir(repository.root.join("imgbuild.toml")).unwrap()),
        (Kind::Config, "imgbuild.toml is not a file".to_owned())
    );
    assert_eq!(
        message(&|repository| symlink("nowhere", repository.root.join("imgbuild.toml")).unwrap()),
        (Kind::Config, "imgbuild.toml is a link to a file that does not exist".to_owned())
    );
    assert_eq!(
        message(&|repository| {
            let outside = repository.root.parent().unwrap().join("secret");
            fs::write(&outside, "password").unwrap();
            symlink(outside, repository.root.join("imgbuild.toml")).unwrap();
        }),
        (Kind::Config, "imgbuild.toml is a link that leads out of the repository".to_owned())
    );
    assert_eq!(
        message(&|repository| symlink("imgbuild.toml", repository.root.join("imgbuild.toml")).unwrap()).0,
        Kind::Io
    );
}

#[test]
fn a_file_of_more_than_one_mebibyte_is_not_read() {
    let repository = Repository::new(&[("imgbuild.toml", &"#".repeat(MAX_BYTES))]);
    assert!(repository.load_from("").unwrap().is_some());
    // Sparse: were it read as a whole, the test would not end.
    let file = fs::File::create(repository.root.join("imgbuild.toml")).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = repository.load_from("").unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (Kind::Config, "imgbuild.toml is larger than 1 MiB".to_owned())
    );
}

/// Where each setting with one of `keys` comes from.
fn origins(document: Option<&Document>, repository: &Repository, keys: &[&str]) -> Vec<String> {
    let settings = resolve(&Layers {
        flags: &Flags::default(),
        environment: &Environment::default(),
        document,
        is_ci: false,
        push: Push::Never,
        working_folder: &repository.root,
        root: &repository.root,
        now: 0,
        rule_names: |id| vec![id.to_owned()],
    })
    .unwrap();
    let json: serde_json::Value = serde_json::from_str(&imgbuild::config::to_json(&settings)).unwrap();
    keys.iter().map(|key| json["settings"][key]["origin"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_file_extends_others_each_relative_to_itself() {
    let repository = Repository::new(&[
        ("imgbuild.toml", "extends = 'ci/team.toml'\nimage.target = 'own'"),
        ("ci/team.toml", "extends = '../company.toml'\nimage.target = 'team'\nimage.variant = 'team'"),
        (
            "company.toml",
            "image.target = 'company'\nimage.variant = 'company'\nimage.platform = 'linux/arm64'",
        ),
    ]);
    let document = repository.load_from("").unwrap();
    let keys = ["image.target", "image.variant", "image.platform", "image.build.pull"];
    assert_eq!(
        origins(document.as_ref(), &repository, &keys),
        ["imgbuild.toml:2", "ci/team.toml:3", "company.toml:3", "default"]
    );
}

#[test]
fn what_cannot_be_extended_is_told_with_the_line_that_asks_for_it() {
    let message = |files: &[(&str, &str)]| {
        let repository = Repository::new(files);
        fs::write(repository.root.parent().unwrap().join("outside.toml"), "").unwrap();
        symlink("../../outside.toml", repository.root.join("ci/link.toml")).unwrap();
        let error = repository.load_from("").unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{error}");
        repository.said(&error)
    };
    let own = |target: &str| format!("schema = 1\nextends = '{target}'\n");
    let ci = ("ci/team.toml", "");
    assert!(message(&[("imgbuild.toml", &own("no.toml")), ci]).starts_with(
        "imgbuild.toml:2:1: cannot extend `no.toml`: cannot read the configuration file no.toml: No such file"
    ));
    assert_eq!(
        message(&[("imgbuild.toml", &own("../outside.toml")), ci]),
        "imgbuild.toml:2:1: cannot extend `../outside.toml`: it lies outside of the repository, so that no commit says \
         what it holds"
    );
    assert_eq!(
        message(&[("imgbuild.toml", &own("ci/link.toml")), ci]),
        "imgbuild.toml:2:1: cannot extend `ci/link.toml`: it is a link that leads out of the repository"
    );
    assert_eq!(
        message(&[("imgbuild.toml", &own("ci")), ci]),
        "imgbuild.toml:2:1: cannot extend `ci`: ci is not a file"
    );
    assert_eq!(
        message(&[("imgbuild.toml", &own("imgbuild.toml")), ci]),
        "imgbuild.toml:2:1: cannot extend `imgbuild.toml`: the files extend each other: imgbuild.toml → imgbuild.toml"
    );
    assert_eq!(
        message(&[
            ("imgbuild.toml", &own("ci/team.toml")),
            ("ci/team.toml", "extends = './../imgbuild.toml'")
        ]),
        "ci/team.toml:1:1: cannot extend `./../imgbuild.toml`: the files extend each other: imgbuild.toml → ci/team.toml \
         → imgbuild.toml"
    );
    // What is wrong in the other file is told with its own name.
    assert!(
        message(&[("imgbuild.toml", &own("ci/team.toml")), ("ci/team.toml", "\nimage.tarket = 'x'")])
            .starts_with("ci/team.toml:2:7: unknown key `tarket`")
    );
}

#[test]
fn a_chain_has_an_end() {
    let chain = |length: usize| {
        let repository = Repository::new(&[("imgbuild.toml", "extends = '1.toml'")]);
        for nth in 1..length {
            repository.write(&format!("{nth}.toml"), &format!("extends = '{}.toml'", nth + 1));
        }
        repository.write(&format!("{length}.toml"), "");
        repository.load_from("")
    };
    assert!(chain(8).is_ok());
    let error = chain(9).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "8.toml:1:1: cannot extend `9.toml`: more than 8 files are extended: imgbuild.toml → 1.toml → "
        ),
        "{error}"
    );
}

#[test]
fn a_policy_may_lie_anywhere_and_so_may_what_it_extends() {
    let repository = Repository::new(&[("imgbuild.toml", "")]);
    let outside = repository.root.parent().unwrap();
    fs::write(outside.join("policy.toml"), "extends = 'base.toml'").unwrap();
    fs::write(outside.join("base.toml"), "checks.fail-on = 'info'").unwrap();
    let policy = read_policy(&outside.join("policy.toml"), &repository.root).unwrap();
    let (merged, notes) = with_policy(repository.load_from("").unwrap().as_ref(), Policy::File(&policy));
    assert_eq!(notes.len(), 1, "{notes:?}");
    let base = outside.join("base.toml").display().to_string();
    assert_eq!(origins(merged.as_ref(), &repository, &["checks.fail-on"]), [format!("{base}:1")]);
}

#[test]
fn an_artifact_stands_for_itself() {
    for (text, key) in [
        ("extends = 'x.toml'", "1:1: `extends`"),
        ("[checks]\nbaseline = 'x'", "2:1: `checks.baseline`"),
        ("profile.ci.checks.baseline = 'x'", "1:19: `profile.ci.checks.baseline`"),
    ] {
        let error = parse_policy("r.example/p@sha256:0", text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        let expected =
            format!("r.example/p@sha256:0:{key} names a file, and a policy artifact holds one file alone");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn the_only_dockerfile_is_found() {
    for name in DOCKERFILES {
        let repository = Repository::new(&[(name, "FROM scratch")]);
        let located = repository.locate().unwrap();
        assert_eq!(located, Located { context: repository.root.clone(), dockerfile: PathBuf::from(name) });
    }
}

#[test]
fn no_dockerfile_and_several_are_errors_that_say_what_to_do() {
    let repository = Repository::new(&[("docker", "a file")]);
    let error = repository.locate().unwrap_err();
    assert_eq!(
        (error.kind(), repository.said(&error)),
        (Kind::Config, "there is no Dockerfile in REPO".to_owned())
    );
    assert_eq!(error.hints()[0], "looked for Dockerfile, Containerfile, docker/Dockerfile, build/Dockerfile");

    let repository = Repository::new(&[("Dockerfile", ""), ("docker/Dockerfile", "")]);
    let error = repository.locate().unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert_eq!(
        repository.said(&error),
        "there are several Dockerfiles in REPO: Dockerfile, docker/Dockerfile"
    );
    assert_eq!(
        error.hints(),
        ["choose one with --dockerfile, or with `dockerfile` under [image] in imgbuild.toml"]
    );
    repository.write("imgbuild.toml", "image.dockerfile = 'docker/Dockerfile'");
    assert_eq!(repository.locate().unwrap().dockerfile, Path::new("docker/Dockerfile"));
}

#[test]
fn one_dockerfile_and_a_link_to_it_are_one() {
    let repository = Repository::new(&[("docker/Dockerfile", "FROM scratch")]);
    symlink("docker/Dockerfile", repository.root.join("Dockerfile")).unwrap();
    assert_eq!(repository.locate().unwrap().dockerfile, Path::new("Dockerfile"));
}

#[test]
fn context_and_dockerfile_are_told_missing_or_outside() {
    let case = |config: &str| {
        let repository = Repository::new(&[("imgbuild.toml", config), ("ctx/x", ""), ("Dockerfile", "")]);
        symlink(repository.root.parent().unwrap(), repository.root.join("out")).unwrap();
        fs::write(repository.root.parent().unwrap().join("Dockerfile"), "").unwrap();
        let error = repository.locate().unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        repository.said(&error)
    };
    assert_eq!(
        case("image.context = 'gone'"),
        "cannot find the build context REPO/gone: No such file or directory (os error 2)"
    );
    assert_eq!(
        case("image.context = 'Dockerfile'"),
        "the build context REPO/Dockerfile is not a folder (imgbuild.toml:1)"
    );
    assert_eq!(
        case("image.context = 'out'"),
        "the build context REPO/out is a link out of the repository (imgbuild.toml:1)"
    );
    assert_eq!(
        case("image.dockerfile = 'gone'"),
        "cannot find the Dockerfile REPO/gone: No such file or directory (os error 2)"
    );
    assert_eq!(case("image.dockerfile = 'ctx'"), "the Dockerfile REPO/ctx is not a file (imgbuild.toml:1)");
    assert_eq!(
        case("[image]\ncontext = 'ctx'\ndockerfile = 'Dockerfile'"),
        "the Dockerfile REPO/Dockerfile is outside of the build context REPO/ctx (imgbuild.toml:3)"
    );
    assert_eq!(
        case("image.dockerfile = 'out/Dockerfile'"),
        "the Dockerfile REPO/out/Dockerfile is outside of the build context REPO (imgbuild.toml:1)"
    );
}

#[test]
fn a_context_named_by_a_flag_may_lie_anywhere() {
    let repository = Repository::new(&[]);
    let outside = repository.root.parent().unwrap().join("elsewhere");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("Dockerfile"), "").unwrap();
    let flags = Flags { context: Some("../elsewhere".into()), ..Flags::default() };
    assert_eq!(locate(&repository.settings(&flags), &repository.root).unwrap().context, outside);
}

#[test]
fn a_look_that_was_denied_is_not_taken_for_absence() {
    let repository = Repository::new(&[("Dockerfile", "")]);
    symlink("build", repository.root.join("build")).unwrap();
    assert_eq!(repository.locate().unwrap_err().kind(), Kind::Io);
}

/// Lines as people might get them wrong: real keys and values, mixed at random.
fn almost_a_file() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "schema",
        "image",
        "test",
        "http",
        "run",
        "cmd",
        "files",
        "ports",
        "processes",
        "services",
        "mounts",
        "exec",
        "body",
        "json",
        "stdout",
        "not",
        "any",
        "size",
        "status",
        "build",
        "args",
        "secrets",
        "registries",
        "insecure",
        "push",
        "retry-for",
        "release",
        "prefix",
        "checks",
        "levels",
        "max-size",
        "policy",
        "waivers",
        "lock",
        "extends",
        "ignore",
        "until",
        "reason",
        "rule",
        "profile",
        "ci",
        "ready",
        "within",
        "labels",
        "tags",
        "job",
        "env",
        "x",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "0",
        "-1",
        "1.5",
        "true",
        "\"\"",
        "\"x\"",
        "\"30s\"",
        "2027-01-01",
        "07:00:00",
        "[]",
        "[[]]",
        "{}",
        "[{}]",
        "[\"a\", 1]",
        "{ x = 1 }",
        "{ cmd = [] }",
        "{ not = { any = ['x'] } }",
        "{ at-most = '1kB' }",
        "[{ port = 1, path = '/' }]",
        "[80, '53/udp', { port = 1 }]",
        "[\"{sha}\", \"{\"]",
        "'ghcr.io/a'",
        "\"\\u0000\"",
        "",
        "nan",
        "0x1f",
        "'''\n'''",
    ]);
    let path = prop::collection::vec(word, 1..5).prop_map(|words| words.join("."));
    let line = (0..4_u8, path, value).prop_map(|(form, path, value)| match form {
        0 => format!("[{path}]"),
        1 => format!("[[{path}]]"),
        _ => format!("{path} = {value}"),
    });
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

fn judged(bytes: &[u8]) {
    if let Err(error) = parse("imgbuild.toml", bytes) {
        assert_eq!(error.kind(), Kind::Config, "{error}");
        let message = error.to_string();
        assert!(
            !message.is_empty() && !message.contains(|c: char| c.is_control() && c != '\n'),
            "{message:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        judged(&bytes);
    }

    #[test]
    fn any_text_is_judged(text in "(?s).{0,200}") {
        judged(text.as_bytes());
    }

    #[test]
    fn almost_any_file_is_judged(text in almost_a_file()) {
        judged(text.as_bytes());
    }
}
