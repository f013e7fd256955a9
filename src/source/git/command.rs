//! The `git` command: found, fenced in, and cut off when it hangs.
//!
//! It gets a chosen environment and settings that keep the repository's own configuration from running anything:
//! no hooks, no fsmonitor, no pager, no prompt, no transport. Clean filters alone may run, since `git status` is what
//! is asked where they decide; in a repository that somebody else owns, the ones that it brings itself are off. A git that
//! is to speak to a remote is another one: see [`Git::connected`].

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::environment::Environment;
use crate::stop::Stop;

use super::failure::Failure;

/// A status of a huge work tree on a cold disk takes a minute; nothing else comes near.
const TIME_LIMIT: Duration = Duration::from_secs(300);
/// About two million paths. Beyond, something is wrong with the work tree, and memory goes first.
const OUTPUT_LIMIT: u64 = 256 << 20;
const ERROR_LIMIT: u64 = 64 << 10;
/// How often a signal is looked for.
const POLL: Duration = Duration::from_millis(50);

/// What git may know of the environment. Not `GIT_DIR`, `GIT_INDEX_FILE` and the like: hooks set them.
const PASSED: [&str; 13] = [
    "HOME",
    "PATH",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CEILING_DIRECTORIES",
    "GIT_EXEC_PATH",
    "LD_LIBRARY_PATH",
    // Under sudo, git accepts the repositories of who called it.
    "SUDO_UID",
    "TMPDIR",
];

const FORCED: [(&str, &str); 8] = [
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    // A partial clone must not fetch behind our back; older versions know only the second.
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// For a git that speaks to a remote. `ext::` and other helpers would run any command.
const PROTOCOLS: &str = "file:git:http:https:ssh";
/// No longer may a remote take for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// What says where a repository is, by `git rev-parse --local-env-vars`, but for the configuration that a user hands over.
const LOCAL: [&str; 12] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];
/// What begins the names of variables that are for imgbuild, or for what signs, and for nobody that git starts.
const OURS: [&str; 3] = ["IMGBUILD_", "COSIGN_", "DOCKER_AUTH_CONFIG"];

const SETTINGS: [&str; 6] = [
    "-c",
    "core.fsmonitor=false",
    // Above this git streams a blob where it can, and does not hold it.
    "-c",
    "core.bigFileThreshold=4m",
    "-c",
    "core.hooksPath=/dev/null",
];
const NO_TRANSPORT: [&str; 4] = ["-c", "core.sshCommand=false", "-c", "credential.helper="];

/// A `git` that runs in one folder.
pub(super) struct Git<'a> {
    program: PathBuf,
    folder: PathBuf,
    environment: &'a Environment,
    stop: &'a Stop,
    pub(super) time_limit: Duration,
    safe_directory: Option<PathBuf>,
    /// The git folder, where it is not to be looked for.
    git_dir: Option<PathBuf>,
    /// `filter.<driver>` of drivers that must not run.
    disabled: Vec<OsString>,
    /// Whether it may speak to remotes.
    is_connected: bool,
}

/// What a finished git said.
pub(super) struct Output {
    pub(super) code: Option<i32>,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
}

impl<'a> Git<'a> {
    /// The `git` of the environment's PATH.
    pub(super) fn find(
        folder: &Path,
        environment: &'a Environment,
        stop: &'a Stop,
    ) -> Result<Git<'a>, Failure> {
        let missing = || Failure::unreadable("there is no git command in PATH");
        let program = environment.program("git").ok_or_else(missing)?;
        let folder = folder.to_owned();
        Ok(Git {
            program,
            folder,
            environment,
            stop,
            time_limit: TIME_LIMIT,
            safe_directory: None,
            git_dir: None,
            disabled: Vec::new(),
            is_connected: false,
        })
    }

    /// The same git, which may speak to remotes as the user's own would: by the ssh and the credential helpers of the
    /// configuration, and with the environment that those may need. It asks nobody anything, and runs no hooks.
    pub(super) fn connected(mut self) -> Git<'a> {
        self.is_connected = true;
        self.time_limit = self.time_limit.min(ANSWER_LIMIT);
        self
    }

    /// The same git, told where the git folder is.
    pub(super) fn at(mut self, git_dir: Option<&Path>) -> Git<'a> {
        self.git_dir = git_dir.map(Path::to_owned);
        self
    }

    /// The same git in another folder.
    pub(super) fn in_folder(mut self, folder: &Path) -> Git<'a> {
        folder.clone_into(&mut self.folder);
        self
    }

    /// Makes git read the repository at `root` although somebody else owns it, and switches off the filters that the
    /// repository's own configuration defines, git-lfs aside: that configuration was written by somebody else too.
    pub(super) fn trusting(mut self, root: &Path) -> Result<Git<'a>, Failure> {
        self.safe_directory = Some(root.to_owned());
        // Fails where nothing matches.
        let found =
            self.run(["config", "--show-scope", "-z", "--get-regexp", r"^filter\..*\.(clean|process)$"])?;
        self.disabled = foreign_filters(&found.stdout);
        // `-c` ends a key at its first `=`, so such a driver could not be switched off.
        if let Some(odd) = self.disabled.iter().find(|driver| driver.as_bytes().contains(&b'=')) {
            let what = format!("the repository of another owner brings the filter {}", odd.display());
            return Err(Failure::unreadable(what));
        }
        Ok(self)
    }

    /// A path that git printed on a line of its own, relative ones from the folder in which it ran.
    pub(super) fn path(&self, mut line: Vec<u8>) -> PathBuf {
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        self.folder.join(OsString::from_vec(line))
    }

    /// Runs git with `arguments`; a failing git is an [`Output`] too.
    pub(super) fn run<I, S>(&self, arguments: I) -> Result<Output, Failure>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.run_fed(arguments, Vec::new())
    }

    /// Runs git and hands out what it printed; a git that fails is a failure with its own words.
    pub(super) fn ask<I, S>(&self, arguments: I) -> Result<Vec<u8>, Failure>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.run_fed(arguments, Vec::new())?.success()
    }

    /// Runs git with `input` on its standard input.
    pub(super) fn run_fed<I, S>(&self, arguments: I, input: Vec<u8>) -> Result<Output, Failure>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.stop.check().map_err(Failure::Final)?;
        let mut command = self.command();
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() });
        let mut child = command.spawn().map_err(|error| {
            Failure::unreadable(format!("cannot start {}: {error}", self.program.display()))
        })?;
        let result = self.collect(&mut child, input);
        if result.is_err() {
            end(&mut child);
        }
        result
    }

    /// A git whose output is read as it comes, and which gets its input bit by bit.
    pub(super) fn start(&self, arguments: &[&str], input: Stdio) -> Result<Child, Failure> {
        self.stop.check().map_err(Failure::Final)?;
        let mut command = self.command();
        command.args(arguments).stdin(input).stdout(Stdio::piped()).stderr(Stdio::null());
        command
            .spawn()
            .map_err(|error| Failure::unreadable(format!("cannot start {}: {error}", self.program.display())))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // A group of its own: a filter that git started ends with it, and a Ctrl-C is ours to handle.
        command.current_dir(&self.folder).env_clear().process_group(0);
        if self.is_connected {
            command.envs(self.environment.handed_on().filter(|(key, _)| is_passed_on(key)));
            // No terminal is there to ask at: ssh would wait for it.
            if self.environment.get_os("SSH_ASKPASS").is_none() {
                command.env("SSH_ASKPASS", "false");
            }
            command.env("SSH_ASKPASS_REQUIRE", "force");
        }
        for key in PASSED {
            if let Some(value) = self.environment.get_os(key) {
                command.env(key, value);
            }
        }
        let injected = |key: &OsStr| {
            let key = key.as_bytes();
            key.starts_with(b"GIT_CONFIG_KEY_") || key.starts_with(b"GIT_CONFIG_VALUE_")
        };
        command.envs(self.environment.handed_on().filter(|(key, _)| injected(key)));
        command.envs(FORCED);
        command.args(SETTINGS);
        if self.is_connected {
            command.env("GIT_ALLOW_PROTOCOL", PROTOCOLS);
        } else {
            command.args(NO_TRANSPORT);
        }
        if let Some(root) = &self.safe_directory {
            command.arg("-c").arg(joined(&[b"safe.directory=", root.as_os_str().as_bytes()]));
        }
        for driver in &self.disabled {
            for setting in [&b".clean="[..], b".process=", b".required=false"] {
                command.arg("-c").arg(joined(&[driver.as_bytes(), setting]));
            }
        }
        if let Some(git_dir) = &self.git_dir {
            command.arg("--git-dir").arg(git_dir);
        }
        command.args(["--no-pager", "--no-optional-locks", "--literal-pathspecs"]);
        command
    }

    fn collect(&self, child: &mut Child, input: Vec<u8>) -> Result<Output, Failure> {
        if let Some(mut stdin) = child.stdin.take() {
            // Git may end without reading all of it; then its own words say why.
            spawn(move || drop(stdin.write_all(&input)))?;
        }
        let output = read_all(child.stdout.take(), OUTPUT_LIMIT, false)?;
        let error = read_all(child.stderr.take(), ERROR_LIMIT, true)?;
        let started = Instant::now();
        let stdout = self.wait(&output, started)?;
        if stdout.len() as u64 > OUTPUT_LIMIT {
            return Err(Failure::unreadable(format!("git printed more than {} MiB", OUTPUT_LIMIT >> 20)));
        }
        let stderr = self.wait(&error, started)?;
        let status =
            child.wait().map_err(|error| Failure::unreadable(format!("cannot wait for git: {error}")))?;
        let stderr = String::from_utf8_lossy(&stderr).trim().to_owned();
        Ok(Output { code: status.code(), stdout, stderr })
    }

    fn wait(&self, bytes: &Receiver<Vec<u8>>, started: Instant) -> Result<Vec<u8>, Failure> {
        loop {
            match bytes.recv_timeout(POLL) {
                Ok(bytes) => return Ok(bytes),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::unreadable("git's output broke off"));
                }
                Err(RecvTimeoutError::Timeout) => self.stop.check().map_err(Failure::Final)?,
            }
            if started.elapsed() > self.time_limit {
                let limit = self.time_limit.as_secs();
                return Err(Failure::unreadable(format!("git did not end within {limit} seconds")));
            }
        }
    }
}

impl Output {
    /// What git printed, or its complaint.
    pub(super) fn success(self) -> Result<Vec<u8>, Failure> {
        if self.code == Some(0) { Ok(self.stdout) } else { Err(self.complaint()) }
    }

    /// Git's own first words on why it failed.
    pub(super) fn complaint(&self) -> Failure {
        let told =
            self.stderr.lines().find(|line| line.starts_with("fatal: ") || line.starts_with("error: "));
        let line = told.or_else(|| self.stderr.lines().next()).unwrap_or("it failed without a word");
        let line: String = line.trim_start_matches("fatal: ").chars().take(500).collect();
        Failure::unreadable(format!("git says: {line}"))
    }
}

/// Whether a git that speaks to remotes gets the variable.
fn is_passed_on(key: &OsStr) -> bool {
    let is_ours = OURS.iter().any(|begin| key.as_bytes().starts_with(begin.as_bytes()));
    !is_ours && !LOCAL.iter().any(|name| key == *name)
}

/// The drivers in what `config --show-scope -z --get-regexp` printed that the repository itself defines.
fn foreign_filters(listing: &[u8]) -> Vec<OsString> {
    let mut drivers = Vec::new();
    let mut fields = listing.split(|&byte| byte == 0);
    while let (Some(scope), Some(entry)) = (fields.next(), fields.next()) {
        let split = entry.iter().position(|&byte| byte == b'\n').unwrap_or(entry.len());
        let (key, value) = entry.split_at(split);
        let standard = [&b"\ngit-lfs clean -- %f"[..], b"\ngit-lfs filter-process"].contains(&value);
        let own = scope == b"local" || scope == b"worktree";
        let driver = key.strip_suffix(b".clean").or_else(|| key.strip_suffix(b".process"));
        if let (true, false, Some(driver)) = (own, standard, driver) {
            drivers.push(OsString::from_vec(driver.to_vec()));
        }
    }
    drivers.sort();
    drivers.dedup();
    drivers
}

fn joined(parts: &[&[u8]]) -> OsString {
    OsString::from_vec(parts.concat())
}

/// Reads up to one byte more than `limit`, which tells that there was more; with `drain`, the rest is read and
/// dropped, so that git is not held up.
fn read_all<R>(pipe: Option<R>, limit: u64, drain: bool) -> Result<Receiver<Vec<u8>>, Failure>
where
    R: Read + Send + 'static,
{
    let (sender, receiver) = channel();
    spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            drop(pipe.by_ref().take(limit + 1).read_to_end(&mut bytes));
            if drain {
                drop(std::io::copy(&mut pipe, &mut std::io::sink()));
            }
        }
        drop(sender.send(bytes));
    })?;
    Ok(receiver)
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let started = thread::Builder::new().name("git".to_owned()).spawn(work);
    started.map(drop).map_err(|error| Failure::unreadable(format!("cannot start a thread: {error}")))
}

/// Ends git and whatever it started.
pub(super) fn end(child: &mut Child) {
    let group = rustix::process::Pid::from_child(child);
    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    drop(child.wait());
}
