//! `imgbuild hook`, with real git: what a push is told, and what is left of a repository's own hooks.

#![cfg(test)]

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const CLEAN: &str = "FROM scratch\nCOPY src /src\nUSER 10001\n";
/// Runs as root, which is a warning.
const ROOT: &str = "FROM scratch\nCOPY src /src\n";
const STRICT: &str = "[checks]\nfail-on = \"warning\"\n";
const ZERO: &str = "0000000000000000000000000000000000000000";

/// What a program did.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Its words, wherever they went.
    fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    fn says(self, text: &str) -> Ran {
        assert!(self.all().contains(text), "{text:?} is not in:\n{}", self.all());
        self
    }

    fn does_not_say(self, text: &str) -> Ran {
        assert!(!self.all().contains(text), "{text:?} is in:\n{}", self.all());
        self
    }
}

/// Folders of one test, and an environment with nothing of the user's.
struct World {
    folder: tempfile::TempDir,
    /// Further variables.
    variables: Vec<(&'static str, OsString)>,
}

impl World {
    fn new() -> World {
        let folder = tempfile::Builder::new().prefix("imgbuild-hooks-").tempdir().expect("tempdir");
        for name in ["home", "bin"] {
            fs::create_dir(folder.path().join(name)).expect("folder");
        }
        symlink(env!("CARGO_BIN_EXE_imgbuild"), folder.path().join("bin/imgbuild")).expect("link");
        World { folder, variables: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, folder: &Path, program: &str, arguments: &[&str], stdin: &str) -> Ran {
        let path = std::env::var_os("PATH").expect("PATH");
        let path = std::env::join_paths([self.path("bin")].into_iter().chain(std::env::split_paths(&path)));
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", path.expect("path"))
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "Tester")
            .env("GIT_AUTHOR_EMAIL", "tester@example.org")
            .env("GIT_COMMITTER_NAME", "Tester")
            .env("GIT_COMMITTER_EMAIL", "tester@example.org")
            .env("LC_ALL", "C.UTF-8")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("spawn");
        // A hook that is left out reads nothing.
        let _ = child.stdin.take().expect("stdin").write_all(stdin.as_bytes());
        let output = child.wait_with_output().expect("output");
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn imgbuild(&self, folder: &Path, arguments: &[&str]) -> Ran {
        self.run(folder, "imgbuild", arguments, "")
    }

    fn try_git(&self, folder: &Path, arguments: &[&str]) -> Ran {
        self.run(folder, "git", arguments, "")
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> String {
        let ran = self.try_git(folder, arguments);
        assert_eq!(ran.code, Some(0), "git {arguments:?}: {}", ran.stderr);
        ran.stdout.trim_end().to_owned()
    }

    /// A repository with a clean image on `main`, and its remote `origin`, which is empty.
    fn repository(&self, format: &str) -> PathBuf {
        let (repo, bare) = (self.path("repo"), self.path("remote.git"));
        let format = format!("--object-format={format}");
        self.git(self.folder.path(), &["init", "-q", "-b", "main", &format, "repo"]);
        self.git(self.folder.path(), &["init", "-q", "--bare", "-b", "main", &format, "remote.git"]);
        self.git(&repo, &["remote", "add", "origin", bare.to_str().expect("path")]);
        write(&repo, "Dockerfile", CLEAN);
        write(&repo, ".dockerignore", ".git\ndocs\n");
        write(&repo, "imgbuild.toml", STRICT);
        write(&repo, "src/a.txt", "a\n");
        self.commit(&repo, "first");
        repo
    }

    /// The same with the hook set up.
    fn hooked(&self) -> PathBuf {
        let repo = self.repository("sha1");
        self.imgbuild(&repo, &["hook", "install"]).expect(0);
        repo
    }

    fn commit(&self, repo: &Path, message: &str) -> String {
        self.git(repo, &["add", "-A"]);
        self.git(repo, &["commit", "-q", "--allow-empty", "-m", message]);
        self.head(repo)
    }

    fn head(&self, repo: &Path) -> String {
        self.git(repo, &["rev-parse", "HEAD"])
    }

    /// A push, and what is on the remote under `refname` then.
    fn push(&self, repo: &Path, arguments: &[&str]) -> Ran {
        let arguments: Vec<&str> = ["push", "origin"].iter().chain(arguments).copied().collect();
        self.try_git(repo, &arguments)
    }

    fn on_remote(&self, refname: &str) -> Option<String> {
        let ran = self.try_git(&self.path("remote.git"), &["rev-parse", "--verify", "-q", refname]);
        (ran.code == Some(0)).then(|| ran.stdout.trim_end().to_owned())
    }

    /// The hook, called as git calls it.
    fn hook(&self, repo: &Path, stdin: &str) -> Ran {
        self.run(repo, "imgbuild", &["hook", "pre-push", "origin", "file:///nowhere"], stdin)
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("parent")).expect("folder");
    fs::write(path, text).expect("write");
}

fn script(path: &Path, text: &str, mode: u32) {
    fs::create_dir_all(path.parent().expect("parent")).expect("folder");
    fs::write(path, text).expect("write");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
}

/// Every file below a folder: its path, its mode, and its bytes or where it leads.
fn all_files(folder: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folder") {
            let path = entry.expect("entry").path();
            let meta = path.symlink_metadata().expect("metadata");
            let content = if meta.is_symlink() {
                fs::read_link(&path).expect("link").into_os_string().into_encoded_bytes()
            } else if meta.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).expect("file")
            };
            found.push((path, meta.permissions().mode(), content));
        }
    }
    found.sort();
    found
}

// ── what is pushed ─────────────────────────────────────────────────────────

#[test]
fn a_new_branch_is_judged_and_a_bad_one_stays_here() {
    let world = World::new();
    let repo = world.hooked();
    world.push(&repo, &["main"]).expect(0).says("refs/heads/main at").says("0 findings");
    assert_eq!(world.on_remote("main"), Some(world.head(&repo)));
    world.git(&repo, &["checkout", "-q", "-b", "feature/root"]);
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    let refused = world.push(&repo, &["feature/root"]).expect(1);
    refused.says("IMG222").says("Dockerfile:1").says("--no-verify").does_not_say("enforced");
    assert_eq!(world.on_remote("feature/root"), None);
    world.push(&repo, &["--no-verify", "feature/root"]).expect(0).does_not_say("imgbuild:");
}

#[test]
fn one_bad_ref_of_several_keeps_all_here() {
    let world = World::new();
    let repo = world.hooked();
    world.git(&repo, &["branch", "good"]);
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.push(&repo, &["good", "main"]).expect(1).says("good at").says("main at");
    assert_eq!((world.on_remote("good"), world.on_remote("main")), (None, None));
}

#[test]
fn nothing_to_push_deletes_and_dry_runs() {
    let world = World::new();
    let repo = world.hooked();
    world.push(&repo, &["main", "main:gone"]).expect(0);
    // Git calls the hook with no line at all.
    world.push(&repo, &["main"]).expect(0).says("up-to-date").does_not_say("imgbuild:");
    world.push(&repo, &["--delete", "gone"]).expect(0).does_not_say("imgbuild:");
    assert_eq!(world.on_remote("gone"), None);
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.push(&repo, &["--dry-run", "main"]).expect(1).says("IMG222");
}

#[test]
fn tags_are_peeled_and_released_versions_stay() {
    let world = World::new();
    let repo = world.hooked();
    world.push(&repo, &["main"]).expect(0);
    world.git(&repo, &["tag", "-a", "v1.0.0", "-m", "first"]);
    world.git(&repo, &["tag", "-a", "nested", "-m", "a tag of a tag", "v1.0.0"]);
    // The remote has the commit; a version is judged all the same.
    world.push(&repo, &["v1.0.0"]).expect(0).says("refs/tags/v1.0.0 at").says("0 findings");
    world.push(&repo, &["nested"]).expect(0).says("the remote has all of it");
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.git(&repo, &["tag", "v1.1.0"]);
    world.push(&repo, &["v1.1.0"]).expect(1).says("IMG222");
    world.git(&repo, &["tag", "-f", "-a", "v1.0.0", "-m", "moved"]);
    world.push(&repo, &["-f", "v1.0.0"]).expect(1).says("a released version does not move");
    // A tag of a file is nothing to build from.
    world.git(&repo, &["tag", "text", "HEAD:Dockerfile"]);
    world.push(&repo, &["text"]).expect(0).says("it is no commit");
}

#[test]
fn a_version_is_released_from_a_clean_folder() {
    let world = World::new();
    let repo = world.hooked();
    world.git(&repo, &["tag", "v1.0.0"]);
    write(&repo, "src/a.txt", "not committed\n");
    world.push(&repo, &["v1.0.0"]).expect(1).says("changes that are in no commit").says("git stash");
    // A branch is pushed as it is committed.
    world.push(&repo, &["main"]).expect(0);
    write(&repo, "src/a.txt", "a\n");
    write(&repo, "untracked", "");
    world.push(&repo, &["v1.0.0"]).expect(0);
}

#[test]
fn what_is_called_head_and_what_has_no_name() {
    let world = World::new();
    let repo = world.hooked();
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "a subject with blanks");
    world.push(&repo, &["HEAD:refs/heads/other"]).expect(1).says("refs/heads/other at");
    world.push(&repo, &["HEAD~1:refs/heads/other"]).expect(0);
    // git passes such an expression on as the name.
    world.push(&repo, &[":/a subject:refs/heads/other"]).expect(1).says("IMG222");
    let bare = world.path("remote.git");
    let url = format!("file://{}", bare.display());
    world.try_git(&repo, &["push", &url, "main"]).expect(1).says("refs/heads/main at");
    world.git(&repo, &["checkout", "-q", "--detach"]);
    world.push(&repo, &["HEAD:refs/heads/detached"]).expect(1);
}

#[test]
fn the_commit_is_judged_and_not_the_folder() {
    let world = World::new();
    let repo = world.hooked();
    // What is wrong in the folder, and in no commit.
    write(&repo, "Dockerfile", ROOT);
    write(&repo, "imgbuild.toml", "nonsense");
    let ran = world.push(&repo, &["main"]).expect(0).says("0 findings");
    ran.says("Dockerfile has changes that are in no commit").says("imgbuild.toml has changes");
    // What is wrong in the commit, and mended in the folder alone.
    write(&repo, "imgbuild.toml", STRICT);
    world.commit(&repo, "root");
    write(&repo, "Dockerfile", CLEAN);
    world.push(&repo, &["main"]).expect(1).says("IMG222");
    fs::remove_file(repo.join("Dockerfile")).expect("remove");
    world.push(&repo, &["main"]).expect(1).says("IMG222");
    // Its own configuration and ignore file, and a file that only the folder has.
    write(&repo, "Dockerfile", ROOT);
    write(&repo, "imgbuild.toml", "[image]\nbuild = 1\n");
    world.commit(&repo, "broken");
    write(&repo, "imgbuild.toml", STRICT);
    world.push(&repo, &["main"]).expect(1).says("imgbuild.toml:2");
}

#[test]
fn the_context_is_the_commits() {
    let world = World::new();
    let repo = world.hooked();
    world.push(&repo, &["main"]).expect(0);
    let key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    write(&repo, "src/server.key", key);
    world.push(&repo, &["main"]).expect(0).does_not_say("server.key");
    world.commit(&repo, "a key");
    fs::remove_file(repo.join("src/server.key")).expect("remove");
    world.push(&repo, &["main"]).expect(1).says("src/server.key");
    // As `check` says it of a checkout.
    world.git(&repo, &["checkout", "-q", "."]);
    let json = |ran: Ran| -> Vec<String> {
        let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let findings = value["findings"].as_array().expect("findings").iter();
        findings.map(|one| format!("{} {} {}", one["rule"], one["path"], one["message"])).collect()
    };
    let checked = world.imgbuild(&repo, &["check", "--offline", "--format", "json"]).expect(1);
    let line = format!("HEAD {} refs/heads/main {ZERO}\n", world.head(&repo));
    let arguments = ["hook", "pre-push", "--format", "json", "origin", "x"];
    let pushed = world.run(&repo, "imgbuild", &arguments, &line).expect(1);
    assert_eq!(json(checked), json(pushed));
}

#[test]
fn only_what_touches_an_image_is_judged() {
    let world = World::new();
    let repo = world.hooked();
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.push(&repo, &["--no-verify", "main"]).expect(0);
    let untouched = "nothing that makes an image changed";
    // Left out of the context.
    write(&repo, "docs/guide.md", "text\n");
    world.commit(&repo, "docs");
    world.push(&repo, &["main"]).expect(0).says(untouched);
    // A new branch is held against what the remote has.
    world.git(&repo, &["checkout", "-q", "-b", "topic"]);
    write(&repo, "docs/more.md", "text\n");
    world.commit(&repo, "docs");
    world.push(&repo, &["topic"]).expect(0).says(untouched);
    world.push(&repo, &["topic:again"]).expect(0).says("the remote has all of it");
    for (name, text) in [
        ("src/a.txt", "b\n"),
        (".dockerignore", ".git\ndocs\n# x\n"),
        ("imgbuild.toml", "[checks]\nfail-on = \"info\"\n"),
        ("Dockerfile", "FROM scratch\nCOPY src /srv\n"),
    ] {
        write(&repo, name, text);
        world.commit(&repo, name);
        world.push(&repo, &["topic"]).expect(1).says("IMG222");
        world.push(&repo, &["--no-verify", "topic"]).expect(0);
    }
    // So does what is gone.
    fs::remove_file(repo.join("src/a.txt")).expect("remove");
    write(&repo, "src/b.txt", "b\n");
    world.commit(&repo, "gone");
    world.push(&repo, &["topic"]).expect(1).says("IMG222");
}

#[test]
fn a_base_that_is_not_here_means_all() {
    let world = World::new();
    let repo = world.repository("sha1");
    write(&repo, "Dockerfile", ROOT);
    let head = world.commit(&repo, "root");
    let unknown = "1".repeat(40);
    world
        .hook(&repo, &format!("refs/heads/main {head} refs/heads/main {unknown}\n"))
        .expect(1)
        .says("IMG222");
    // Somebody else pushed; the histories went different ways.
    world.git(&repo, &["checkout", "-q", "--orphan", "other"]);
    write(&repo, "docs/a.md", "x");
    let orphan = world.commit(&repo, "another start");
    world
        .hook(&repo, &format!("refs/heads/other {orphan} refs/heads/main {head}\n"))
        .expect(0)
        .says("not judged");
}

#[test]
fn repositories_of_sha256() {
    let world = World::new();
    let repo = world.repository("sha256");
    world.imgbuild(&repo, &["hook", "install"]).expect(0);
    assert_eq!(world.head(&repo).len(), 64);
    world.push(&repo, &["main"]).expect(0).says("0 findings");
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.git(&repo, &["tag", "-a", "v2.0.0", "-m", "two"]);
    world.push(&repo, &["main", "v2.0.0"]).expect(1).says("IMG222");
    world.git(&repo, &["push", "--no-verify", "origin", "main"]);
    world.push(&repo, &["--delete", "main"]).does_not_say("imgbuild:");
}

#[test]
fn lines_of_stdin_that_make_no_sense() {
    let world = World::new();
    let repo = world.repository("sha1");
    let head = world.head(&repo);
    for bad in [
        "garbage".to_owned(),
        format!("refs/heads/main {head}"),
        format!("refs/heads/main {head} refs/heads/main {}", "0".repeat(39)),
        format!("refs/heads/main {} refs/heads/main {ZERO}", "z".repeat(40)),
        "\u{1b}]0;title\u{7} x y z".to_owned(),
        "\0\0\0 \0 \0 \0".to_owned(),
    ] {
        let ran = world.hook(&repo, &format!("{bad}\n")).expect(2).says("line 1 of stdin");
        assert!(!ran.all().contains(['\u{1b}', '\u{7}', '\0']), "{:?}", ran.all());
    }
    let absent = "2".repeat(40);
    world
        .hook(&repo, &format!("x {absent} refs/heads/main {ZERO}\n"))
        .expect(4)
        .says("this clone has no object");
    // An id of the other kind of repository is in none.
    let long = format!("{head}{}", "0".repeat(24));
    let zero = "0".repeat(64);
    world.hook(&repo, &format!("x {long} refs/heads/main {zero}\n")).expect(4);
    world.hook(&repo, "").expect(0);
    world.hook(&repo, "\n\n").expect(0);
}

#[test]
fn who_wants_no_gate_leaves_it_out() {
    let mut world = World::new();
    let repo = world.repository("sha1");
    write(&repo, "Dockerfile", ROOT);
    let line = format!("HEAD {} refs/heads/main {ZERO}\n", world.commit(&repo, "root"));
    world.hook(&repo, &line).expect(1);
    for (name, value) in [("IMGBUILD_SKIP", "pre-push"), ("SKIP", "lint,imgbuild")] {
        world.variables = vec![(name, value.into())];
        world.hook(&repo, &line).expect(0).says(name);
    }
    world.variables = vec![("IMGBUILD_SKIP", "pre-commit".into())];
    world.hook(&repo, &line).expect(1).does_not_say("nothing listens");
}

#[test]
fn what_pre_commit_says_in_variables() {
    let mut world = World::new();
    let repo = world.repository("sha1");
    let first = world.head(&repo);
    write(&repo, "Dockerfile", ROOT);
    let second = world.commit(&repo, "root");
    let variables = |from: &str, to: &str| {
        vec![
            ("PRE_COMMIT_REMOTE_NAME", "origin".into()),
            ("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/main".into()),
            ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main".into()),
            ("PRE_COMMIT_FROM_REF", from.into()),
            ("PRE_COMMIT_TO_REF", to.into()),
        ]
    };
    world.variables = variables(&first, &second);
    world.hook(&repo, "").expect(1).says("IMG222");
    world.variables = variables(&second, &first);
    world.hook(&repo, "").expect(0).says("0 findings");
    // A first push names the branch alone.
    world.variables = variables("", "");
    world.hook(&repo, "").expect(1);
    world.variables = variables("", "--output=x");
    world.hook(&repo, "").expect(2).says("cannot find what is pushed");
}

#[test]
fn names_that_somebody_chose_to_harm() {
    let world = World::new();
    let repo = world.hooked();
    let mark = world.path("mark");
    let names = [
        format!("$(touch${{IFS}}{})", mark.display()),
        format!("`touch${{IFS}}{}`", mark.display()),
        "';id;'".to_owned(),
        "\u{202e}gpj".to_owned(),
        "::set-output".to_owned(),
        "-x".to_owned(),
        "a&b|c>d<e\"".to_owned(),
    ];
    let mut refs = Vec::new();
    for name in &names {
        let name = name.replace("::", "%3A%3A");
        let full = format!("refs/heads/x{name}");
        world.git(&repo, &["update-ref", &full, "HEAD"]);
        refs.push(full);
    }
    let refs: Vec<&str> = refs.iter().map(String::as_str).collect();
    let before = world.path("repo/.git/hooks/pre-push");
    assert!(before.exists());
    world.push(&repo, &refs).expect(0).says("0 findings");
    for name in &refs {
        let line = format!("{name} {} {name} {ZERO}\n", world.head(&repo));
        let ran = world.run(&repo, "imgbuild", &["hook", "pre-push", "x", "x"], &line).expect(0);
        assert!(!ran.all().contains('\u{202e}'), "{}", ran.all());
    }
    assert!(!mark.exists());
    // As names of remotes, too.
    let line = format!("x {} refs/heads/main {ZERO}\n", world.head(&repo));
    for remote in ["-h", "--help", "*", "../../etc", "a\u{1b}b"] {
        let ran = world.run(&repo, "imgbuild", &["hook", "pre-push", "--", remote, remote], &line).expect(0);
        assert!(!ran.all().contains('\u{1b}'));
    }
}

#[test]
fn commits_in_which_there_is_nothing_to_build() {
    let world = World::new();
    let repo = world.hooked();
    for name in ["Dockerfile", "imgbuild.toml"] {
        world.git(&repo, &["rm", "-q", name]);
    }
    world.commit(&repo, "no image");
    world.push(&repo, &["main"]).expect(0).says("there is no Dockerfile in it");
    write(&repo, "imgbuild.toml", "[image]\ndockerfile = \"image/Dockerfile\"\n");
    world.commit(&repo, "a name of nothing");
    world.push(&repo, &["main"]).expect(1).says("cannot find the Dockerfile").says("refs/heads/main at");
    write(&repo, "imgbuild.toml", STRICT);
    write(&repo, "Dockerfile", CLEAN);
    write(&repo, "build/Dockerfile", CLEAN);
    world.commit(&repo, "two");
    world.push(&repo, &["main"]).expect(1).says("several Dockerfiles");
    write(&repo, "imgbuild.toml", &format!("[image]\ncontext = \"build\"\n\n{STRICT}"));
    write(&repo, "build/src/a.txt", "");
    world.commit(&repo, "which");
    world.push(&repo, &["main"]).expect(0).says("0 findings");
}

#[test]
fn dockerfiles_that_are_links_and_submodules() {
    let world = World::new();
    let repo = world.hooked();
    fs::remove_file(repo.join("Dockerfile")).expect("remove");
    write(&repo, "image/real", ROOT);
    symlink("image/real", repo.join("Dockerfile")).expect("link");
    world.commit(&repo, "a link");
    world.push(&repo, &["main"]).expect(1).says("IMG222");
    for (target, words) in [
        ("/etc/passwd", "leads out of the repository"),
        ("../../x", "leads out of the repository"),
        ("Dockerfile", "in a circle"),
    ] {
        fs::remove_file(repo.join("Dockerfile")).expect("remove");
        symlink(target, repo.join("Dockerfile")).expect("link");
        world.commit(&repo, "another link");
        world.push(&repo, &["main"]).expect(1).says(words).does_not_say("root:");
    }
    fs::remove_file(repo.join("Dockerfile")).expect("remove");
    symlink("nowhere", repo.join("Dockerfile")).expect("link");
    world.commit(&repo, "to nothing");
    world.push(&repo, &["main"]).expect(1).says("there is no Dockerfile");
    world.git(&repo, &["rm", "-q", "--cached", "Dockerfile"]);
    let head = world.head(&repo);
    world.git(&repo, &["update-index", "--add", "--cacheinfo", &format!("160000,{head},Dockerfile")]);
    world.git(&repo, &["commit", "-q", "-m", "a submodule"]);
    world.push(&repo, &["main"]).expect(1).says("Dockerfile is a submodule");
    world.git(&repo, &["rm", "-q", "--cached", "Dockerfile"]);
    fs::remove_file(repo.join("Dockerfile")).expect("remove");
    write(&repo, "Dockerfile", CLEAN);
    world.git(&repo, &["add", "Dockerfile"]);
    world.git(&repo, &["update-index", "--add", "--cacheinfo", &format!("160000,{head},vendor")]);
    world.git(&repo, &["commit", "-q", "-m", "a submodule beside"]);
    world.push(&repo, &["main"]).expect(0).says("1 submodules, vendor for one, are not looked into");
}

#[test]
fn a_tree_of_a_hundred_thousand_files_and_a_blob_of_a_gigabyte() {
    let world = World::new();
    let repo = world.repository("sha1");
    // Straight into git: no folder has to hold them.
    let blob = world.git(&repo, &["rev-parse", "HEAD:src/a.txt"]);
    let files: String = (0..100_000).map(|n| format!("100644 {blob}\tsrc/{}/{n}\n", n / 500)).collect();
    world.run(&repo, "git", &["update-index", "--add", "--index-info"], &files).expect(0);
    let tree = world.git(&repo, &["write-tree"]);
    let commit = world.git(&repo, &["commit-tree", "-p", "HEAD", "-m", "many", &tree]);
    world.hook(&repo, &format!("x {commit} refs/heads/main {ZERO}\n")).expect(0).says("0 findings");
    // A file with nothing in it but its size.
    let large = world.path("large");
    fs::File::create(&large).expect("file").set_len(1 << 30).expect("length");
    let id = world
        .git(&repo, &["-c", "core.bigFileThreshold=1m", "hash-object", "-w", large.to_str().expect("path")]);
    world.git(&repo, &["update-index", "--cacheinfo", &format!("100644,{id},Dockerfile")]);
    let tree = world.git(&repo, &["write-tree"]);
    let commit = world.git(&repo, &["commit-tree", "-p", "HEAD", "-m", "large", &tree]);
    let line = format!("x {commit} refs/heads/main {ZERO}\n");
    world.hook(&repo, &line).expect(3).says("is larger than 10 MiB");
}

#[test]
fn a_partial_clone_is_told_what_it_lacks() {
    let world = World::new();
    let repo = world.repository("sha1");
    world.git(&repo, &["push", "-q", "origin", "main"]);
    let bare = world.path("remote.git");
    world.git(&bare, &["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", bare.display());
    let clone = ["clone", "-q", "--no-checkout", "--filter=blob:none", &url, "partial"];
    world.git(world.folder.path(), &clone);
    let partial = world.path("partial");
    let head = world.head(&partial);
    let line = format!("x {head} refs/heads/other {ZERO}\n");
    world.hook(&partial, &line).expect(0).says("the remote has all of it");
    // As if the remote were unknown: the Dockerfile is wanted, and is not there.
    let named = ["hook", "pre-push", "elsewhere", "elsewhere"];
    let ran = world.run(&partial, "imgbuild", &named, &line).expect(4);
    ran.says("does not have its content").says("a partial clone may lack the object");
    // What is judged is there, and another file is not.
    for name in ["Dockerfile", ".dockerignore", "imgbuild.toml"] {
        world.git(&partial, &["cat-file", "blob", &format!("HEAD:{name}")]);
    }
    let ran = world.run(&partial, "imgbuild", &named, &line).expect(0);
    ran.says("are not in this partial clone").says("0 findings");
}

// ── setting it up ──────────────────────────────────────────────────────────

/// A hook that writes its arguments and its stdin to a file, under its own name.
fn recording(to: &Path) -> String {
    format!("#!/bin/sh\n{{ echo \"args $*\"; cat; }} >>'{}'", to.display())
}

#[test]
fn a_hook_that_was_there_runs_behind_and_comes_back_byte_for_byte() {
    let world = World::new();
    let repo = world.repository("sha1");
    let hooks = repo.join(".git/hooks");
    let record = world.path("record");
    script(&hooks.join("pre-push"), &recording(&record), 0o711);
    let before = all_files(&hooks);
    world.imgbuild(&repo, &["hook", "install", "--dry-run"]).expect(0).says("rename .git/hooks/pre-push");
    assert_eq!(all_files(&hooks), before);
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("new file .git/hooks/pre-push").says("done");
    let installed = all_files(&hooks);
    world.imgbuild(&repo, &["hook", "install", "--yes"]).expect(0).says("it is there already");
    assert_eq!(all_files(&hooks), installed);

    world.push(&repo, &["main"]).expect(0);
    let seen = fs::read_to_string(&record).expect("record");
    let head = world.head(&repo);
    let url = world.path("remote.git");
    assert_eq!(
        seen,
        format!("args origin {}\nrefs/heads/main {head} refs/heads/main {ZERO}\n", url.display())
    );
    // Nothing to push is nothing on stdin, for both.
    world.push(&repo, &["main"]).expect(0);
    assert!(
        fs::read_to_string(&record).expect("record").ends_with(&format!("args origin {}\n", url.display()))
    );
    // What ours refuses the other one is not asked about.
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    let length = fs::metadata(&record).expect("record").len();
    world.push(&repo, &["main"]).expect(1);
    assert_eq!(fs::metadata(&record).expect("record").len(), length);
    // What the other one refuses is refused.
    script(&hooks.join("pre-push.before-imgbuild"), "#!/bin/sh\necho no >&2\nexit 3\n", 0o755);
    write(&repo, "Dockerfile", CLEAN);
    write(&repo, "src/a.txt", "b\n");
    world.commit(&repo, "clean");
    world.push(&repo, &["main"]).expect(1).says("0 findings").says("no\n");
    script(&hooks.join("pre-push.before-imgbuild"), &recording(&record), 0o711);

    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    assert_eq!(all_files(&hooks), before);
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0).says("there is no hook of imgbuild's");
}

#[test]
fn hooks_that_are_links_not_executable_or_nothing() {
    let world = World::new();
    let repo = world.repository("sha1");
    let hooks = repo.join(".git/hooks");
    for name in ["pre-push.sample", "pre-push"] {
        let _ = fs::remove_file(hooks.join(name));
    }
    let without = all_files(&hooks);
    let round = |what: &str| {
        let before = all_files(&hooks);
        world.imgbuild(&repo, &["hook", "install"]).expect(0);
        world.push(&repo, &["--dry-run", "main"]).expect(0).says("0 findings");
        world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
        assert_eq!(all_files(&hooks), before, "{what}");
    };
    round("none");
    script(&world.path("elsewhere"), "#!/bin/sh\ncat >/dev/null\n", 0o755);
    symlink(world.path("elsewhere"), hooks.join("pre-push")).expect("link");
    round("a link");
    fs::remove_file(hooks.join("pre-push")).expect("remove");
    symlink("nowhere", hooks.join("pre-push")).expect("link");
    round("a link to nothing");
    fs::remove_file(hooks.join("pre-push")).expect("remove");
    script(&hooks.join("pre-push"), "exit 1\n", 0o644);
    round("not executable");
    fs::remove_file(hooks.join("pre-push")).expect("remove");
    assert_eq!(all_files(&hooks), without);
}

#[test]
fn a_hook_that_somebody_wrote_over_ours_is_left_alone() {
    let world = World::new();
    let repo = world.repository("sha1");
    let hook = repo.join(".git/hooks/pre-push");
    script(&hook, "#!/bin/sh\nexit 0\n", 0o755);
    world.imgbuild(&repo, &["hook", "install"]).expect(0);
    script(&hook, "#!/bin/sh\n# a manager's\n", 0o755);
    world.imgbuild(&repo, &["hook", "install"]).expect(4).says("was replaced since");
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0).says("stays beside it");
    assert_eq!(fs::read_to_string(&hook).expect("hook"), "#!/bin/sh\n# a manager's\n");
    assert!(repo.join(".git/hooks/pre-push.before-imgbuild").exists());
}

#[test]
fn a_hook_without_imgbuild_says_so_and_lets_nothing_pass() {
    let world = World::new();
    let repo = world.hooked();
    let hook = repo.join(".git/hooks/pre-push");
    let text = fs::read_to_string(&hook).expect("hook");
    let program = text.lines().find(|line| line.contains("|| imgbuild='")).expect("the program");
    let gone = text.replace(program, "imgbuild=/nowhere/imgbuild");
    fs::write(&hook, gone).expect("write");
    world.push(&repo, &["main"]).expect(1).says("imgbuild: not found").says("--no-verify");
}

#[test]
fn work_trees_submodules_and_other_folders_of_hooks() {
    let world = World::new();
    let repo = world.repository("sha1");
    // A linked work tree shares the hooks, and git tells its hook where it is.
    let linked = world.path("linked");
    world.git(&repo, &["worktree", "add", "-q", "-b", "side", linked.to_str().expect("path")]);
    world.imgbuild(&linked, &["hook", "install"]).expect(0);
    assert!(repo.join(".git/hooks/pre-push").exists());
    write(&linked, "Dockerfile", ROOT);
    world.commit(&linked, "root");
    world.push(&linked, &["side"]).expect(1).says("IMG222");
    world.push(&repo, &["main"]).expect(0).says("0 findings");
    fs::create_dir_all(linked.join("src/deep")).expect("folder");
    world.push(&linked.join("src/deep"), &["side"]).expect(1).says("IMG222");
    world.imgbuild(&linked, &["hook", "uninstall"]).expect(0);
    assert!(!repo.join(".git/hooks/pre-push").exists());

    // A submodule's hooks are in the folder of the repository around it.
    let outer = world.path("outer");
    world.git(world.folder.path(), &["init", "-q", "-b", "main", "outer"]);
    let add =
        ["-c", "protocol.file.allow=always", "submodule", "add", "-q", repo.to_str().expect("path"), "inner"];
    world.git(&outer, &add);
    let inner = outer.join("inner");
    world.imgbuild(&inner, &["hook", "install"]).expect(0);
    assert!(outer.join(".git/modules/inner/hooks/pre-push").exists());
    write(&inner, "Dockerfile", ROOT);
    // Not the very commit that the remote has from the work tree.
    world.commit(&inner, "root in a submodule");
    world.push(&inner, &["HEAD:refs/heads/new"]).expect(1).says("IMG222");

    // A folder that the repository names; one for all repositories is nobody's to write to.
    world.git(&repo, &["config", "core.hooksPath", ".githooks"]);
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("new file .githooks/pre-push");
    world.push(&repo, &["--dry-run", "main:refs/heads/z"]).expect(0);
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    world.git(&repo, &["config", "--unset", "core.hooksPath"]);
    world.git(&repo, &["config", "--global", "core.hooksPath", world.path("shared").to_str().expect("path")]);
    world.imgbuild(&repo, &["hook", "install"]).expect(4).says("for all repositories");
    assert!(!world.path("shared").exists());
}

#[test]
fn a_push_out_of_a_bare_repository() {
    let world = World::new();
    let repo = world.repository("sha1");
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    let bare = world.path("mirror.git");
    world.git(world.folder.path(), &["clone", "-q", "--bare", "repo", "mirror.git"]);
    world.imgbuild(&bare, &["hook", "install"]).expect(0);
    let remote = world.path("remote.git");
    world.try_git(&bare, &["push", remote.to_str().expect("path"), "main"]).expect(1).says("IMG222");
    world
        .imgbuild(world.folder.path(), &["hook", "install"])
        .expect(4)
        .says("cannot find out where git looks");
}

/// Installs in a repository with this file, and gives what became of it; uninstalls, and holds that all is as it was.
fn round(file: &str, text: Option<&str>) -> String {
    let world = World::new();
    let repo = world.repository("sha1");
    if let Some(text) = text {
        script(&repo.join(file), text, 0o754);
    }
    let before = all_files(&repo);
    world.imgbuild(&repo, &["hook", "install", "--dry-run"]).expect(0).says("nothing was changed");
    assert_eq!(all_files(&repo), before);
    world.imgbuild(&repo, &["hook", "install"]).expect(0);
    let installed = fs::read_to_string(repo.join(file)).expect("file");
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("it is there already");
    assert_eq!(fs::read_to_string(repo.join(file)).expect("file"), installed);
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    assert_eq!(all_files(&repo), before);
    installed
}

#[test]
fn configurations_of_managers_come_back_byte_for_byte() {
    for text in ["npm test\n", "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\nnpm test", ""] {
        assert!(round(".husky/pre-push", Some(text)).contains("imgbuild hook pre-push \"$@\" || exit"));
    }
    for text in
        ["pre-commit:\n  jobs:\n    - run: x", "pre-push:\r\n  commands:\r\n    a:\r\n      run: b\r\n", ""]
    {
        let yaml = round("lefthook.yml", Some(text));
        assert!(yaml.contains("use_stdin: true"), "{yaml}");
        assert_eq!(yaml.contains("\r\n"), text.contains("\r\n"));
    }
    assert!(
        round("lefthook.toml", Some("[pre-push]\nparallel = true\n"))
            .contains("[pre-push.commands.imgbuild]")
    );
    let config =
        "repos:\n  - repo: https://example.org/x\n    rev: v1\n    hooks: [{id: x}]\nfail_fast: true\n";
    assert!(round(".pre-commit-config.yaml", Some(config)).contains("entry: imgbuild hook pre-push"));
}

#[test]
fn what_cannot_be_added_to_safely_is_told() {
    for (file, text) in [
        ("lefthook.yml", "pre-push: {commands: {}}\n"),
        ("lefthook.json", "{}\n"),
        (".pre-commit-config.yaml", "repos: []\n"),
    ] {
        let world = World::new();
        let repo = world.repository("sha1");
        write(&repo, file, text);
        let ran = world.imgbuild(&repo, &["hook", "install"]).expect(4);
        ran.says("nothing can be added to safely").says("imgbuild hook pre-push");
        assert_eq!(fs::read_to_string(repo.join(file)).expect("file"), text);
    }
    let world = World::new();
    let repo = world.repository("sha1");
    write(&repo, "elsewhere.yml", "");
    symlink("elsewhere.yml", repo.join("lefthook.yml")).expect("link");
    world.imgbuild(&repo, &["hook", "install"]).expect(4).says("it is a link");
}

#[test]
fn husky_runs_the_gate_and_what_follows_gets_the_same_stdin() {
    let world = World::new();
    let repo = world.repository("sha1");
    let record = world.path("record");
    // As husky 9 has it: git calls .husky/_/pre-push, which runs the file by `sh -e`.
    script(&repo.join(".husky/_/pre-push"), "#!/usr/bin/env sh\nsh -e .husky/pre-push \"$@\"\n", 0o755);
    write(&repo, ".husky/pre-push", &format!("cat >>'{}'\nexit 0\n", record.display()));
    world.git(&repo, &["config", "core.hooksPath", ".husky/_"]);
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("husky");
    let name = "refs/heads/$(id)`id`\"'";
    world.git(&repo, &["update-ref", name, "HEAD"]);
    world.push(&repo, &["main", name]).expect(0).says("0 findings");
    let head = world.head(&repo);
    assert_eq!(
        fs::read_to_string(&record).expect("record"),
        format!("refs/heads/main {head} refs/heads/main {ZERO}\n{name} {head} {name} {ZERO}\n")
    );
    world.push(&repo, &["main"]).expect(0);
    write(&repo, "Dockerfile", ROOT);
    world.commit(&repo, "root");
    world.push(&repo, &["main"]).expect(1).says("IMG222");
}

#[test]
fn git_with_hooks_in_its_configuration() {
    let mut world = World::new();
    let repo = world.repository("sha1");
    let old = world.imgbuild(&repo, &["hook", "install", "--manager", "git-config"]);
    // Whatever git is installed, it says what it is.
    let version = world.git(&repo, &["--version"]);
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).expect("version");
    if version.starts_with("git version 2.") && minor < 54 {
        old.expect(4).says("2.54 is the first that does");
    } else {
        old.expect(0);
        world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    }
    // The same git, which calls itself newer.
    let path = std::env::var_os("PATH").expect("PATH");
    let real = std::env::split_paths(&path).map(|folder| folder.join("git"));
    let real = real.into_iter().find(|path| path.exists()).expect("git");
    let wrapper = format!(
        "#!/bin/sh\nfor a; do [ \"$a\" = --version ] && {{ echo git version 2.54.0; exit; }}; done\nexec {} \"$@\"\n",
        real.display()
    );
    fs::create_dir(world.path("newer")).expect("folder");
    script(&world.path("newer/git"), &wrapper, 0o755);
    let path = std::env::join_paths(
        [world.path("newer"), world.path("bin")]
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").expect("PATH"))),
    );
    world.variables = vec![("PATH", path.expect("path"))];
    let before = all_files(&repo);
    write(&repo, ".husky/keep", "");
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("git config --local hook.imgbuild.event");
    assert_eq!(world.git(&repo, &["config", "--local", "hook.imgbuild.command"]), "imgbuild hook pre-push");
    assert_eq!(world.git(&repo, &["config", "--local", "hook.imgbuild.event"]), "pre-push");
    world.imgbuild(&repo, &["hook", "install"]).expect(0).says("it is there already");
    world.imgbuild(&repo, &["hook", "uninstall"]).expect(0);
    fs::remove_dir_all(repo.join(".husky")).expect("remove");
    let bytes = |files: Vec<(PathBuf, u32, Vec<u8>)>| {
        files.into_iter().map(|(_, _, bytes)| bytes).collect::<Vec<_>>()
    };
    assert_eq!(bytes(all_files(&repo)), bytes(before));
}
