use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::event::{Event, Events};
use crate::source::{ChangeKind, GitOptions, SourceState, read};
use crate::stop::Stop;

/// Marks the process that [`isolated`] starts.
const INNER: &str = "IMGBUILD_TEST_ISOLATED";

/// Runs each body in a process of its own whose HOME is empty: libgit2 reads the user's configuration, and what is
/// asserted must not hang on it.
macro_rules! isolated_tests {
    ($(fn $name:ident() $body:block)*) => {$(
        #[test]
        fn $name() {
            $crate::source::git::tests::fixture::isolated(concat!(module_path!(), "::", stringify!($name)), || $body);
        }
    )*};
}
pub(crate) use isolated_tests;

pub(crate) fn isolated(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INNER).is_some() {
        return body();
    }
    let home = TempDir::new().unwrap();
    let (_, test) = test.split_once("::").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env(INNER, "1")
        .output()
        .unwrap();
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// A repository with a first commit, in a folder of its own.
pub(crate) struct Fixture {
    base: TempDir,
    root: PathBuf,
    pub(crate) extra: Vec<(&'static str, String)>,
}

impl Fixture {
    /// A repository without a commit; `options` go to `git init`.
    pub(crate) fn unborn(options: &[&str]) -> Fixture {
        let base = TempDir::new().unwrap();
        let root = base.path().canonicalize().unwrap().join("repo");
        std::fs::create_dir_all(&root).unwrap();
        let fixture = Fixture { base, root, extra: Vec::new() };
        fixture.git(&[&["init", "-q", "-b", "main"], options].concat());
        fixture
    }

    /// `a.txt` and `dir/b.txt` in one commit.
    pub(crate) fn new() -> Fixture {
        Fixture::with(&[])
    }

    pub(crate) fn with(options: &[&str]) -> Fixture {
        let fixture = Fixture::unborn(options);
        fixture.write("a.txt", "one\n");
        fixture.write("dir/b.txt", "two\n");
        fixture.commit("first");
        fixture
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A folder beside the repository.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.base.path().canonicalize().unwrap().join(name)
    }

    /// The same fixture with another checkout as its root.
    pub(crate) fn at(mut self, root: PathBuf) -> Fixture {
        self.root = root;
        self
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let file = self.root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }

    /// Makes a file look older than the index, so that its entry is not racy.
    pub(crate) fn age(&self, path: &str) {
        let file = std::fs::File::options().write(true).open(self.root.join(path)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    }

    /// Adds everything and commits it; the new commit's id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the repository, without any configuration but the repository's.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.root, arguments)
    }

    pub(crate) fn git_in<S: AsRef<OsStr>>(&self, folder: &Path, arguments: &[S]) -> String {
        let output = self.try_git(folder, arguments);
        let shown: Vec<_> = arguments.iter().map(|argument| argument.as_ref().to_string_lossy()).collect();
        assert!(output.status.success(), "git {shown:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(crate) fn try_git<S: AsRef<OsStr>>(&self, folder: &Path, arguments: &[S]) -> Output {
        Command::new("git")
            .args(["-c", "protocol.file.allow=always"])
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.base.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs(["AUTHOR", "COMMITTER"].into_iter().flat_map(|who| {
                let key = |what| format!("GIT_{who}_{what}");
                [(key("NAME"), "Ada"), (key("EMAIL"), "ada@example.com"), (key("DATE"), "1700000000 +0100")]
            }))
            .output()
            .unwrap()
    }

    pub(crate) fn environment(&self) -> Environment {
        let mut pairs = vec![
            ("PATH", std::env::var("PATH").unwrap()),
            ("HOME", self.base.path().to_str().unwrap().to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
        ];
        pairs.extend(self.extra.clone());
        Environment::from_pairs(pairs)
    }

    /// What is read at `start`, and the lines that were said about it.
    pub(crate) fn read_at(
        &self,
        start: &Path,
        trusted_workspace: Option<&Path>,
    ) -> (Result<SourceState>, Vec<String>) {
        let (events, mut receiver) = Events::channel();
        let environment = self.environment();
        let options = GitOptions { start, environment: &environment, trusted_workspace };
        let state = read(&options, &events, &Stop::default());
        let mut lines = Vec::new();
        while let Ok(stamped) = receiver.try_recv() {
            if let Event::Note { text } | Event::Warning { text } = stamped.event {
                lines.push(text);
            }
        }
        (state, lines)
    }

    pub(crate) fn state(&self) -> SourceState {
        self.read_at(&self.root, None).0.unwrap()
    }

    pub(crate) fn refusal(&self) -> Error {
        self.read_at(&self.root, None).0.unwrap_err()
    }

    /// Changes and untracked files, as text.
    pub(crate) fn dirt(&self) -> Vec<String> {
        dirt(&self.state())
    }
}

pub(crate) fn dirt(state: &SourceState) -> Vec<String> {
    let changes = state.changes.iter().map(|change| {
        let sign = match change.kind {
            ChangeKind::Modified => 'M',
            ChangeKind::Added => 'A',
            ChangeKind::Deleted => 'D',
            ChangeKind::TypeChanged => 'T',
            ChangeKind::Conflicted => 'U',
            ChangeKind::Submodule => 'S',
        };
        format!("{sign} {}", change.path.display())
    });
    changes.chain(state.untracked.iter().map(|path| format!("? {}", path.display()))).collect()
}
