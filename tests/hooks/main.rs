//! `imgbuild hook`, with real git: what a push is told, and what is left of a repository's own hooks.

#![cfg(test)]

mod gate;
mod install;
#[path = "../support/mod.rs"]
mod support;

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::ran::Ran;

const CLEAN: &str = "FROM scratch\nCOPY src /src\nUSER 10001\n";
/// Runs as root, which is a warning.
const ROOT: &str = "FROM scratch\nCOPY src /src\n";
const STRICT: &str = "[checks]\nfail-on = \"warning\"\n";
const ZERO: &str = "0000000000000000000000000000000000000000";

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
        Ran::of(&output)
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
