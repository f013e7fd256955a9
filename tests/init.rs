//! `imgbuild init`, in real repositories: what a newcomer sees, what is written, and what stays as it is.

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::ran::Ran;
use support::templates;
use support::yaml::Yaml;

const ACTION: &str = "acme/imgbuild@4b825dc642cb6eb9a060e54bf8d69288fbee4904 # v0.1.0";
const IMAGE: &str = "ghcr.io/acme/imgbuild:0.1.0";

/// A repository in a folder of its own, with an environment that has nothing of the user's.
struct Repo {
    folder: tempfile::TempDir,
    path: PathBuf,
    variables: Vec<(&'static str, &'static str)>,
}

impl Repo {
    /// One without a commit, called `hello`.
    fn new() -> Repo {
        let folder = tempfile::Builder::new().prefix("imgbuild-init-").tempdir().expect("tempdir");
        fs::create_dir(folder.path().join("home")).expect("home");
        let path = folder.path().join("hello");
        fs::create_dir(&path).expect("repo");
        let repo = Repo { folder, path, variables: Vec::new() };
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// A service in Go whose remote is on GitHub, as a newcomer has it.
    fn go() -> Repo {
        let repo = Repo::new();
        repo.write("go.mod", "module github.com/acme/hello\n");
        repo.write("go.sum", "");
        repo.write("cmd/hello/main.go", "package main\n");
        repo.git(&["remote", "add", "origin", "git@github.com:acme/hello.git"]);
        repo.commit();
        repo
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(path, text).expect("write");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn command(&self, folder: &Path, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("PATH"))
            .env("HOME", self.folder.path().join("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", self.folder.path())
            .env("LC_ALL", "C.UTF-8")
            .envs(self.variables.iter().copied())
            .stdin(Stdio::null());
        command
    }

    fn run_in(&self, folder: &Path, program: &str, arguments: &[&str]) -> Ran {
        let output = self.command(folder, program, arguments).output().expect("run");
        Ran::of(&output)
    }

    fn git(&self, arguments: &[&str]) -> Ran {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
        self.run_in(&self.path, "git", &[&identity, arguments].concat()).expect(0)
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "a commit"]);
    }

    fn imgbuild(&self, arguments: &[&str]) -> Ran {
        self.run_in(&self.path, env!("CARGO_BIN_EXE_imgbuild"), arguments)
    }

    /// `imgbuild init` that knows where imgbuild itself is published.
    fn init(&self, arguments: &[&str]) -> Ran {
        let known = ["init", "--action", ACTION, "--imgbuild-image", IMAGE];
        self.imgbuild(&[&known, arguments].concat())
    }

    /// The same on a terminal of 80 columns, at which `input` is typed. All that is shown is on stdout.
    fn at_a_terminal(&self, arguments: &[&str], input: &str) -> Ran {
        let quoted = |word: &&str| format!("'{word}'");
        let known = [env!("CARGO_BIN_EXE_imgbuild"), "init", "--action", ACTION];
        let words: Vec<String> = known.iter().chain(arguments).map(quoted).collect();
        let line = format!("stty cols 80 rows 40; exec {}", words.join(" "));
        let mut child = self
            .command(&self.path, "script", &["-qefc", &line, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script");
        child.stdin.take().expect("stdin").write_all(input.as_bytes()).expect("input");
        let output = child.wait_with_output().expect("output");
        let stdout = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
        // What the terminal shows of the end of the input.
        let stdout = stdout.replace("^D\u{8}\u{8}", "");
        Ran { code: output.status.code(), stdout, stderr: String::new() }
    }

    /// Every file and link outside of `.git`, with its content or where it leads.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("folder") {
                let path = entry.expect("entry").path();
                let kind = path.symlink_metadata().expect("metadata").file_type();
                let name = path.strip_prefix(&self.path).expect("below").to_string_lossy().into_owned();
                if name == ".git" {
                    continue;
                }
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_symlink() {
                    found.insert(
                        name,
                        fs::read_link(&path).expect("link").into_os_string().into_encoded_bytes(),
                    );
                } else if kind.is_file() {
                    found.insert(name, fs::read(&path).expect("file"));
                } else {
                    found.insert(name, Vec::new());
                }
            }
        }
        found
    }

    /// The names of the files that are there and were not in `before`; all that was there is the same.
    fn new_since(&self, before: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
        let after = self.files();
        for (name, content) in before {
            assert_eq!(after.get(name), Some(content), "{name} has changed");
        }
        after.into_keys().filter(|name| !before.contains_key(name)).collect()
    }

    /// What was written passes its own check, and is a configuration; the codes of the findings.
    fn check(&self) -> BTreeSet<String> {
        self.commit();
        self.imgbuild(&["config"]).expect(0);
        let report = self.imgbuild(&["check", "--offline", "--no-shellcheck", "--format", "json"]).expect(0);
        let report: Value = serde_json::from_str(&report.stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("findings");
        findings.iter().map(|finding| finding["rule"].as_str().expect("rule").to_owned()).collect()
    }
}

/// The name of a template, files of a repository that is written so, and further arguments.
type Written = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const LANGUAGES: [Written; 8] = [
    ("go", &[("go.mod", "module x\n"), ("main.go", "package main\n")], &[]),
    (
        "rust",
        &[("Cargo.toml", "[package]\nname = \"hello\"\n"), ("Cargo.lock", ""), ("src/main.rs", "")],
        &[],
    ),
    (
        "node",
        &[("package.json", "{\"main\": \"server.js\"}"), ("package-lock.json", "{}"), ("server.js", "")],
        &[],
    ),
    ("python", &[("requirements.txt", ""), ("hello/__main__.py", "")], &[]),
    ("java", &[("pom.xml", "<project><artifactId>hello</artifactId><version>1.0</version></project>")], &[]),
    ("dotnet", &[("Hello.csproj", ""), ("packages.lock.json", "")], &[]),
    ("static", &[("public/index.html", "<p>")], &[]),
    ("generic", &[("serve", "#!/bin/sh\n")], &["--language", "generic", "--start", "serve"]),
];

#[test]
fn a_newcomer_sees_a_diff_and_what_to_know() {
    let repo = Repo::go();
    let seen = repo.at_a_terminal(&["--yes"], "").expect(0).stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/init/go-on-github.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(&path, &seen).expect("write");
    }
    let wanted = fs::read_to_string(&path).expect("golden");
    assert_eq!(seen, wanted, "run UPDATE=1 cargo test --test init newcomer, and look at what changed");
    // What is in the files is the templates' own.
    for line in seen.lines().filter(|line| !line.starts_with('+')) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for (name, template) in [
        ("Dockerfile", "dockerfile/go.Dockerfile"),
        (".dockerignore", "dockerignore"),
        (".github/workflows/image.yml", "github/image.yml"),
    ] {
        let values = [("start", "./cmd/hello"), ("action", ACTION)];
        assert_eq!(repo.read(name), templates::filled(template, &values), "{name}");
    }
}

#[test]
fn what_is_written_for_every_language_passes_the_check() {
    let known: BTreeSet<String> = templates::starts().into_keys().collect();
    assert_eq!(known, LANGUAGES.iter().map(|(language, ..)| (*language).to_owned()).collect());
    for (language, files, arguments) in LANGUAGES {
        let repo = Repo::new();
        files.iter().for_each(|(name, text)| repo.write(name, text));
        repo.init(&[&["--yes", "--ci", "none"], arguments].concat()).expect(0);
        assert_eq!(repo.files().len(), files.len() + 3, "{language}");
        for (name, content) in repo.files() {
            let text = String::from_utf8(content).expect("UTF-8");
            assert_eq!(templates::placeholders(&text), Vec::<&str>::new(), "{language}: {name}");
        }
        // What a tag stands for is for a registry to say.
        let found = repo.check();
        assert!(found.is_subset(&BTreeSet::from(["IMG105".to_owned()])), "{language}: {found:?}");
    }
}

#[test]
fn what_is_written_for_every_ci_is_its_template_and_passes_the_check() {
    for (ci, path, template) in [
        ("github", ".github/workflows/image.yml", "github/image.yml"),
        ("gitlab", ".gitlab-ci.yml", "gitlab/gitlab-ci.yml"),
        ("jenkins", "Jenkinsfile", "jenkins/Jenkinsfile"),
        ("buildkite", ".buildkite/pipeline.yml", "buildkite/pipeline.yml"),
        ("tekton", ".tekton/imgbuild.yaml", "tekton/task.yaml"),
    ] {
        let repo = Repo::go();
        repo.init(&["--yes", "--ci", ci]).expect(0).says(&format!("+++ b/{path}\n"));
        let values = [("action", ACTION), ("imgbuild-image", IMAGE)];
        assert_eq!(repo.read(path), templates::filled(template, &values), "{ci}");
        assert_eq!(repo.check(), BTreeSet::from(["IMG105".to_owned()]), "{ci}");
        repo.init(&["--yes"]).expect(0).says("nothing is missing").does_not_say("+++");
    }
}

/// Somebody who types no more than `imgbuild init`, with a build that nobody published: what is written is a pipeline, runs
/// nothing of a stranger's, and says what to fill in; once and again, until that was done.
#[test]
fn a_pipeline_without_an_address_is_valid_and_says_what_to_fill_in() {
    let is_published = !env!("CARGO_PKG_REPOSITORY").is_empty();
    for (ci, path, place) in [
        ("github", ".github/workflows/image.yml", Some("uses: fill-in.invalid/imgbuild@")),
        ("gitlab", ".gitlab-ci.yml", Some("image: fill-in.invalid/imgbuild:")),
        ("tekton", ".tekton/imgbuild.yaml", Some("image: fill-in.invalid/imgbuild:")),
        ("buildkite", ".buildkite/pipeline.yml", None),
        ("jenkins", "Jenkinsfile", None),
    ] {
        let place = place.filter(|_| !is_published);
        let repo = Repo::go();
        let ran = repo.imgbuild(&["init", "--yes", "--ci", ci]).expect(0);
        let text = repo.read(path);
        assert_eq!(templates::placeholders(&text), Vec::<&str>::new(), "{ci}");
        if path != "Jenkinsfile" {
            assert!(!Yaml::parse(&text).pairs().is_empty(), "{ci}");
        }
        repo.check();
        let is_told =
            |text: &str| text.replace("\n      ", " ").contains("has a place to fill in, fill-in.invalid");
        assert_eq!(is_told(&ran.stderr), place.is_some(), "{ci}: {}", ran.stderr);
        let again = repo.imgbuild(&["init", "--yes"]).expect(0).says("nothing is missing");
        assert_eq!(is_told(&again.stderr), place.is_some(), "{ci}: {}", again.stderr);
        if let Some(place) = place {
            let line = text.lines().find(|line| line.contains(place)).expect("a place");
            assert!(line.contains("# FILL IN: "), "{line}");
            repo.write(path, &text.replace("fill-in.invalid", "acme"));
            let filled = repo.imgbuild(&["init", "--yes"]).expect(0);
            assert!(!is_told(&filled.stderr), "{ci}: {}", filled.stderr);
        }
    }
}

#[test]
fn a_second_run_changes_nothing_and_passes() {
    let repo = Repo::go();
    repo.init(&["--yes"])
        .expect(0)
        .says("wrote Dockerfile, .dockerignore, imgbuild.toml, .github/workflows/image.yml");
    let before = repo.files();
    for arguments in [&[][..], &["--yes"], &["--dry-run"]] {
        let ran = repo.init(arguments).expect(0).says("nothing is missing");
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
    assert_eq!(repo.new_since(&before), Vec::<String>::new());
}

#[test]
fn without_a_terminal_nothing_is_written_unless_it_is_asked_for() {
    for variables in [&[][..], &[("CI", "true"), ("GITHUB_ACTIONS", "true")]] {
        let mut repo = Repo::go();
        repo.variables = variables.to_vec();
        let before = repo.files();
        repo.init(&[])
            .expect(2)
            .says("+++ b/imgbuild.toml")
            .says("nothing was written")
            .says("--yes writes it");
        repo.init(&["--dry-run"]).expect(0).says("+++ b/imgbuild.toml").says("nothing was written");
        assert_eq!(repo.new_since(&before), Vec::<String>::new());
        let quiet = repo.init(&["--yes", "--quiet"]).expect(0);
        assert_eq!(quiet.stderr, "");
        assert_eq!(repo.new_since(&before).len(), 4);
    }
    let repo = Repo::go();
    repo.init(&["--yes", "--dry-run"]).expect(2);
}

#[test]
fn at_a_terminal_it_asks() {
    for (answer, files) in [("n\n", 0), ("\n", 0), ("y\n", 4)] {
        let repo = Repo::go();
        let before = repo.files();
        let ran = repo.at_a_terminal(&[], answer).expect(0).says("write this? [y/N]");
        assert_eq!(ran.stdout.contains("nothing was written"), files == 0, "{}", ran.stdout);
        assert_eq!(repo.new_since(&before).len(), files, "{answer:?}");
    }
}

#[test]
fn programs_get_json() {
    let repo = Repo::go();
    let json = |ran: Ran| serde_json::from_str::<Value>(&ran.stdout).expect("one document");
    let shown = json(repo.init(&["--dry-run", "--format", "json"]).expect(0));
    assert_eq!(shown["written"], false);
    assert_eq!(shown["files"].as_array().expect("files").len(), 4);
    let written = json(repo.init(&["--yes", "--format", "json"]).expect(0));
    assert_eq!((&written["written"], &written["files"]), (&Value::Bool(true), &shown["files"]));
    for file in shown["files"].as_array().expect("files") {
        assert_eq!(
            repo.read(file["path"].as_str().expect("path")),
            file["content"].as_str().expect("content")
        );
    }
    assert_eq!(json(repo.init(&["--format", "json"]).expect(0))["files"], Value::Array(Vec::new()));
}

#[test]
fn what_is_there_stays_and_what_to_add_is_shown() {
    let repo = Repo::go();
    repo.write(".gitlab-ci.yml", "test:\n  script: [make]\n");
    repo.write("Dockerfile", "FROM alpine:3.22\nEXPOSE 9000/udp 8443/tcp\nUSER 1000\nCMD [\"x\"]\n");
    repo.write(".dockerignore", ".git\n");
    repo.commit();
    let before = repo.files();
    repo.init(&["--yes", "--ci", "gitlab"])
        .expect(0)
        .says(".gitlab-ci.yml is there and stays as it is; add to it:\n  build-image:\n    stage: build\n")
        .does_not_say("+++ b/.gitlab-ci.yml");
    assert_eq!(repo.new_since(&before), ["imgbuild.toml"]);
    assert!(repo.read("imgbuild.toml").contains("ready = { port = 8443, within = \"30s\" }"));
    repo.init(&["--ci", "gitlab", "--image", "ghcr.io/a/b", "--port", "9000"])
        .expect(0)
        .says("no file is missing")
        .says("add to it")
        .says("the Dockerfile is there and stays as it is: --port changes nothing")
        .says("imgbuild.toml is there and stays as it is: --image changes nothing");
}

#[test]
fn bake_and_test_files_are_taken_along() {
    let repo = Repo::new();
    repo.write("services/api/Dockerfile.prod", "FROM alpine:3.22 AS base\nARG V\nFROM base AS runtime\nHEALTHCHECK CMD true\nUSER 1000\nCOPY target/app /app\nCMD [\"/app\"]\n");
    repo.write("services/api/target/app", "x");
    repo.write(
        "docker-bake.hcl",
        "variable \"TAG\" { default = \"x\" }\ntarget \"api\" {\n  context = \"services/api\"\n  dockerfile = \"Dockerfile.prod\"\n  target = \"runtime\"\n  args = { V = \"1.10\", GONE = \"1\", API_TOKEN = \"hunter2\" }\n  platforms = [\"linux/amd64\"]\n  tags = [\"quay.io/acme/api:${TAG}\", \"quay.io/acme/api:1\"]\n  secret = [\"id=x\"]\n}\n",
    );
    repo.write("compose.yaml", "services:\n  api: {build: .}\n");
    repo.write("tests/goss.yaml", "file:\n  /app: {exists: true}\n");
    repo.write(
        "tests/structure-test.yaml",
        "schemaVersion: 2.0.0\nfileExistenceTests:\n- {name: app, path: /app, shouldExist: true}\n",
    );
    repo.commit();
    let ran = repo.init(&["--yes"]).expect(0).does_not_say("hunter2");
    for left in [
        "variable TAG",
        "args.GONE (the Dockerfile declares no such ARG)",
        "args.API_TOKEN (it may be a secret",
        "tags (not all are plain values)",
        "secret",
        "compose.yaml, service api: nothing is taken over",
        "services/api/.dockerignore does not have **/target",
        "no CI is set up",
    ] {
        assert!(ran.stderr.contains(left), "{left}: {}", ran.stderr);
    }
    let wanted = "schema = 1\n\n[image]\nrepository = \"quay.io/acme/api\"\ncontext = \"services/api\"\n\
                  dockerfile = \"services/api/Dockerfile.prod\"\ntarget = \"runtime\"\nplatform = \"linux/amd64\"\n\
                  structure-tests = [\"tests/structure-test.yaml\"]\ngoss = [\"tests/goss.yaml\"]\n\n\
                  [image.build]\nargs = { V = \"1.10\" }\n\n[[image.test]]\nname  = \"starts\"\n\
                  ready = { healthcheck = true, within = \"30s\" }\n";
    let written = repo.read("imgbuild.toml");
    assert!(written.ends_with(wanted), "{written}");
    repo.check();
}

#[test]
fn compose_says_how_the_one_service_is_built() {
    let repo = Repo::new();
    repo.write("api/Dockerfile", "FROM alpine:3.22\nARG V\nUSER 1000\nCMD [\"x\"]\n");
    repo.write("compose.yml", "services:\n  db: {image: \"postgres:17\"}\n  api:\n    image: ghcr.io/acme/api:1\n    build: {context: ./api, args: {V: 1.10, W: \"${X}\"}}\n    ports: [\"80:80\"]\n");
    repo.init(&["--yes", "--ci", "none"])
        .expect(0)
        .says("compose.yml, service api: not taken over: args.W (no plain value)")
        .says("ports (how it runs");
    let written = repo.read("imgbuild.toml");
    for line in ["repository = \"ghcr.io/acme/api\"", "context = \"api\"", "args = { V = \"1.10\" }"] {
        assert!(written.contains(line), "{line}: {written}");
    }
    assert!(!written.contains("dockerfile"), "{written}");
    repo.check();
}

#[test]
fn several_dockerfiles_need_a_choice() {
    let repo = Repo::go();
    repo.write("a/Dockerfile", "FROM alpine:3.22\nUSER 1000\nCMD [\"x\"]\n");
    repo.write("b/Dockerfile", "FROM alpine:3.22\nUSER 1000\nCMD [\"x\"]\n");
    let before = repo.files();
    repo.init(&["--yes"]).expect(2).says("a/Dockerfile, b/Dockerfile").says("--dockerfile");
    assert_eq!(repo.new_since(&before), Vec::<String>::new());
    repo.init(&["--yes", "-f", "b/Dockerfile"]).expect(0);
    assert!(repo.read("imgbuild.toml").contains("dockerfile = \"b/Dockerfile\""));
    repo.check();
}

#[test]
fn where_no_image_can_be_made_it_says_why() {
    let repo = Repo::new();
    repo.init(&["--yes"]).expect(4).says("nothing at the root says what the repository is written in");
    repo.write("package.json", "{}");
    repo.init(&["--yes"]).expect(4).says("package-lock.json").says("npm install --package-lock-only");
    repo.write("Dockerfile", "FRM x\n");
    repo.init(&["--yes"]).expect(3).says("the Dockerfile is invalid: line 1");
    for arguments in [
        &["--image", "hello"][..],
        &["--image", "user:pw@ghcr.io/a"],
        &["--port", "80"],
        &["--health-path", "/x'y"],
        &["--start", "a b"],
        &["--credentials", "a'b"],
        &["--action", "x"],
        &["-f", "missing"],
    ] {
        repo.imgbuild(&[&["init", "--yes"], arguments].concat()).expect(2);
    }
    assert_eq!(repo.files().len(), 2);
}

#[test]
fn it_needs_a_repository_with_files_and_no_commit() {
    let repo = Repo::new();
    // No commit, no remote.
    repo.write("public/index.html", "<p>");
    repo.init(&["--dry-run", "--ci", "gitlab"]).expect(0).says("the project's own registry");
    repo.init(&["--yes"]).expect(0).says("nothing says where the image goes").says("no CI is set up");
    assert!(!repo.read("imgbuild.toml").contains("repository ="));
    // From a folder of it, and by its name.
    let repo = Repo::go();
    repo.run_in(&repo.path.join("cmd"), env!("CARGO_BIN_EXE_imgbuild"), &["init", "--yes", "--ci", "none"])
        .expect(0);
    assert!(repo.path.join("imgbuild.toml").exists());
    let repo = Repo::go();
    repo.run_in(
        repo.folder.path(),
        env!("CARGO_BIN_EXE_imgbuild"),
        &["init", "hello/cmd", "--yes", "--ci", "none"],
    )
    .expect(0);
    assert!(repo.path.join("imgbuild.toml").exists());
    // HEAD that is no branch.
    let repo = Repo::go();
    repo.git(&["checkout", "-q", "--detach"]);
    repo.git(&["branch", "-q", "-m", "main", "trunk"]);
    repo.git(&["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk"]);
    repo.init(&["--yes"]).expect(0);
    assert!(repo.read(".github/workflows/image.yml").contains("branches: [trunk]"));
    // None at all, and one without files.
    let outside = repo.folder.path().join("home");
    repo.run_in(&outside, env!("CARGO_BIN_EXE_imgbuild"), &["init"])
        .expect(4)
        .says("is not inside a git repository")
        .says("git init");
    repo.git(&["init", "-q", "--bare", "../bare.git"]);
    repo.run_in(&repo.folder.path().join("bare.git"), env!("CARGO_BIN_EXE_imgbuild"), &["init"])
        .expect(4)
        .says("is bare");
}

#[test]
fn no_login_of_the_remote_gets_anywhere() {
    let repo = Repo::go();
    repo.git(&["remote", "set-url", "origin", "https://me:S3CRET@github.com/acme/hello.git"]);
    repo.init(&["--yes"]).expect(0).does_not_say("S3CRET");
    for (name, content) in repo.files() {
        assert!(!String::from_utf8_lossy(&content).contains("S3CRET"), "{name}");
    }
    assert!(repo.read("imgbuild.toml").contains("repository = \"ghcr.io/acme/hello\""));
}

#[test]
fn names_that_somebody_chose_to_harm_are_quoted_or_refused() {
    let odd = "a\"b'\n::warning::x\u{202e}\u{1b}[31m";
    let repo = Repo::go();
    repo.write(&format!("{odd}/Dockerfile"), "FROM alpine:3.22\nUSER 1000\nCMD [\"x\"]\n");
    repo.write(&format!("{odd}/goss.yaml"), "file:\n  /app: {exists: true}\n");
    repo.git(&["branch", "-q", "-m", "main", "x'$(id)"]);
    let ran = repo.init(&["--yes"]).expect(0).says("not written: the branch");
    for shown in [&ran.stdout, &ran.stderr] {
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        assert!(shown.lines().all(|line| !line.starts_with("::")), "{shown}");
    }
    assert!(!repo.path.join(".github").exists());
    let config = repo.imgbuild(&["config", "--format", "json"]).expect(0);
    let config: Value = serde_json::from_str(&config.stdout).expect("JSON");
    assert!(config.to_string().contains("goss.yaml"), "{config}");
}

#[test]
fn links_and_pipes_are_neither_read_nor_replaced() {
    let outside = tempfile::tempdir().expect("folder");
    fs::write(outside.path().join("secret"), "FROM hunter2\n").expect("secret");
    let repo = Repo::go();
    symlink(outside.path().join("secret"), repo.path.join("Dockerfile")).expect("link");
    let before = repo.files();
    repo.init(&["--yes"]).expect(4).says("what has its name is no file").does_not_say("hunter2");
    assert_eq!(repo.new_since(&before), Vec::<String>::new());
    fs::remove_file(repo.path.join("Dockerfile")).expect("remove");
    let made = Command::new("mkfifo").arg(repo.path.join("Dockerfile")).status().expect("mkfifo");
    assert!(made.success());
    repo.init(&["--yes"]).expect(4).says("what has its name is no file");
    fs::remove_file(repo.path.join("Dockerfile")).expect("remove");
    // A folder on the way that leads out, and one that cannot be written: nothing is left of the rest.
    symlink(outside.path(), repo.path.join(".github")).expect("link");
    let before = repo.files();
    repo.init(&["--yes"]).expect(4).says(".github/workflows/image.yml is not written");
    assert_eq!(repo.new_since(&before), Vec::<String>::new());
    assert_eq!(fs::read_dir(outside.path()).expect("folder").count(), 1);
}

#[test]
fn a_repository_without_end_is_looked_at_in_bounds() {
    let repo = Repo::go();
    let deep = "d/".repeat(100);
    repo.write(&format!("{deep}Dockerfile"), "FROM x\n");
    repo.write("compose.yaml", &"[".repeat(100_000));
    repo.write("docker-bake.json", &"{\"a\":".repeat(100_000));
    repo.write("goss.yaml", &"x".repeat(5 << 20));
    repo.write("Cargo.toml", &"a = [".repeat(10_000));
    repo.write("package.json", &"[".repeat(100_000));
    repo.init(&["--yes", "--ci", "none"])
        .expect(0)
        .says("compose.yaml: nothing is taken over")
        .says("docker-bake.json: nothing is taken over")
        .says("goss.yaml is not taken along");
    assert_eq!(repo.check(), BTreeSet::from(["IMG105".to_owned()]));
}

#[test]
fn the_hook_is_set_up_where_it_is_asked_for() {
    let repo = Repo::go();
    repo.init(&["--yes"]).expect(0).says("--hooks has git judge what is pushed");
    assert!(!repo.path.join(".git/hooks/pre-push").exists());
    repo.init(&["--yes", "--hooks"]).expect(0).says("+++ b/.git/hooks/pre-push").says("wrote the hook");
    let mode = fs::metadata(repo.path.join(".git/hooks/pre-push")).expect("hook").permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    repo.init(&["--yes", "--hooks"]).expect(0).says("nothing is missing").does_not_say("--hooks");
}
