//! The GitHub Action, its steps run as GitHub's runner runs them.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use imgbuild::image::Digest;
use serde_json::Value;
use support::lab::{self, Lab, Repo};
use support::runner::{Acted, Runner, pairs};
use support::yaml::Yaml;

const BINARY: &str = env!("CARGO_BIN_EXE_imgbuild");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The action as a runner has it: in a clean folder, without the rest of the project.
fn action(folder: &Path) -> PathBuf {
    let action = folder.join("_actions/acme/imgbuild/v1");
    fs::create_dir_all(action.join("action")).expect("folder");
    fs::copy(root().join("action.yml"), action.join("action.yml")).expect("action.yml");
    for entry in fs::read_dir(root().join("action")).expect("action") {
        let path = entry.expect("entry").path();
        fs::copy(&path, action.join("action").join(path.file_name().expect("name"))).expect("copy");
    }
    action
}

fn in_lab(lab: &Lab, repo: &Repo<'_>) -> Runner {
    Runner::new(&lab.path("runner"), &repo.path, lab.environment()).env("GITHUB_SHA", repo.head())
}

fn run(lab: &Lab, runner: &Runner, with: &[(&str, &str)]) -> Acted {
    let version = format!("path:{BINARY}");
    let with: Vec<_> = with.iter().copied().chain([("version", version.as_str())]).collect();
    runner.run(&action(&lab.path("clean")), &with)
}

#[test]
fn the_action_builds_tests_and_pushes() {
    let lab = Lab::new("action");
    let repo = lab.hello();
    let acted = run(&lab, &in_lab(&lab, &repo), &[]).expect(0);

    let tags: Vec<&str> = acted.output("tags").lines().collect();
    let names: BTreeSet<String> = acted.output("tag-names").lines().map(str::to_owned).collect();
    assert_eq!(names, lab.tags());
    for (tag, name) in tags.iter().zip(acted.output("tag-names").lines()) {
        assert_eq!(*tag, format!("{}:{name}", lab.repository()));
    }
    let name = acted.output("tag-names").lines().next().expect("a tag");
    let digest = Digest::of(&lab.manifest(name).0).to_string();
    assert_eq!(acted.output("digest"), digest);
    assert_eq!(acted.output("image"), format!("{}@{digest}", lab.repository()));
    assert_eq!(acted.output("version"), name);
    let revision = format!("org.opencontainers.image.revision={}", repo.head());
    assert!(acted.output("labels").lines().any(|label| label == revision), "{}", acted.output("labels"));
    assert!(acted.output("annotations").lines().any(|line| line == format!("manifest:{revision}")));

    let json: Value = serde_json::from_str(acted.output("json")).expect("json");
    assert_eq!(json["digest"], digest.as_str());
    assert_eq!(json["tags"], serde_json::json!(tags));
    assert_eq!(json["labels"]["org.opencontainers.image.revision"], repo.head().as_str());
    assert_eq!(json["labels"].as_object().expect("labels").len(), acted.output("labels").lines().count());
    let bake: Value = read_json(acted.output("bake-file"));
    assert_eq!(bake["target"]["docker-metadata-action"]["tags"], json["tags"]);
    assert_eq!(bake["target"]["docker-metadata-action"]["labels"], json["labels"]);
    for name in ["bake-file-tags", "bake-file-labels", "bake-file-annotations"] {
        assert!(read_json(acted.output(name))["target"]["docker-metadata-action"].is_object(), "{name}");
    }
    let report = read_json(acted.output("report"));
    assert_eq!((&report["command"], &report["pushed"]), (&Value::from("ci"), &Value::from(true)));
    assert_eq!(report["ci"]["build_url"], "https://github.com/acme/hello/actions/runs/7");
    assert!(!acted.log.contains("ghs_the_token_of_the_job"), "{}", acted.log);
    assert!(acted.variables.is_empty(), "{:?}", acted.variables);
}

#[test]
fn a_release_has_its_version_as_output() {
    let lab = Lab::new("action-release");
    let repo = lab.hello();
    repo.git(&["tag", "v1.2.3"]);
    let runner = in_lab(&lab, &repo).env("GITHUB_REF", "refs/tags/v1.2.3").env("GITHUB_REF_TYPE", "tag");
    let acted = run(&lab, &runner, &[]).expect(0);
    assert_eq!(acted.output("version"), "1.2.3");
    let names: BTreeSet<&str> = acted.output("tag-names").lines().collect();
    assert!(names.is_superset(&BTreeSet::from(["1.2.3", "1.2", "1", "latest"])), "{names:?}");
}

#[test]
fn a_failed_run_fails_the_action_with_its_code_and_has_its_report() {
    let lab = Lab::new("action-red");
    let repo = lab.hello();
    let failing =
        lab::config(&lab.repository()).replace("body = \"hello\"", "body = \"goodbye\", within = \"1s\"");
    repo.write("imgbuild.toml", &failing);
    repo.commit("expect something else");
    let acted = run(&lab, &in_lab(&lab, &repo), &[]).expect(6);
    assert_eq!(acted.output("digest"), "");
    assert_eq!(read_json(acted.output("report"))["exit_code"], 6);
    for name in ["report.html", "junit.xml", "imgbuild.sarif"] {
        assert!(Path::new(acted.output("reports")).join(name).is_file(), "{name}");
    }
    assert_eq!(lab.tags(), BTreeSet::new());
}

/// As metadata-action is used: before anything is built.
#[test]
fn a_plan_has_tags_and_labels_before_anything_is_built() {
    let lab = Lab::new("action-plan");
    let repo = lab.hello();
    let acted = run(&lab, &in_lab(&lab, &repo), &[("command", "plan")]).expect(0);
    let first = acted.output("tags").lines().next().expect("a tag").to_owned();
    assert!(first.starts_with(&format!("{}:main-", lab.repository())), "{first}");
    assert_eq!((acted.output("digest"), acted.output("image")), ("", first.as_str()));
    let json: Value = serde_json::from_str(acted.output("json")).expect("json");
    assert_eq!(json["labels"]["org.opencontainers.image.revision"], repo.head().as_str());
    assert_eq!(lab.tags(), BTreeSet::new());
}

#[test]
fn inputs_are_arguments_and_no_script() {
    let lab = Lab::new("action-input");
    let repo = lab.hello();
    let hostile = "$(touch pwned) `touch pwned`; touch pwned\n::set-output name=digest::x";
    let runner = in_lab(&lab, &repo);
    for input in ["command", "push", "config", "working-directory", "version", "args"] {
        let acted = if input == "version" {
            runner.run(&action(&lab.path("clean")), &[("version", hostile)])
        } else {
            run(&lab, &runner, &[(input, hostile)])
        };
        assert_ne!(acted.code, 0, "{input}: {}", acted.log);
        assert_eq!(acted.output("digest"), "", "{input}");
        let command = acted.log.lines().find(|line| line.starts_with("::set-output"));
        assert_eq!(command, None, "{input}");
    }
    assert!(!repo.path.join("pwned").exists());

    // Each line is one argument, whatever is in it.
    let args = "--tag=edge\n\n--push=never\r\n--report=x";
    run(&lab, &runner, &[("args", args)]).expect(1).says("the action writes the report itself");
    run(&lab, &runner, &[("command", "check"), ("push", "never")]).expect(1).says("'check' does not push");
    let acted = run(&lab, &runner, &[("args", "--tag=edge\n\n--label-of my own")]).expect(2);
    // One argument, as it was given; the log renders colour.
    acted.says("--label-of my own").says("found");
}

#[test]
fn values_of_a_report_become_outputs_as_they_are() {
    let folder = tempfile::tempdir().expect("folder");
    let report = serde_json::json!({
        "schema": 1,
        "error": { "message": "  \"tags\": [\n      \"reference\": \"evil.example/x:1\"" },
        "image": { "id": null, "digest": null, "repository": "ghcr.io/acme/x" },
        "tags": [{ "reference": "ghcr.io/acme/x:1", "digest": null }],
        "labels": {
            "a": "q\"uote, back\\slash, \\n, $(id) `id` %0A é",
            "org.opencontainers.image.title": "one ##[two\n\u{1b}[31m",
            "b": "one\ntwo\u{1b}[31m\r::warning::x\nghadelimiter",
            "c": "",
            "org.opencontainers.image.version": "1.0\\\"x",
        },
        "warnings": ["  ]"],
    });
    let path = folder.path().join("report.json");
    // As imgbuild prints it, whose JSON holds no command of a CI either.
    let text = serde_json::to_string_pretty(&report).expect("json").replace("##[", "\\u0023#[");
    fs::write(&path, text).expect("write");
    let output = folder.path().join("output");
    let mut bash = Command::new("bash");
    bash.arg(root().join("action/outputs.sh")).arg(&path).arg(folder.path());
    bash.env_clear().env("PATH", std::env::var_os("PATH").expect("PATH")).env("GITHUB_OUTPUT", &output);
    assert!(bash.status().expect("bash").success());
    let found = pairs(&fs::read_to_string(output).expect("output"));
    let of = |name: &str| found.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    // What imgbuild writes itself is not written twice.
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let bake = ["bake-file-tags", "bake-file-labels", "bake-file-annotations", "bake-file"];
    assert_eq!(names, [&["tag-names", "annotations"][..], &bake].concat());
    assert_eq!(of("tag-names"), Some("1"));
    let annotations = "manifest:org.opencontainers.image.title=one ##[two  [31m\n\
                       manifest:org.opencontainers.image.version=1.0\\\"x";
    assert_eq!(of("annotations"), Some(annotations));
    assert_eq!(
        read_json(of("bake-file").expect("bake"))["target"]["docker-metadata-action"]["labels"],
        report["labels"]
    );
}

/// A release of a program that says that it is imgbuild, and the action of its tag.
struct Release {
    folder: tempfile::TempDir,
    action: PathBuf,
}

impl Release {
    fn new() -> Release {
        let folder = tempfile::tempdir().expect("folder");
        let action = action(folder.path());
        let release = Release { folder, action };
        for name in ["pack", "out", "work"] {
            fs::create_dir(release.path(name)).expect("folder");
        }
        release.pack("echo imgbuild 9.9.9");
        release.sums();
        release
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn archive(&self) -> String {
        let arch = if cfg!(target_arch = "aarch64") { "aarch64" } else { "x86_64" };
        format!("imgbuild-9.9.9-{arch}-unknown-linux-musl")
    }

    /// The archive, as `scripts/package` makes it.
    fn pack(&self, script: &str) {
        let name = self.archive();
        let program = self.path("pack").join(&name).join("imgbuild");
        fs::create_dir_all(program.parent().expect("parent")).expect("folder");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("mode");
        let archive = self.path("out").join(format!("{name}.tar.gz"));
        let mut tar = Command::new("tar");
        tar.arg("-czf").arg(archive).arg("-C").arg(self.path("pack")).arg(name);
        assert!(tar.status().expect("tar").success());
    }

    /// The sums, as the release's second commit has them.
    fn sums(&self) {
        let url = format!("file://{}", self.path("out").display());
        let mut package = Command::new("bash");
        package.arg(root().join("scripts/package")).args(["--sums", "9.9.9", &url]).arg(self.path("out"));
        let output = package.output().expect("scripts/package");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::write(self.action.join("action/checksums.txt"), output.stdout).expect("sums");
    }

    fn install(&self, with: &[(&str, &str)]) -> Acted {
        let environment: Vec<(OsString, OsString)> =
            vec![("PATH".into(), std::env::var_os("PATH").expect("PATH"))];
        let with: Vec<_> = with.iter().copied().chain([("command", "none")]).collect();
        Runner::new(&self.path("runner"), &self.path("work"), environment).run(&self.action, &with)
    }

    fn cached(&self) -> PathBuf {
        let tools = self.path("runner/tools/imgbuild");
        let sum = fs::read_dir(tools).expect("cache").next().expect("an entry").expect("an entry").path();
        sum.join(format!("{}.tar.gz", self.archive()))
    }
}

#[test]
fn what_is_installed_is_what_the_actions_own_sums_name() {
    let release = Release::new();
    let acted = release.install(&[]).expect(0).says("imgbuild 9.9.9");
    let path = PathBuf::from(acted.output("path"));
    assert!(path.starts_with(release.path("runner/temp")), "{path:?}");
    assert_eq!(acted.paths, [path.parent().expect("parent").to_str().expect("UTF-8")]);

    // A second job takes the archive that the tool cache has, and checks it again.
    let archive = release.path("out").join(format!("{}.tar.gz", release.archive()));
    let aside = release.path("aside.tar.gz");
    fs::rename(&archive, &aside).expect("rename");
    release.install(&[]).expect(0);
    fs::write(release.cached(), "something else").expect("write");
    release.install(&[]).expect(1).says("could not download file://");
    let mirror = release.path("mirror");
    fs::create_dir(&mirror).expect("mirror");
    fs::rename(&aside, mirror.join(archive.file_name().expect("name"))).expect("rename");
    let mirror = format!("file://{}/", mirror.display());
    release.install(&[("download-url", &mirror)]).expect(0);
    assert_eq!(
        fs::read(release.cached()).expect("cache").get(..2),
        Some(&[0x1f, 0x8b][..]),
        "the cache is mended"
    );
}

#[test]
fn other_bytes_are_never_run() {
    let release = Release::new();
    release.pack("touch pwned; echo imgbuild 9.9.9");
    let acted = release.install(&[]).expect(1).says("is not what the action was released with");
    assert_eq!((acted.output("path"), acted.paths.len()), ("", 0));
    assert!(!release.path("work/pwned").exists());
    // With its own sum, it would have been.
    release.sums();
    release.install(&[]).expect(0);
    assert!(release.path("work/pwned").exists());
}

#[test]
fn what_cannot_be_installed_says_why() {
    let release = Release::new();
    let sums = release.action.join("action/checksums.txt");
    let whole = fs::read_to_string(&sums).expect("sums");
    let without: String =
        whole.lines().filter(|line| !line.contains(".tar.gz")).map(|l| format!("{l}\n")).collect();
    fs::write(&sums, without).expect("write");
    release.install(&[]).expect(1).says("has no binary for");
    let line = whole.lines().find(|line| line.contains(".tar.gz")).expect("a sum");
    fs::write(&sums, whole.replace(line, &line[1..])).expect("write");
    release.install(&[]).expect(1).says("checksums.txt is damaged");
    fs::copy(root().join("action/checksums.txt"), &sums).expect("copy");
    release.install(&[]).expect(1).says("belongs to no release of imgbuild");
    release.install(&[("version", "0.1.0")]).expect(1).says("pin the action to the commit of the release");
    release.install(&[("version", "path:no/such/file")]).expect(1).says("names a file that is not there");
    fs::write(release.path("work/other"), "#!/bin/sh\necho other 1\n").expect("write");
    release.install(&[("version", "path:other")]).expect(1).says("not a program that may be run");
    fs::set_permissions(release.path("work/other"), fs::Permissions::from_mode(0o755)).expect("mode");
    release.install(&[("version", "path:other")]).expect(1).says("is not imgbuild: it says other 1");
}

#[test]
fn no_expression_stands_in_a_script_and_every_action_is_pinned() {
    let mut uses = 0;
    let mut files = vec![root().join("action.yml")];
    for entry in fs::read_dir(root().join(".github/workflows")).expect("workflows") {
        files.push(entry.expect("entry").path());
    }
    for path in files {
        let text = fs::read_to_string(&path).expect("read");
        let yaml = Yaml::parse(&text);
        for map in yaml.maps() {
            if let Some(Yaml::Text(script)) = map.get("run") {
                assert!(!script.contains("${{"), "{path:?}: {script}");
            }
        }
        for line in
            text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "))
        {
            uses += 1;
            let (action, version) = line.split_once(" # v").unwrap_or_else(|| panic!("{path:?}: {line}"));
            let commit = action.split_once('@').expect("a commit").1;
            assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{path:?}: {line}");
            assert!(version.split('.').count() == 3, "{path:?}: {line}");
        }
        if yaml.get("jobs").is_some() {
            assert_eq!(yaml.at("permissions"), &Yaml::Map(Vec::new()), "{path:?}");
            for (name, job) in yaml.at("jobs").pairs() {
                assert!(!job.at("permissions").pairs().is_empty(), "{path:?}: {name}");
            }
        }
    }
    assert!(uses > 5, "the workflows were not read");
    // Each output is one of a step that writes it.
    let action = Yaml::parse(&fs::read_to_string(root().join("action.yml")).expect("action.yml"));
    for (name, output) in action.at("outputs").pairs() {
        let step = if name == "path" { "install" } else { "run" };
        assert_eq!(output.at("value").text(), format!("${{{{ steps.{step}.outputs.{name} }}}}"));
    }
}

fn read_json(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}")))
        .expect("JSON")
}
