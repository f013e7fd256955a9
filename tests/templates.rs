//! The templates: every one is documented and passes `imgbuild check`, those whose base is here build and verify, and the
//! shell steps of the pipelines run.

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::lab::{Lab, Repo};
use support::templates;
use support::yaml::Yaml;

/// Files that the Dockerfiles copy, by language.
const SOURCES: [(&str, &[&str]); 8] = [
    ("go", &["go.mod", "go.sum", "cmd/hello/main.go"]),
    ("rust", &["Cargo.toml", "Cargo.lock", "src/main.rs"]),
    ("node", &["package.json", "package-lock.json", "server.js"]),
    ("python", &["requirements.txt", "hello/__main__.py"]),
    ("java", &["pom.xml", "src/main/java/Hello.java"]),
    ("dotnet", &["hello.csproj", "packages.lock.json", "Program.cs"]),
    ("static", &["public/index.html", "public/healthz"]),
    ("generic", &["serve"]),
];

/// A repository as the templates leave it.
fn repository(path: &Path, language: &str, values: &[(&str, &str)]) {
    let write = |name: &str, text: &str| {
        let path = path.join(name);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(path, text).expect("write");
    };
    let start = templates::starts().remove(language).unwrap_or_else(|| panic!("no start of {language}"));
    let values: Vec<_> = values.iter().copied().chain([("start", start.as_str())]).collect();
    write("Dockerfile", &templates::filled(&format!("dockerfile/{language}.Dockerfile"), &values));
    write(".dockerignore", &templates::filled("dockerignore", &values));
    write("imgbuild.toml", &templates::filled("imgbuild.toml", &values));
    write("README.md", "A service.\n");
    write(".env", "PASSWORD=hunter2\n");
    write(".gitignore", ".env\n");
    for name in SOURCES.iter().find(|(known, _)| *known == language).expect("sources").1 {
        write(name, "hello\n");
    }
    if language == "generic" {
        let serve = "#!/bin/sh\ntrap 'exit 0' INT TERM\nmkdir -p /tmp/www && echo ok >/tmp/www/healthz\n\
                     httpd -f -p \"$PORT\" -h /tmp/www &\nwait\n";
        write("serve", serve);
        fs::set_permissions(path.join("serve"), fs::Permissions::from_mode(0o755)).expect("mode");
    }
}

#[test]
fn every_placeholder_is_documented_and_every_template_listed() {
    let mut used = BTreeSet::new();
    let readme = templates::read("README.md");
    for name in templates::all() {
        assert!(readme.contains(&format!("]({name}) |")), "{name} is not in the README");
        used.extend(templates::placeholders(&templates::read(&name)).into_iter().map(str::to_owned));
    }
    let documented: BTreeSet<String> = templates::examples().into_keys().collect();
    assert_eq!(used, documented);
    let languages: BTreeSet<String> = templates::starts().into_keys().collect();
    assert_eq!(languages, SOURCES.iter().map(|(language, _)| (*language).to_owned()).collect());
}

#[test]
fn every_dockerfile_passes_the_check() {
    let folder = tempfile::tempdir().expect("folder");
    for (language, _) in SOURCES {
        let path = folder.path().join(language);
        repository(&path, language, &[]);
        let run = |program: &str, arguments: &[&str]| -> Output {
            Command::new(program)
                .args(arguments)
                .current_dir(&path)
                .env_clear()
                .env("PATH", std::env::var_os("PATH").expect("PATH"))
                .env("HOME", folder.path())
                .output()
                .expect("run")
        };
        for arguments in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-q", "-m", "first"]]
        {
            let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
            assert!(
                run("git", &[&identity, arguments].concat()).status.success(),
                "{language}: {arguments:?}"
            );
        }
        let output = run(env!("CARGO_BIN_EXE_imgbuild"), &["check", "--offline", "--format", "json"]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{language}: {}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let codes: BTreeSet<&str> = report["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .map(|f| f["rule"].as_str().expect("rule"))
            .collect();
        // What a tag stands for is for a registry to say.
        assert_eq!(codes, BTreeSet::from(["IMG105"]), "{language}: {text}");
    }
}

/// Builds a template on the tests' base, with all that imgbuild looks at in a running container.
fn builds_and_verifies(language: &str) {
    let lab = Lab::new(language);
    let repo = lab.repo("repo");
    repository(&repo.path, language, &[("repository", &lab.repository())]);
    repo.commit("first");
    let base = format!("BASE={}", lab.base);
    let arguments = ["ci", "--push", "always", "--probes", "full", "--build-arg", &base, "--format", "json"];
    let report = repo.imgbuild(&arguments).expect(0).json();
    let findings: Vec<&Value> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["level"] != "info")
        .collect();
    assert!(findings.is_empty(), "{language}: {findings:#?}");
    assert!(!report["tests"].as_array().expect("tests").is_empty());
    assert!(!lab.tags().is_empty());
}

#[test]
fn a_static_site_builds_and_verifies() {
    builds_and_verifies("static");
}

#[test]
fn a_program_of_the_repository_builds_and_verifies() {
    builds_and_verifies("generic");
}

/// A repository with the static site, whose base is the lab's.
fn site(lab: &Lab) -> Repo<'_> {
    let repo = lab.repo("repo");
    repository(&repo.path, "static", &[("repository", &lab.repository())]);
    let file = fs::read_to_string(repo.path.join("Dockerfile")).expect("Dockerfile");
    repo.write("Dockerfile", &file.replace("busybox:1.37", &lab.base));
    repo.commit("first");
    repo
}

/// Runs a step's script as an agent does: `sh` with imgbuild on PATH, in the checked-out repository.
fn step(lab: &Lab, repo: &Repo<'_>, script: &str, environment: &[(&str, String)]) {
    let folder = Path::new(env!("CARGO_BIN_EXE_imgbuild")).parent().expect("folder");
    let mut path = folder.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").expect("PATH"));
    let mut command = Command::new("sh");
    command.args(["-xec", script]).current_dir(&repo.path).stdin(Stdio::null());
    command.env_clear().envs(lab.environment()).env("PATH", path);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let output = command.output().expect("sh");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{}\n{error}", String::from_utf8_lossy(&output.stdout));
}

fn left_reports(repo: &Repo<'_>) -> Value {
    let read = |name: &str| fs::read_to_string(repo.path.join("imgbuild-report").join(name)).expect(name);
    assert!(read("junit.xml").contains("<testsuite"));
    let report: Value = serde_json::from_str(&read("report.json")).expect("report");
    assert_eq!(report["exit_code"], 0);
    report
}

/// The scripts of a Jenkinsfile's `sh` steps: Groovy strings in which nothing is replaced.
fn sh_steps(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("sh '") {
        let (script, behind) = match after.strip_prefix("''") {
            Some(after) => after.split_once("'''"),
            None => after.split_once('\''),
        }
        .expect("a string that ends");
        assert!(!script.contains('\\'), "an escape: {script}");
        found.push(script.to_owned());
        rest = behind;
    }
    assert!(!text.contains("sh \""), "Groovy would replace variables in it: {text}");
    found
}

/// What Jenkins says of a build of `main`.
fn jenkins(repo: &Repo<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("JENKINS_URL", "https://ci.example.com/".to_owned()),
        ("BUILD_URL", "https://ci.example.com/job/hello/7/".to_owned()),
        ("BUILD_NUMBER", "7".to_owned()),
        ("JOB_NAME", "hello/main".to_owned()),
        ("BRANCH_NAME", "main".to_owned()),
        ("BRANCH_IS_PRIMARY", "true".to_owned()),
        ("GIT_COMMIT", repo.head()),
        ("GIT_URL", "https://github.com/acme/hello.git".to_owned()),
    ]
}

#[test]
fn the_steps_of_the_jenkinsfile_run() {
    let lab = Lab::new("jenkinsfile");
    let repo = site(&lab);
    let steps = sh_steps(&templates::filled("jenkins/Jenkinsfile", &[]));
    assert_eq!(steps.len(), 1);
    for script in &steps {
        step(&lab, &repo, script, &jenkins(&repo));
    }
    let report = left_reports(&repo);
    assert_eq!(report["ci"]["provider"], "jenkins");
    assert_eq!(report["pushed"], true, "{}", report["not_pushed_because"]);
    assert!(lab.tags().contains("main"), "{:?}", lab.tags());
}

#[test]
fn the_step_of_the_shared_library_takes_arguments_as_they_are() {
    let lab = Lab::new("library");
    let repo = site(&lab);
    let steps = sh_steps(&templates::filled("jenkins/vars/imgbuild.groovy", &[]));
    let [script] = &steps[..] else { panic!("{steps:?}") };
    let mut environment = jenkins(&repo);
    let arguments = "--push=never\n--tag=edge\n--build-arg\nUNUSED=$(touch pwned) `touch pwned`  two";
    environment.extend([
        ("STEP_COMMAND", "ci".to_owned()),
        ("STEP_ARGS", arguments.to_owned()),
        ("STEP_REPORTS", "imgbuild-report".to_owned()),
    ]);
    // An argument that the Dockerfile does not declare is refused, with its name.
    repo.write(
        "Dockerfile",
        &fs::read_to_string(repo.path.join("Dockerfile")).expect("read").replace("COPY", "ARG UNUSED\nCOPY"),
    );
    repo.commit("an argument");
    environment.retain(|(name, _)| *name != "GIT_COMMIT");
    environment.push(("GIT_COMMIT", repo.head()));
    step(&lab, &repo, script, &environment);
    assert!(!repo.path.join("pwned").exists());
    let report = left_reports(&repo);
    assert_eq!(report["pushed"], false);
}

/// The values of a map's keys as texts.
fn texts(map: &Yaml) -> BTreeMap<&str, String> {
    map.pairs().iter().map(|(key, value)| (key.as_str(), value.text().to_owned())).collect()
}

#[test]
fn the_job_of_gitlab_runs() {
    let lab = Lab::new("gitlab");
    let repo = site(&lab);
    let file = Yaml::parse(&templates::filled("gitlab/gitlab-ci.yml", &[]));
    let job = file.at("build-image");
    let mut environment: Vec<(&str, String)> = vec![
        ("CI", "true".to_owned()),
        ("GITLAB_CI", "true".to_owned()),
        ("CI_COMMIT_SHA", repo.head()),
        ("CI_COMMIT_BRANCH", "main".to_owned()),
        ("CI_DEFAULT_BRANCH", "main".to_owned()),
        ("CI_PROJECT_URL", "https://gitlab.com/acme/hello".to_owned()),
        ("CI_PROJECT_PATH", "acme/hello".to_owned()),
        ("CI_PIPELINE_URL", "https://gitlab.com/acme/hello/-/pipelines/7".to_owned()),
    ];
    // The engine of the tests listens elsewhere.
    environment.extend(texts(job.at("variables")).into_iter().filter(|(name, _)| *name != "DOCKER_HOST"));
    for script in job.at("script").items() {
        step(&lab, &repo, script.text(), &environment);
    }
    let report = left_reports(&repo);
    assert_eq!(report["pushed"], true, "{}", report["not_pushed_because"]);
    for (kind, path) in job.at("artifacts").at("reports").pairs() {
        assert!(repo.path.join(path.text()).is_file(), "{kind}");
    }
}

#[test]
fn the_step_of_buildkite_runs() {
    let lab = Lab::new("buildkite");
    let repo = site(&lab);
    let file = Yaml::parse(&templates::filled("buildkite/pipeline.yml", &[]));
    let [item] = file.at("steps").items() else { panic!("{file:?}") };
    let environment = [
        ("CI", "true".to_owned()),
        ("BUILDKITE", "true".to_owned()),
        ("BUILDKITE_BRANCH", "main".to_owned()),
        ("BUILDKITE_COMMIT", repo.head()),
        ("BUILDKITE_PULL_REQUEST", "false".to_owned()),
    ];
    for script in item.at("command").items() {
        step(&lab, &repo, script.text(), &environment);
    }
    left_reports(&repo);
}

#[test]
fn the_task_of_tekton_runs_and_has_its_results() {
    let lab = Lab::new("tekton");
    let repo = site(&lab);
    let file = Yaml::parse(&templates::filled("tekton/task.yaml", &[]));
    let spec = file.at("spec");
    let results = lab.path("results");
    fs::create_dir(&results).expect("results");
    let mut values = BTreeMap::from([("workspaces.source.path".to_owned(), repo.path.display().to_string())]);
    for param in spec.at("params").items() {
        let default = param.get("default").map_or("", Yaml::text);
        values.insert(format!("params.{}", param.at("name").text()), default.to_owned());
    }
    for result in spec.at("results").items() {
        let name = result.at("name").text();
        values.insert(format!("results.{name}.path"), results.join(name).display().to_string());
    }
    for (name, value) in
        [("revision", repo.head()), ("branch", "main".to_owned()), ("push", "always".to_owned())]
    {
        values.insert(format!("params.{name}"), value);
    }
    values.insert("params.docker-host".to_owned(), lab.engine.clone());
    let [item] = spec.at("steps").items() else { panic!("{spec:?}") };
    let script = item.at("script").text();
    assert!(
        !script.contains("$(params") && !script.contains("$(workspaces"),
        "a value in a script: {script}"
    );
    let environment: Vec<(&str, String)> = item
        .at("env")
        .items()
        .iter()
        .map(|pair| {
            let mut value = pair.at("value").text().to_owned();
            for (name, known) in &values {
                value = value.replace(&format!("$({name})"), known);
            }
            // An optional workspace that is not given has no path.
            (pair.at("name").text(), value.replace("$(workspaces.dockerconfig.path)", ""))
        })
        .collect();
    for (name, value) in &environment {
        assert!(!value.contains("$("), "{name} is {value}");
    }
    step(&lab, &repo, script, &environment);
    let report = left_reports(&repo);
    let result = |name: &str| fs::read_to_string(results.join(name)).expect(name);
    assert_eq!(result("IMAGE_DIGEST"), report["image"]["digest"].as_str().expect("digest"));
    assert_eq!(result("IMAGE_URL"), lab.repository());
}

/// Each names files and plugins of others; these are the words that they must have.
#[test]
fn pipelines_name_nothing_that_moves() {
    let github = Yaml::parse(&templates::filled("github/image.yml", &[]));
    assert_eq!(github.at("permissions"), &Yaml::Map(Vec::new()));
    let text = templates::filled("github/image.yml", &[]);
    for line in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
        let (action, version) = line.split_once(" # v").unwrap_or_else(|| panic!("{line}"));
        assert_eq!(action.split_once('@').map(|(_, commit)| commit.len()), Some(40), "{line}");
        assert_eq!(version.split('.').count(), 3, "{line}");
    }
    for name in ["github/image.yml", "gitlab/gitlab-ci.yml", "buildkite/pipeline.yml", "tekton/task.yaml"] {
        assert!(!templates::read(name).contains(":latest"), "{name}");
    }
}
