//! A real engine, a real registry, a git repository on the spot, and the binary with a cleared environment.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A test waits this long for anything before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The value of a variable that `make test` sets.
pub(crate) fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `make test`"))
}

/// Whether the tests run on podman.
pub(crate) fn is_podman() -> bool {
    setting("IMGBUILD_TEST_ENGINE_OPTIONS").lines().any(|option| option == "--podman")
}

/// The world of one test: folders, names and an identity of its own.
pub(crate) struct Lab {
    folder: tempfile::TempDir,
    name: String,
    pub(crate) engine: String,
    pub(crate) registry: String,
    pub(crate) base: String,
}

impl Lab {
    /// A world on the shared engine and registry; `name` tells this test's things apart.
    pub(crate) fn new(name: &str) -> Lab {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = tempfile::Builder::new().prefix("imgbuild-test-").tempdir().expect("tempdir");
        fs::create_dir(folder.path().join("home")).expect("home");
        Lab {
            folder,
            name,
            engine: setting("IMGBUILD_TEST_ENGINE"),
            registry: setting("IMGBUILD_TEST_REGISTRY"),
            base: setting("IMGBUILD_TEST_BASE"),
        }
    }

    /// The same on another engine.
    pub(crate) fn on(name: &str, engine: &str) -> Lab {
        let mut lab = Lab::new(name);
        lab.engine = engine.to_owned();
        lab
    }

    /// A path inside the test's own folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A name that no other test uses.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A repository in the registry that no other test uses.
    pub(crate) fn repository(&self) -> String {
        format!("{}/t/{}", self.registry, self.name)
    }

    /// A git repository with the hello service, a configuration that names [`repository`](Self::repository), and
    /// one commit on `main`.
    pub(crate) fn hello(&self) -> Repo<'_> {
        let repo = self.repo("repo");
        repo.write("Dockerfile", &dockerfile(&self.base));
        repo.write("www/index.html", "hello\n");
        repo.write("imgbuild.toml", &config(&self.repository()));
        repo.commit("first");
        repo
    }

    /// An empty git repository.
    pub(crate) fn repo(&self, folder: &str) -> Repo<'_> {
        let repo = Repo { lab: self, path: self.path(folder) };
        fs::create_dir_all(&repo.path).expect("repo");
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// The environment of every program of this test, and nothing else.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        let home = self.path("home");
        let pair = |key: &str, value: &OsStr| (OsString::from(key), value.to_owned());
        vec![
            pair("PATH", &std::env::var_os("PATH").expect("PATH")),
            pair("HOME", home.as_os_str()),
            pair("XDG_STATE_HOME", self.path("state").as_os_str()),
            pair("TMPDIR", self.folder.path().as_os_str()),
            pair("GIT_CONFIG_NOSYSTEM", OsStr::new("1")),
            pair("GIT_CONFIG_GLOBAL", OsStr::new("/dev/null")),
            pair("GIT_AUTHOR_DATE", OsStr::new("2024-01-02T03:04:05Z")),
            pair("GIT_COMMITTER_DATE", OsStr::new("2024-01-02T03:04:05Z")),
            pair("DOCKER_HOST", OsStr::new(&self.engine)),
            pair("LC_ALL", OsStr::new("C.UTF-8")),
        ]
    }

    /// The binary with `arguments`, run in `folder`.
    pub(crate) fn imgbuild(&self, folder: &Path, arguments: &[&str]) -> Invocation {
        let mut command = Command::new(env!("CARGO_BIN_EXE_imgbuild"));
        command.args(arguments).current_dir(folder).env_clear().envs(self.environment());
        command.stdin(Stdio::null());
        Invocation { command }
    }

    /// What the docker CLI prints; a failure fails the test.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        let output = self.docker_output(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The docker CLI against the test's engine.
    pub(crate) fn docker_output(&self, arguments: &[&str]) -> Output {
        Command::new(setting("IMGBUILD_TEST_DOCKER"))
            .args(["-H", &self.engine])
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .output()
            .expect("docker")
    }

    /// Ids of containers and networks on the engine that carry an owner label of any run of this test's.
    pub(crate) fn owned(&self, run: &str) -> BTreeSet<String> {
        let filter = format!("label=dev.imgbuild.owner.run={run}");
        let mut found = BTreeSet::new();
        for list in [&["ps", "-aq"][..], &["network", "ls", "-q"], &["volume", "ls", "-q"]] {
            let arguments: Vec<&str> = list.iter().copied().chain(["--filter", &filter]).collect();
            found.extend(self.docker(&arguments).lines().map(str::to_owned));
        }
        found
    }

    /// The journals of this test's runs.
    pub(crate) fn journals(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.path("state")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.expect("entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "jsonl") {
                    found.push(path.display().to_string());
                }
            }
        }
        found
    }

    /// The engine's clock, in the form that its events take.
    pub(crate) fn engine_time(&self) -> String {
        self.docker(&["info", "-f", "{{.SystemTime}}"])
    }

    /// What happened on the engine between two of its times.
    pub(crate) fn events(&self, since: &str, until: &str) -> Vec<Value> {
        let told = if is_podman() {
            // It knows no end that is past, and takes no times of the docker client's form.
            let socket = self.engine.strip_prefix("unix://").expect("a socket");
            let mut curl = Command::new("curl");
            curl.args(["-sS", "--fail", "-G", "--unix-socket", socket, "http://engine/v1.41/events"]);
            curl.args(["--data-urlencode", &format!("since={since}"), "--data-urlencode", "stream=false"]);
            let output = curl.output();
            let output = output.expect("curl");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).into_owned()
        } else {
            self.docker(&["events", "--since", since, "--until", until, "--format", "{{json .}}"])
        };
        told.lines().map(|line| serde_json::from_str(line).expect("event")).collect()
    }

    /// Runs `clean --yes`; afterwards no journal is left, and a second `clean` finds nothing.
    pub(crate) fn clean_leaves_nothing(&self, repo: &Repo<'_>) {
        repo.imgbuild(&["clean", "--yes"]).expect(0);
        assert_eq!(self.journals(), Vec::<String>::new(), "left in the journal");
        let again = repo.imgbuild(&["clean", "--format", "json"]).expect(0).json();
        let ours: Vec<&Value> = again["leftovers"]
            .as_array()
            .expect("leftovers")
            .iter()
            .filter(|l| l["id"].to_string().contains(&self.name))
            .collect();
        assert!(ours.is_empty(), "{ours:#?}");
    }

    /// Every tag of the test's repository in the registry, but those that only list what is attached to a digest.
    pub(crate) fn tags(&self) -> BTreeSet<String> {
        self.all_tags().into_iter().filter(|tag| !tag.starts_with("sha256-")).collect()
    }

    /// Every tag of the test's repository in the registry.
    pub(crate) fn all_tags(&self) -> BTreeSet<String> {
        let (status, body) = get(&self.registry, &format!("/v2/t/{}/tags/list", self.name), "*/*");
        if status == 404 {
            return BTreeSet::new();
        }
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        let list: Value = serde_json::from_slice(&body).expect("tags");
        list["tags"].as_array().into_iter().flatten().map(|t| t.as_str().expect("tag").to_owned()).collect()
    }

    /// The manifest's bytes behind `tag`, and its config digest.
    pub(crate) fn manifest(&self, tag: &str) -> (Vec<u8>, String) {
        let accept = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json";
        let (status, body) = get(&self.registry, &format!("/v2/t/{}/manifests/{tag}", self.name), accept);
        assert_eq!(status, 200, "{tag}: {}", String::from_utf8_lossy(&body));
        let manifest: Value = serde_json::from_slice(&body).expect("manifest");
        (body, manifest["config"]["digest"].as_str().expect("config digest").to_owned())
    }

    /// The labels of the image behind `tag`, from the registry.
    pub(crate) fn labels(&self, tag: &str) -> Value {
        let (_, config) = self.manifest(tag);
        let (status, body) = get(&self.registry, &format!("/v2/t/{}/blobs/{config}", self.name), "*/*");
        assert_eq!(status, 200);
        let config: Value = serde_json::from_slice(&body).expect("config");
        config["config"]["Labels"].clone()
    }
}

/// Podman takes a quarter of a second for each image that it lists, and so for all that tests before left: a minute for
/// two hundred. There, one test runs at a time.
impl Drop for Lab {
    fn drop(&mut self) {
        if is_podman() && !std::thread::panicking() {
            self.docker_output(&["image", "prune", "--all", "--force"]);
        }
    }
}

/// A service on the test's base image: healthy at once, ends on SIGTERM.
pub(crate) fn dockerfile(base: &str) -> String {
    format!(
        "FROM {base}\nCOPY www /www\nEXPOSE 8080\n\
         HEALTHCHECK --interval=30s --timeout=5s CMD [\"wget\", \"-q\", \"-O\", \"/dev/null\", \"http://127.0.0.1:8080/\"]\n\
         STOPSIGNAL SIGKILL\nCMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/www\"]\n"
    )
}

/// What switches the probes of [`config`] off.
const NO_PROBES: &str = "probes = \"off\"\n";

/// [`config`] with the probes that a command makes by itself.
pub(crate) fn config_with_probes(repository: &str) -> String {
    config(repository).replace(NO_PROBES, "")
}

/// A configuration with one test that asks the service, and without the probes, which take longer than all the rest: what
/// needs them asks for them.
pub(crate) fn config(repository: &str) -> String {
    format!(
        "schema = 1\n[image]\nrepository = \"{repository}\"\n{NO_PROBES}\n[[image.test]]\nname = \"serves\"\n\
         ready = {{ healthcheck = true, within = \"30s\" }}\n\
         http = [{{ path = \"/\", port = 8080, body = \"hello\" }}]\n\
         run = [{{ cmd = [\"cat\", \"/www/index.html\"], stdout = \"hello\" }}]\n"
    )
}

/// A git repository of a test.
pub(crate) struct Repo<'a> {
    lab: &'a Lab,
    pub(crate) path: PathBuf,
}

impl Repo<'_> {
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(path, text).expect("write");
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
        let output = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(&self.path)
            .env_clear()
            .envs(self.lab.environment())
            .output()
            .expect("git");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// The binary in this repository.
    pub(crate) fn imgbuild(&self, arguments: &[&str]) -> Invocation {
        self.lab.imgbuild(&self.path, arguments)
    }
}

/// A run of the binary that is being prepared.
pub(crate) struct Invocation {
    command: Command,
}

impl Invocation {
    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    pub(crate) fn without(mut self, key: &str) -> Self {
        self.command.env_remove(key);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Ran {
        Ran::of(self.command.output().expect("imgbuild"))
    }

    /// Runs it to its end; its output must be UTF-8. Also the peak of its resident memory in bytes, and how long it
    /// took.
    pub(crate) fn measured(mut self) -> (Ran, u64, Duration) {
        let began = Instant::now();
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("imgbuild");
        let (pid, stderr) = (child.id(), child.stderr.take().expect("stderr"));
        let errors = std::thread::spawn(move || drained(stderr, pid));
        let (stdout, most) = drained(child.stdout.take().expect("stdout"), pid);
        let (stderr, more) = errors.join().expect("stderr");
        let code = child.wait().expect("wait").code();
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let ran = Ran { code, stdout: text(stdout), stderr: text(stderr) };
        (ran, most.max(more), began.elapsed())
    }

    /// Runs it to its end with `--format json`-like expectations: the exit code must be `code`.
    pub(crate) fn expect(self, code: i32) -> Ran {
        let ran = self.run();
        assert_eq!(ran.code, Some(code), "stdout:\n{}\nstderr:\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// Starts it; its events are read one by one. It must have been given `--format ndjson`.
    pub(crate) fn start(mut self) -> Running {
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("imgbuild");
        let stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let mut stderr = child.stderr.take().expect("stderr");
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Running { child, lines, seen: Vec::new(), errors: Some(errors) }
    }
}

/// Reads a stream of the process `pid` to its end. What came, and the peak of the resident memory of the process in
/// bytes: the kernel keeps it, so that the last look before the end has it.
fn drained(mut stream: impl Read, pid: u32) -> (Vec<u8>, u64) {
    let (mut all, mut most, mut buffer) = (Vec::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = stream.read(&mut buffer).expect("read");
        most = peak(pid).unwrap_or(0).max(most);
        if read == 0 {
            return (all, most);
        }
        all.extend_from_slice(&buffer[..read]);
    }
}

/// The peak of a process's resident memory so far, in bytes; `None` where it ended.
fn peak(pid: u32) -> Option<u64> {
    memory(pid, "VmHWM:")
}

/// The memory that a process holds of its own at this moment, in bytes: without the pages of its executable, whose number
/// is the compiler's affair. `None` where it ended.
pub(crate) fn held(pid: u32) -> Option<u64> {
    memory(pid, "RssAnon:")
}

fn memory(pid: u32, which: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with(which))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// A run that ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The one JSON document that `--format json` prints.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", self.stdout, self.stderr))
    }

    /// Fails unless stderr holds `text`.
    pub(crate) fn says(&self, text: &str) -> &Ran {
        assert!(self.stderr.contains(text), "{text:?} is not in:\n{}", self.stderr);
        self
    }
}

/// A run that goes on.
pub(crate) struct Running {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
    seen: Vec<Value>,
    errors: Option<std::thread::JoinHandle<String>>,
}

impl Running {
    /// Waits for the first event that fits; fails the test where the run ends without.
    pub(crate) fn wait_for(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    let event: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
                    self.seen.push(event.clone());
                    if fits(&event) {
                        return event;
                    }
                }
                Err(error) => {
                    let _ = self.child.kill();
                    let stderr = self.errors.take().map(|e| e.join().expect("stderr")).unwrap_or_default();
                    panic!("{what} did not come: {error}\n{:#?}\n{stderr}", self.seen)
                }
            }
        }
    }

    /// Waits for the event of this type.
    pub(crate) fn wait_for_type(&mut self, kind: &str) -> Value {
        self.wait_for(kind, |event| event["type"] == kind)
    }

    /// The run's id; waits for it where it has not been told.
    pub(crate) fn run_id(&mut self) -> String {
        let told = self.seen.iter().find(|event| event["type"] == "run-started").cloned();
        let event = told.unwrap_or_else(|| self.wait_for_type("run-started"));
        event["run"].as_str().expect("run id").to_owned()
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("kill");
    }

    /// Waits for the end: exit code (none where a signal ended it), every event, stderr.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<Value>, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.extend(serde_json::from_str::<Value>(&line).ok()),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error) => {
                    let _ = self.child.kill();
                    panic!("the run did not end: {error}\n{:#?}", self.seen)
                }
            }
        }
        let status = self.child.wait().expect("wait");
        let stderr = self.errors.take().map(|errors| errors.join().expect("stderr")).unwrap_or_default();
        (status.code(), std::mem::take(&mut self.seen), stderr)
    }
}

/// One GET over plain HTTP: status and body.
pub(crate) fn get(host: &str, path: &str, accept: &str) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(host).unwrap_or_else(|error| panic!("{host}: {error}"));
    stream.set_read_timeout(Some(PATIENCE)).expect("timeout");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n").expect("request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answer");
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("header");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("status");
    (status, answer[end + 4..].to_vec())
}
