//! Deployments on a real engine: broken versions, kills at each step, two at once, ways back.

#![cfg(test)]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use support::lab::{Invocation, Lab, Ran, Running};
use support::private::PrivateEngine;

/// What `imgbuild ci` says of an image that it built of a clean commit.
const RELEASE: [&str; 3] = [
    "dev.imgbuild.tool.version=1",
    "dev.imgbuild.git.clean=true",
    "org.opencontainers.image.revision=0123456789abcdef",
];
const HEALTHCHECK: &str =
    "HEALTHCHECK --interval=30s CMD [\"wget\", \"-q\", \"-O\", \"/dev/null\", \"http://127.0.0.1:8080/\"]\n";
const SERVES: &str = "CMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/www\"]\n";

/// Keys of tests alone.
const TRUSTED: &str = include_str!("../src/evidence/key/public.pem");
const TRUSTING: &str = include_str!("../src/evidence/key/sec1.pem");

/// A host with one deployment, `web`.
struct Site {
    lab: Lab,
    port: u16,
    more: String,
}

impl Site {
    /// Of a service on a fixed port of the host.
    fn new(name: &str) -> Site {
        Site::of(Lab::new(name))
    }

    fn of(lab: Lab) -> Site {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("address").port();
        drop(free);
        let site = Site { lab, port, more: String::new() };
        fs::create_dir_all(site.folder()).expect("folder");
        site.configure("", "");
        site
    }

    fn folder(&self) -> PathBuf {
        self.lab.path("site")
    }

    /// The container's name.
    fn name(&self) -> &str {
        self.lab.name()
    }

    /// Writes the configuration: `extra` into the table, with `ports` in place of the fixed one where it is not empty.
    fn configure(&self, extra: &str, ports: &str) {
        let fixed = format!("ports = [\"127.0.0.1:{}:8080\"]", self.port);
        let ports = if ports.is_empty() { fixed.as_str() } else { ports };
        let text = format!(
            "[deploy.web]\nimage = \"{}:1\"\ncontainer = \"{}\"\n{ports}\nnetworks = [{}]\n\
             ready = {{ healthcheck = true, within = \"20s\" }}\n\
             http = [{{ path = \"/\", port = 8080, within = \"3s\" }}]\nwatch = \"300ms\"\ngrace = \"2s\"\n{extra}\n{}",
            self.lab.repository(),
            self.name(),
            self.networks(),
            self.more,
        );
        fs::write(self.folder().join("imgbuild.toml"), text).expect("configuration");
    }

    fn networks(&self) -> String {
        let network = self.network();
        format!("{{ name = \"{network}\", aliases = [\"api\"] }}")
    }

    /// A network of the site's own; made when it is first asked for.
    fn network(&self) -> String {
        let network = format!("net-{}", self.name());
        let there = self.lab.docker(&["network", "ls", "-q", "--filter", &format!("name=^{network}$")]);
        if there.is_empty() {
            self.lab.docker(&["network", "create", &network]);
        }
        network
    }

    /// Makes and pushes the image `tag`, whose page says so; `body` is the end of its Dockerfile.
    fn version_of(&self, tag: &str, labels: &[&str], body: &str) -> String {
        let folder = self.lab.path(&format!("image-{tag}"));
        fs::create_dir_all(&folder).expect("folder");
        fs::write(folder.join("index.html"), format!("version {tag}\n")).expect("page");
        let dockerfile = format!(
            "FROM {}\nCOPY index.html /www/index.html\nEXPOSE 8080\nSTOPSIGNAL SIGKILL\n{body}",
            self.lab.base
        );
        fs::write(folder.join("Dockerfile"), dockerfile).expect("Dockerfile");
        let reference = format!("{}:{tag}", self.lab.repository());
        let mut arguments = vec!["build", "-q", "-t", &reference];
        labels.iter().for_each(|label| arguments.extend(["--label", label]));
        arguments.push(folder.to_str().expect("path"));
        self.lab.docker(&arguments);
        self.lab.docker(&["push", "-q", &reference]);
        reference
    }

    fn version(&self, tag: &str, body: &str) -> String {
        self.version_of(tag, &RELEASE, body)
    }

    /// A version that works.
    fn good(&self, tag: &str) -> String {
        self.version(tag, &format!("{HEALTHCHECK}{SERVES}"))
    }

    fn imgbuild(&self, arguments: &[&str]) -> Invocation {
        self.lab.imgbuild(&self.folder(), arguments)
    }

    fn deploy(&self, arguments: &[&str]) -> Ran {
        self.imgbuild(&[&["deploy", "web", "--format", "json"], arguments].concat()).run()
    }

    /// Deploys `tag`, which has to work.
    fn deployed(&self, tag: &str) -> Value {
        let ran = self.deploy(&[tag]);
        assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(self.answer(), format!("version {tag}\n"));
        ran.json()
    }

    /// What the service answers; an empty text where it does not.
    fn answer(&self) -> String {
        ask(self.port).unwrap_or_default()
    }

    fn inspect(&self, format: &str) -> String {
        self.lab.docker(&["inspect", "-f", format, self.name()])
    }

    /// Exactly one container of the deployment is there; it runs, comes back by itself, and nothing of a run is left.
    fn is_tidy(&self, what: &str) {
        let filter = format!("name=^{}", self.name());
        let names = self.lab.docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]);
        assert_eq!(names, self.name(), "{what}");
        assert_eq!(
            self.inspect("{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}"),
            "true unless-stopped",
            "{what}"
        );
        let filter = format!("name={}", self.name());
        let left = self.lab.docker(&["volume", "ls", "-q", "--filter", &filter]);
        assert_eq!(left, "", "the lock stayed: {what}");
        let networks = self.inspect("{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}");
        assert_eq!(networks.trim(), self.network(), "{what}");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let name = self.name().to_owned();
        for name in
            [name.clone(), format!("{name}-previous"), format!("{name}-next"), format!("client-{name}")]
        {
            self.lab.docker_output(&["rm", "-f", "-v", &name]);
        }
        self.lab.docker_output(&["volume", "rm", &format!("imgbuild-deploy-{name}")]);
        self.lab.docker_output(&["network", "rm", &format!("net-{name}")]);
    }
}

/// One request to a port of this machine: the body of an answer with status 200.
fn ask(port: u16) -> Option<String> {
    let address = ([127, 0, 0, 1], port).into();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok()?;
    stream.set_read_timeout(Some(Duration::from_millis(1000))).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.split(' ').nth(1).filter(|status| *status == "200").map(|_| body.to_owned())
}

/// Asks every 10 ms, and counts.
struct Client {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Counted>,
}

/// What a client saw.
#[derive(Debug, Default)]
struct Counted {
    answered: u32,
    failed: u32,
    /// The longest time between the begin of one request that was answered and the end of the next one that was.
    gap: Duration,
}

impl Client {
    fn start(port: u16) -> Client {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut counted = Counted::default();
            let mut last: Option<Instant> = None;
            let mut answered = false;
            // The last answer is where the last gap ends.
            while !(asked.load(Ordering::Relaxed) && answered) {
                let began = Instant::now();
                let answer = ask(port);
                answered = answer.is_some();
                match answer {
                    Some(_) => {
                        counted.answered += 1;
                        counted.gap = last.map_or(counted.gap, |last| counted.gap.max(last.elapsed()));
                        last = Some(began);
                    }
                    None => counted.failed += 1,
                }
                // The pace of the client, and nothing that is waited for.
                std::thread::park_timeout(Duration::from_millis(10).saturating_sub(began.elapsed()));
            }
            counted
        });
        Client { stop, thread }
    }

    fn end(self) -> Counted {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("client")
    }
}

fn is_step(event: &Value, step: &str) -> bool {
    event["type"] == "deploy-step" && event["step"] == step
}

#[test]
fn ten_ways_to_be_bad_and_the_old_version_serves() {
    let mut site = Site::new("bad");
    site.more = "memory = \"24MB\"\n".to_owned();
    site.configure("", "");
    site.good("1");
    site.deployed("1");
    let mut started = site.inspect("{{.State.StartedAt}}");
    let nowhere = format!("sha256:{}", "0".repeat(64));
    let down = "127.0.0.1:1/t/web:1";
    let quick = "ready = { healthcheck = true, within = \"4s\" }";
    let slow = fs::read_to_string(site.folder().join("imgbuild.toml")).expect("configuration");
    let impatient = slow.replace("ready = { healthcheck = true, within = \"20s\" }", quick);
    assert_ne!(slow, impatient);
    let long_watch = slow.replace("watch = \"300ms\"", "watch = \"12s\"");
    let bad_mount = format!("{slow}mounts = [{{ bind = \"/nowhere/at/all:/x:ro\" }}]\n");
    let no_health = slow.replace("ready = { healthcheck = true, within = \"20s\" }\n", "");
    let refused = "CMD [\"sh\", \"-c\", \"while :; do printf 'HTTP/1.0 500 No\\\\r\\\\n\\\\r\\\\n' | nc -l -p 8080; done\"]\n";
    let sick = "HEALTHCHECK --interval=1s CMD [\"false\"]\n";
    let with = |command: &str| format!("{HEALTHCHECK}CMD {command}\n");
    let cases: [(&str, &str, String, &str, bool); 10] = [
        ("exits-at-once", &slow, with("[\"false\"]"), "exit code 1", true),
        (
            "exits-after-8-s",
            &long_watch,
            with("[\"sh\", \"-c\", \"httpd -p 8080 -h /www; sleep 8\"]"),
            "it ended",
            false,
        ),
        ("never-healthy", &impatient, format!("{sick}{SERVES}"), "healthy within", true),
        (
            "wrong-port",
            &impatient,
            with("[\"httpd\", \"-f\", \"-p\", \"8081\", \"-h\", \"/www\"]"),
            "healthy within",
            true,
        ),
        ("says-500", &no_health, refused.to_owned(), "500", true),
        ("no-command", &slow, with("[\"/nope\"]"), "/nope", true),
        ("bad-mount", &bad_mount, with("[\"true\"]"), "/nowhere/at/all", true),
        ("out-of-memory", &slow, with("[\"tail\", \"/dev/zero\"]"), "memory", true),
        ("no-digest", &slow, String::new(), "cannot get", true),
        ("registry-down", &slow, String::new(), "cannot get", true),
    ];
    for (name, config, body, says, never_stopped) in cases {
        fs::write(site.folder().join("imgbuild.toml"), config).expect("configuration");
        let reference = match name {
            "no-digest" => nowhere.clone(),
            "registry-down" => down.to_owned(),
            _ => {
                site.version(name, &body);
                name.to_owned()
            }
        };
        let client = Client::start(site.port);
        let ran = site.deploy(&[&reference]);
        let counted = client.end();
        let what = format!("{name}: {}\n{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, Some(9), "{what}");
        assert!(ran.json()["error"]["message"].to_string().contains(says), "{what}");
        assert_eq!(site.answer(), "version 1\n", "{what}");
        site.is_tidy(&what);
        let again = site.inspect("{{.State.StartedAt}}");
        if never_stopped {
            assert_eq!(again, started, "it was stopped: {what}");
            assert_eq!(counted.failed, 0, "{counted:?} {what}");
        } else {
            // The log of the new one is told before it goes.
            assert!(ran.json()["tests"].to_string().contains("reproduce"), "{what}");
            started = again;
        }
        println!("{name}: {counted:?}");
    }
    let kept = site.lab.docker(&[
        "images",
        "--format",
        "{{.Repository}}:{{.Tag}}",
        &format!("imgbuild-keep/{}", site.name()),
    ]);
    assert!(kept.lines().count() <= 3, "{kept}");
}

/// The script that everybody has.
fn script(site: &Site, reference: &str) {
    let (name, port) = (site.name().to_owned(), format!("127.0.0.1:{}:8080", site.port));
    let network = site.network();
    site.lab.docker(&["pull", "-q", reference]);
    site.lab.docker(&["stop", "-t", "2", &name]);
    site.lab.docker(&["rm", &name]);
    let run = [
        "run",
        "-d",
        "--name",
        &name,
        "--restart",
        "unless-stopped",
        "--network",
        &network,
        "-p",
        &port,
        reference,
    ];
    site.lab.docker(&run);
}

/// The same, until its service answers.
fn script_until_it_answers(site: &Site, reference: &str) {
    script(site, reference);
    let since = Instant::now();
    while site.answer().is_empty() {
        assert!(since.elapsed() < Duration::from_secs(30), "the script's service does not answer");
    }
}

#[test]
fn with_a_fixed_port_the_gap_is_measured_beside_the_scripts() {
    let site = Site::new("gap");
    let two = site.good("2");
    site.good("1");
    site.good("3");
    site.deployed("1");
    let client = Client::start(site.port);
    let report = site.deployed("3");
    let ours = client.end();
    site.is_tidy("after a swap");
    let client = Client::start(site.port);
    script_until_it_answers(&site, &two);
    let theirs = client.end();
    println!(
        "fixed port: imgbuild {ours:?}, the script {theirs:?}, the report says {} ms",
        report["deploy"]["gap_ms"]
    );
    assert!(ours.answered > 0 && theirs.answered > 0);
    // What is made before anything is stopped is not in the gap; a busy machine may add to either.
    assert!(ours.gap < theirs.gap * 2 + Duration::from_secs(1), "{ours:?} {theirs:?}");
    // The script's container is nobody's that is known, and is replaced when somebody says so.
    let refused = site.deploy(&["1"]);
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
    refused.says("--adopt");
    assert_eq!(site.answer(), "version 2\n");
    let adopted = site.deploy(&["1", "--adopt"]);
    assert_eq!(adopted.code, Some(0), "{}", adopted.stderr);
    site.is_tidy("adopted");
    let back = site.imgbuild(&["rollback", "web"]).run();
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    assert_eq!(site.answer(), "version 2\n", "what ran before imgbuild is kept as well");
    // What the script makes of a version that is broken, and how one gets out of it.
    script(&site, &site.version("broken", "CMD [\"false\"]\n"));
    assert_eq!(site.answer(), "", "the script leaves the site down");
    let mended = site.deploy(&["3", "--adopt"]);
    assert_eq!(mended.code, Some(0), "{}", mended.stderr);
    assert_eq!(site.answer(), "version 3\n");
    site.is_tidy("mended");
}

/// Nanoseconds of an RFC 3339 time.
fn nanos(text: &str) -> i128 {
    text.parse::<jiff::Timestamp>().expect("time").as_nanosecond()
}

#[test]
fn behind_an_alias_no_request_fails_that_begins_after_the_switch() {
    let site = Site::new("alias");
    site.configure("", "ports = []");
    for tag in ["1", "2"] {
        site.good(tag);
    }
    let first = site.deploy(&["1"]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let client = format!("client-{}", site.name());
    let script = "while :; do echo begin; if wget -q -O /dev/null http://api:8080/; then echo ok; else echo failed; fi; usleep 10000; done";
    let network = site.network();
    site.lab.docker(&[
        "run",
        "-d",
        "--name",
        &client,
        "--network",
        &network,
        &site.lab.base,
        "sh",
        "-c",
        script,
    ]);
    let since = site.lab.engine_time();
    let ran = site.deploy(&["2"]);
    let until = site.lab.engine_time();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["deploy"]["gap_ms"], 0);
    let log = site.lab.docker(&["logs", "-t", &client]);
    site.is_tidy("after the switch");
    assert_eq!(site.lab.docker(&["exec", &client, "wget", "-q", "-O", "-", "http://api:8080/"]), "version 2");

    let events = site.lab.events(&since, &until);
    let left = |event: &&Value| event["Type"] == "network" && event["Action"] == "disconnect";
    // The last one to leave the network while both run is the old one: the new one leaves before, to come back by its name.
    let times: Vec<i128> =
        events.iter().filter(left).map(|event| event["timeNano"].as_i64().expect("time").into()).collect();
    assert!(times.len() >= 2, "{events:#?}");
    let switched = times[1];
    let (mut begun, mut answered, mut in_flight, mut failed) = (0i128, 0, 0, 0);
    for line in log.lines() {
        let (time, word) = line.split_once(' ').expect("a line with its time");
        match word {
            "begin" => begun = nanos(time),
            "ok" => answered += 1,
            "failed" if begun <= switched => in_flight += 1,
            "failed" => failed += 1,
            _ => {}
        }
    }
    println!(
        "alias: {answered} answered, {in_flight} failed in flight, {failed} that began after the switch"
    );
    assert!(answered > 20, "{log}");
    assert_eq!(failed, 0, "{log}");
    assert!(in_flight <= 1, "{log}");
}

/// Kills a deployment before each of its steps; one further command makes it serve.
fn killed_at_each_step(site: &Site, answers: impl Fn(&Site) -> String) {
    for tag in ["a", "b"] {
        site.good(tag);
        let ran = site.deploy(&[tag]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let mut steps = Vec::new();
    for nth in 0.. {
        let tag = if nth % 2 == 0 { "a" } else { "b" };
        let mut running = site.imgbuild(&["deploy", "web", tag, "--format", "ndjson"]).start();
        let (seen, last) = (Cell::new(0), RefCell::new(String::new()));
        let event = running.wait_for("a step or the end", |event| {
            let is_step = event["type"] == "deploy-step";
            if is_step {
                last.replace(event["step"].as_str().expect("step").to_owned());
            }
            seen.set(seen.get() + usize::from(is_step));
            (is_step && seen.get() > nth) || event["type"] == "run-finished"
        });
        if event["type"] == "run-finished" {
            let (code, events, stderr) = running.end();
            assert_eq!(code, Some(0), "{events:#?}\n{stderr}");
            break;
        }
        running.signal(Signal::KILL);
        running.end();
        let step = last.into_inner();
        let what = format!("killed at step {nth}, {step}");
        // Either command recovers.
        let arguments: &[&str] = if nth % 3 == 2 { &["rollback", "web"] } else { &["deploy", "web", tag] };
        let ran = site.imgbuild(arguments).run();
        assert_eq!(ran.code, Some(0), "{what}: {}\n{}", ran.stdout, ran.stderr);
        let answer = answers(site);
        assert!(["version a\n", "version b\n"].contains(&answer.as_str()), "{what}: {answer:?}");
        site.is_tidy(&what);
        steps.push(step);
    }
    println!("killed at {steps:?}");
    let all: BTreeSet<&str> = steps.iter().map(String::as_str).collect();
    for step in
        ["lock", "pull", "create", "rename", "restart-policy", "stop", "start", "ready", "watch", "remove"]
    {
        assert!(all.contains(step), "{step} was not struck: {steps:?}");
    }
    site.imgbuild(&["clean", "--yes"]).expect(0);
    assert_eq!(site.lab.journals(), Vec::<String>::new());
}

#[test]
fn killed_at_each_step_of_a_swap_in_place_one_command_recovers() {
    killed_at_each_step(&Site::new("kill"), Site::answer);
}

#[test]
fn killed_at_each_step_of_a_swap_beside_one_command_recovers() {
    let site = Site::new("beside");
    site.configure("", "ports = []");
    killed_at_each_step(&site, |site| {
        let ask = ["exec", site.name(), "wget", "-q", "-O", "-", "http://api:8080/"];
        site.lab.docker(&ask) + "\n"
    });
}

#[test]
fn an_engine_that_is_killed_in_the_middle_of_a_swap_serves_after_one_command() {
    let engine = PrivateEngine::start("deploy");
    let site = Site::of(Lab::on("dockerd", &engine.url));
    for tag in ["1", "2"] {
        site.good(tag);
    }
    let inside = |site: &Site| {
        site.lab.docker(&["exec", site.name(), "wget", "-q", "-O", "-", "http://127.0.0.1:8080/"])
    };
    site.configure("http = []", "");
    let config = fs::read_to_string(site.folder().join("imgbuild.toml")).expect("configuration");
    // The engine's ports may be in a namespace of its own: its HEALTHCHECK is what counts.
    let asks = config.lines().filter(|line| !line.starts_with("http = [{"));
    fs::write(site.folder().join("imgbuild.toml"), asks.collect::<Vec<_>>().join("\n"))
        .expect("configuration");
    let ran = site.deploy(&["1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for step in ["rename", "stop", "start", "ready", "remove"] {
        let mut running = site.imgbuild(&["deploy", "web", "2", "--format", "ndjson"]).start();
        running.wait_for(step, |event| is_step(event, step));
        engine.kill();
        let (code, events, stderr) = running.end();
        // The removal of the old one is all that is left to do: it may be done before the engine dies.
        let over = step == "remove" && code == Some(0);
        assert!(over || matches!(code, Some(8..=10)), "{step}: {code:?} {events:#?}\n{stderr}");
        engine.restart();
        let mut ran = site.deploy(&["1"]);
        // Docker 20.10 that is killed while it starts a container may hold that one's port until it starts once more, and
        // nobody else can have it.
        if ran.code == Some(10) && ran.stdout.contains("port is already allocated") {
            println!("{step}: the engine holds the port of a container that it lost");
            ran.says("restart the engine");
            engine.kill();
            engine.restart();
            ran = site.deploy(&["1"]);
        }
        assert_eq!(ran.code, Some(0), "{step}: {}\n{}", ran.stdout, ran.stderr);
        assert_eq!(inside(&site), "version 1", "{step}");
        site.is_tidy(step);
    }
}

#[test]
fn a_signal_in_the_middle_of_a_swap_brings_the_old_one_back() {
    let site = Site::new("signal");
    site.good("1");
    site.good("2");
    site.deployed("1");
    for (signal, code, step) in
        [(Signal::INT, 130, "ready"), (Signal::TERM, 143, "stop"), (Signal::INT, 130, "watch")]
    {
        let mut running = site.imgbuild(&["deploy", "web", "2", "--format", "ndjson"]).start();
        running.wait_for(step, |event| is_step(event, step));
        running.signal(signal);
        let (ended, events, stderr) = running.end();
        assert_eq!(ended, Some(code), "{step}: {events:#?}\n{stderr}");
        assert_eq!(site.answer(), "version 1\n", "{step}: {events:#?}\n{stderr}");
        site.is_tidy(step);
    }
}

/// Makes a pipe that a command before the swap waits at.
fn gate(site: &Site) -> PathBuf {
    let pipe = site.lab.path("gate");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    pipe
}

#[test]
fn of_two_deployments_at_once_the_second_is_told_who_is_first() {
    let site = Site::new("two");
    site.good("1");
    site.good("2");
    site.deployed("1");
    let pipe = gate(&site);
    site.configure(
        &format!("before = [{{ cmd = [\"cat\", \"{}\"], within = \"60s\" }}]", pipe.display()),
        "",
    );
    let mut running: Running =
        site.imgbuild(&["deploy", "web", "2", "--format", "ndjson"]).env("USER", "first").start();
    let run = running.run_id();
    running.wait_for("the command", |event| {
        event["type"] == "test-started" && event["name"].to_string().contains("before")
    });
    let second = site.imgbuild(&["deploy", "web", "1"]).run();
    assert_eq!(second.code, Some(4), "{}", second.stderr);
    second.says(&run).says("first@");
    let third = site.imgbuild(&["rollback", "web"]).run();
    assert!(third.code == Some(4) && third.stderr.contains(&run), "{}", third.stderr);
    fs::write(&pipe, "go on\n").expect("pipe");
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(0), "{events:#?}\n{stderr}");
    assert_eq!(site.answer(), "version 2\n");
    site.is_tidy("after both");

    // One that was killed holds it no longer, and whose process cannot be seen is asked for by force.
    let volume = format!("imgbuild-deploy-{}", site.name());
    let labels = [
        "dev.imgbuild.deploy.lock=x",
        "dev.imgbuild.deploy.by=elsewhere",
        "dev.imgbuild.deploy.at=1",
        "dev.imgbuild.owner.run=far",
        "dev.imgbuild.owner.host=another",
        "dev.imgbuild.owner.boot=another",
        "dev.imgbuild.owner.pid=1",
        "dev.imgbuild.owner.pid-start=1",
        "dev.imgbuild.owner.deadline=4000000000",
    ];
    let mut arguments = vec!["volume", "create"];
    labels.iter().for_each(|label| arguments.extend(["--label", label]));
    arguments.push(&volume);
    site.lab.docker(&arguments);
    site.configure("", "");
    let held = site.imgbuild(&["deploy", "web", "1"]).run();
    assert_eq!(held.code, Some(4), "{}", held.stderr);
    held.says("--break-lock").says("elsewhere");
    let broken = site.deploy(&["1", "--break-lock"]);
    assert_eq!(broken.code, Some(0), "{}", broken.stderr);
    site.is_tidy("broken");
}

#[test]
fn a_command_before_the_swap_that_fails_swaps_nothing() {
    let site = Site::new("before");
    site.good("1");
    site.good("2");
    site.deployed("1");
    let started = site.inspect("{{.State.StartedAt}}");
    for (command, says) in [
        ("{ cmd = \"echo dumped $IMGBUILD_DEPLOY_NAME >&2; exit 3\" }", "dumped web"),
        ("{ cmd = [\"sh\", \"-c\", \"echo no migration; exit 4\"], inside = true }", "exit code 4"),
    ] {
        site.configure(&format!("before = [{command}]"), "");
        let ran = site.deploy(&["2"]);
        assert_eq!(ran.code, Some(9), "{}", ran.stderr);
        assert!(ran.stdout.contains(says), "{}", ran.stdout);
        assert_eq!(
            (site.answer(), site.inspect("{{.State.StartedAt}}")),
            ("version 1\n".to_owned(), started.clone())
        );
        site.is_tidy(command);
    }
    site.configure(
        "before = [{ cmd = [\"test\", \"-s\", \"/www/index.html\"], inside = true }, { cmd = [\"true\"] }]",
        "",
    );
    site.deployed("2");
    site.is_tidy("done");
}

#[test]
fn what_ran_before_is_kept_and_comes_back_without_a_registry() {
    let site = Site::new("back");
    site.configure("keep = 2", "");
    let digests: Vec<String> = ["1", "2", "3"]
        .iter()
        .map(|tag| {
            site.good(tag);
            let report = site.deployed(tag);
            report["deploy"]["digest"].as_str().expect("digest").to_owned()
        })
        .collect();
    let list = site.imgbuild(&["rollback", "web", "--list", "--format", "json"]).expect(0).json();
    let kept: Vec<&str> = list["kept"]
        .as_array()
        .expect("kept")
        .iter()
        .map(|one| one["digest"].as_str().expect("digest"))
        .collect();
    assert_eq!(kept, [&digests[2], &digests[1]], "two are kept");
    // Dangling images go, and what is kept is none.
    site.lab.docker(&["rmi", &format!("{}:2", site.lab.repository())]);
    site.lab.docker(&["image", "prune", "-f"]);
    let ran = site.imgbuild(&["rollback", "web"]).run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(site.answer(), "version 2\n");
    site.is_tidy("back");
    let there = site.imgbuild(&["rollback", "web", "--to", &digests[2]]).run();
    assert_eq!(there.code, Some(0), "{}", there.stderr);
    assert_eq!(site.answer(), "version 3\n");
    let gone = site.imgbuild(&["rollback", "web", "--to", &digests[0]]).run();
    assert_eq!(gone.code, Some(4), "{}", gone.stderr);
    gone.says("--list");

    let all = site.imgbuild(&["deployments", "--format", "json"]).expect(0).json();
    let mine = all["deployments"]
        .as_array()
        .expect("deployments")
        .iter()
        .find(|one| one["container"] == site.name());
    let mine = mine.expect("the deployment");
    assert_eq!((mine["name"].as_str(), mine["digest"].as_str()), (Some("web"), Some(digests[2].as_str())));
    assert!(site.imgbuild(&["deployments"]).expect(0).stdout.contains(site.name()));
}

#[test]
fn values_of_variables_are_shown_nowhere() {
    let site = Site::new("env");
    fs::write(site.folder().join("key"), "hush-from-a-file\n").expect("key");
    let env = "env = { PLAIN = \"plain\", TOKEN = { env = \"THE_TOKEN\" }, KEY = { file = \"key\" } }";
    site.configure(env, "");
    site.version(
        "1",
        &format!("{HEALTHCHECK}CMD [\"sh\", \"-c\", \"echo $TOKEN $KEY; exec httpd -f -p 8080 -h /www\"]\n"),
    );
    site.version("2", &format!("{HEALTHCHECK}CMD [\"sh\", \"-c\", \"echo $TOKEN $KEY; exit 1\"]\n"));
    let missing = site.deploy(&["1"]);
    assert_eq!(missing.code, Some(4), "{}", missing.stderr);
    missing.says("THE_TOKEN");
    let report = site.lab.path("report.json");
    let mut said = String::new();
    for (tag, code) in [("1", 0), ("2", 9)] {
        let arguments =
            ["deploy", "web", tag, "--format", "ndjson", "--report", report.to_str().expect("path")];
        let ran = site.imgbuild(&arguments).env("THE_TOKEN", "hush-from-a-variable").run();
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        said += &(ran.stdout + &ran.stderr + &fs::read_to_string(&report).expect("report"));
    }
    said += &site.imgbuild(&["config", "--origin"]).expect(0).stdout;
    said += &site.imgbuild(&["deployments", "--format", "json"]).expect(0).stdout;
    said += &site.inspect("{{json .Config.Labels}}");
    assert!(!said.contains("hush"), "{said}");
    assert!(site.inspect("{{json .Config.Env}}").contains("hush-from-a-file"), "the container has them");
}

#[test]
fn what_may_not_run_here_is_refused_before_anything_is_done() {
    let site = Site::new("admit");
    // Nothing served before the first, and nothing is left of one that is broken.
    site.version("broken", &format!("{HEALTHCHECK}CMD [\"false\"]\n"));
    for ports in ["", "ports = []"] {
        site.configure("restart = \"no\"", ports);
        let ran = site.deploy(&["broken"]);
        assert_eq!(ran.code, Some(9), "{}", ran.stderr);
        let filter = format!("name=^{}", site.name());
        assert_eq!(site.lab.docker(&["ps", "-aq", "--filter", &filter]), "", "{}", ran.stderr);
    }
    site.configure("", "");
    site.good("1");
    site.deployed("1");
    let body = format!("{HEALTHCHECK}{SERVES}");
    let dev = [RELEASE.as_slice(), &["dev.imgbuild.dev=true"]].concat();
    let forged = [RELEASE.as_slice(), &["dev.imgbuild.deploy.name=web"]].concat();
    let owned = [RELEASE.as_slice(), &["dev.imgbuild.owner.run=x"]].concat();
    for (tag, labels, says) in [
        ("dev", dev.as_slice(), "development image"),
        ("bare", &[], "none of imgbuild's"),
        ("forged", &forged, "dev.imgbuild.deploy.name"),
        ("owned", &owned, "dev.imgbuild.owner.run"),
    ] {
        site.version_of(tag, labels, &body);
        let ran = site.deploy(&[tag]);
        assert_eq!(ran.code, Some(4), "{tag}: {}", ran.stderr);
        assert!(ran.stdout.contains(says), "{tag}: {}", ran.stdout);
        assert_eq!(site.answer(), "version 1\n");
        site.is_tidy(tag);
    }
    site.configure("labels = { \"org.opencontainers.image.title\" = \"web\" }", "");
    let ran = site.deploy(&["1"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    site.configure("accept = \"any\"", "");
    site.deployed("bare");
    // A container of an image with our labels is no deployment, whatever it is called.
    let forged = format!("{}:forged", site.lab.repository());
    let client = format!("client-{}", site.name());
    site.lab.docker(&["run", "-d", "--name", &client, "--network", "none", &forged]);
    let all = site.imgbuild(&["deployments", "--format", "json"]).expect(0).json();
    assert!(!all.to_string().contains(&client), "{all}");

    for (arguments, code) in [
        (&["deploy", "nothing"][..], 2),
        (&["deploy", "web", "a tag"], 2),
        (&["rollback", "web", "--to", "nothing"], 4),
        (&["deploy", "web", "--host", "ftp://x"], 2),
    ] {
        let ran = site.imgbuild(arguments).run();
        assert!(
            ran.code == Some(code) || ran.code == Some(3),
            "{arguments:?}: {:?} {}",
            ran.code,
            ran.stderr
        );
    }
}

#[test]
fn only_what_a_trusted_key_signed_is_deployed() {
    let mut site = Site::new("trusted");
    site.good("1");
    site.more = format!("[evidence]\nverify-keys = ['''\n{TRUSTED}''']\n");
    site.configure("", "");
    let ran = site.deploy(&["1"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stdout.contains("signature: there is none"), "{}", ran.stdout);
    assert_eq!(site.lab.docker(&["ps", "-aq", "--filter", &format!("name=^{}", site.name())]), "");

    let key = site.lab.path("key.pem");
    let repo = site.lab.hello();
    let other = rcgen::KeyPair::generate().expect("key").serialize_pem();
    for (signed_by, code) in [(other.as_str(), 4), (TRUSTING, 0)] {
        fs::write(&key, signed_by).expect("key");
        let arguments = ["ci", "--sign-key", key.to_str().expect("path"), "--format", "json"];
        let report = repo.imgbuild(&arguments).expect(0).json();
        let digest = report["image"]["digest"].as_str().expect("digest").to_owned();
        let ran = site.deploy(&[&digest]);
        assert_eq!(ran.code, Some(code), "{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stdout.contains("is of none of the keys"), code == 4, "{}", ran.stdout);
        repo.write("more", "more\n");
        repo.commit("more");
    }
}

#[test]
fn a_pull_request_of_a_fork_deploys_nothing() {
    let site = Site::new("fork");
    site.good("1");
    let ran = site
        .imgbuild(&["deploy", "web"])
        .env("CI", "true")
        .env("IMGBUILD_FORK", "true")
        .env("IMGBUILD_PR", "7")
        .run();
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    ran.says("deploys nothing");
}
