//! Tests of images, put to a real engine: when a container counts as ready, what checks find, what a failed test leaves
//! to be read, and that nothing else is left.

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use imgbuild::engine::{Endpoint, Engine, Keeper, Owner};
use imgbuild::event::{Event, Events, Outcome};
use imgbuild::expect::{
    Check, CheckResult, ContainerOptions, Health, HostCommand, HttpCheck, Matcher, Mount, Pattern, ProbeSet,
    ReadySpec, RunCheck, ServiceSpec, Start, TestSpec, Verdict, What, Where,
};
use imgbuild::smoke::{self, ProbePlan, Subject, TestResult};
use support::lab::{Lab, setting};

/// What came of tests, and the lines that were told meanwhile.
struct Put {
    results: Vec<TestResult>,
    lines: Vec<String>,
}

impl Put {
    /// The one result.
    fn only(&self) -> &TestResult {
        assert_eq!(self.results.len(), 1);
        &self.results[0]
    }

    /// The results by the tests' names.
    fn named(&self, name: &str) -> &TestResult {
        let found = self.results.iter().find(|result| result.name == name);
        found.unwrap_or_else(|| panic!("{name} is not among {:?}", self.results))
    }
}

/// Puts `tests` to `image`; afterwards nothing of the run is on the engine.
async fn put(lab: &Lab, image: &str, tests: Vec<TestSpec>) -> Put {
    let socket = lab.engine.strip_prefix("unix://").expect("a socket");
    let engine = Engine::connect(&Endpoint::unix(Path::new(socket), "the test")).await.expect("engine");
    let image = engine.require_image(image).await.expect("image");
    let owner = Owner::current(lab.name(), Duration::from_secs(600)).expect("owner");
    let keeper = Keeper::begin(engine, owner, &lab.path("state")).expect("keeper");
    let (events, mut told) = Events::channel();
    let probes = ProbePlan {
        set: ProbeSet::Off,
        kind: None,
        read_only: false,
        hardened: false,
        companions: BTreeSet::new(),
        like: None,
        reference: "image".to_owned(),
    };
    let subject = Subject { tests, probes };
    let reads = async {
        let mut lines = Vec::new();
        while let Some(stamped) = told.recv().await {
            if let Event::ContainerLog { line, .. } = stamped.event {
                lines.push(line);
            }
        }
        lines
    };
    let puts = async {
        let verification = Box::pin(smoke::put(&keeper, &image, &subject, &events)).await;
        drop(events);
        verification
    };
    let (verification, lines) = tokio::join!(puts, reads);
    let left = keeper.finish().await.expect("finish").failed;
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(lab.owned(lab.name()), BTreeSet::new(), "left on the engine");
    assert_eq!(lab.journals(), Vec::<String>::new(), "left in the journal");
    Put { results: verification.expect("an engine that works").tests().to_vec(), lines }
}

/// The base, which the engine has then.
fn base(lab: &Lab) -> String {
    lab.docker(&["pull", "-q", &lab.base]);
    lab.base.clone()
}

/// An image of the base and these instructions.
fn built(lab: &Lab, instructions: &str) -> String {
    base(lab);
    let folder = lab.path("build");
    std::fs::create_dir_all(&folder).expect("folder");
    std::fs::write(folder.join("Dockerfile"), format!("FROM {}\n{instructions}", lab.base)).expect("write");
    lab.docker(&["build", "-q", folder.to_str().expect("path")])
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn shell(line: &str) -> Option<Vec<String>> {
    Some(words(&["sh", "-c", line]))
}

fn pattern(text: &str) -> Pattern {
    Pattern::new(text).expect("a pattern")
}

fn ready() -> ReadySpec {
    ReadySpec {
        health: Health::WhereDeclared,
        http: None,
        log: None,
        ports: Vec::new(),
        settle: Duration::from_millis(100),
        within: Duration::from_secs(60),
    }
}

/// A test of a container that runs `line`.
fn test(name: &str, start: Start, line: &str) -> TestSpec {
    TestSpec {
        name: name.to_owned(),
        start: Some(start),
        container: ContainerOptions { cmd: shell(line), ..ContainerOptions::default() },
        services: Vec::new(),
        checks: Vec::new(),
        within: Duration::from_secs(120),
    }
}

fn get(path: &str) -> HttpCheck {
    HttpCheck {
        path: path.to_owned(),
        port: 8080,
        method: "GET".to_owned(),
        headers: BTreeMap::new(),
        body: None,
        status: Some(Matcher::Equals(200.into())),
        answer_headers: Vec::new(),
        answer_head: Vec::new(),
        answer_body: Vec::new(),
        answer_json: Vec::new(),
        follow_redirects: false,
        within: Duration::from_secs(20),
    }
}

fn on_host(line: &str, within: Duration) -> Check {
    Check::new(What::Exec(HostCommand {
        argv: shell(line).expect("words"),
        folder: PathBuf::from("/"),
        env: BTreeMap::from([("OWN".to_owned(), "mine".to_owned())]),
        exit: Matcher::Equals(0.into()),
        within,
    }))
}

fn fresh(argv: &[&str]) -> RunCheck {
    RunCheck::new(words(argv), Where::Fresh, Duration::from_secs(60))
}

fn sentences(check: &CheckResult) -> String {
    check.misfits.iter().map(|misfit| misfit.sentence()).collect::<Vec<_>>().join("\n")
}

fn passed(result: &TestResult) {
    assert_eq!(result.outcome, Outcome::Ok, "{result:#?}");
    assert!(result.checks.iter().all(|check| check.verdict == Verdict::Passed), "{result:#?}");
    assert!(result.evidence.is_empty(), "{result:#?}");
}

const SERVE: &str = "mkdir -p /tmp/www; echo hello >/tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www";

#[tokio::test]
async fn every_way_to_be_ready() {
    let lab = Lab::new("ready");
    let image = base(&lab);
    let service = |ready: ReadySpec| Start::Service(ready);
    let soon = |ready: ReadySpec| Start::Service(ReadySpec { within: Duration::from_secs(2), ..ready });
    let put = put(
        &lab,
        &image,
        vec![
            test("settles", service(ready()), "exec sleep 600"),
            test("answers", service(ReadySpec { http: Some(get("/")), ..ready() }), SERVE),
            test("listens", service(ReadySpec { ports: vec![8080], ..ready() }), SERVE),
            test(
                "logs",
                service(ReadySpec { log: Some(pattern("^up [0-9]+$")), ..ready() }),
                "echo coming; echo up 1 >&2; exec sleep 600",
            ),
            test("refuses", soon(ReadySpec { http: Some(get("/nope")), ..ready() }), SERVE),
            test("deaf", soon(ReadySpec { ports: vec![8080, 81], ..ready() }), SERVE),
            test("mute", soon(ReadySpec { log: Some(pattern("up")), ..ready() }), "exec sleep 600"),
            test("unchecked", soon(ReadySpec { health: Health::Required, ..ready() }), "exec sleep 600"),
            test("ends", service(ReadySpec { log: Some(pattern("up")), ..ready() }), "echo bye; exit 3"),
        ],
    )
    .await;
    for name in ["settles", "answers", "listens", "logs"] {
        passed(put.named(name));
    }
    let says = |name: &str, text: &str| {
        let result = put.named(name);
        assert_eq!(result.outcome, Outcome::Failed, "{result:#?}");
        let said = sentences(&result.checks[0]);
        assert!(said.contains(text), "{name}: {said}");
    };
    says("refuses", "status: expected 200, got 404");
    says("deaf", "port 81: expected something that listens, got nothing");
    assert!(!sentences(&put.named("deaf").checks[0]).contains("8080"));
    says("mute", "a line like /up/");
    says("unchecked", "HEALTHCHECK: expected one");
    says("ends", "it ended with exit code 3");
    let evidence = &put.named("ends").evidence[0];
    assert_eq!(
        (evidence.exit, evidence.oom, evidence.log.as_slice()),
        (Some(3), false, &["bye".to_owned()][..])
    );
    assert!(evidence.reproduce.starts_with("docker run --rm "), "{}", evidence.reproduce);
    assert!(evidence.reproduce.ends_with(" sh -c 'echo bye; exit 3'"), "{}", evidence.reproduce);
}

#[tokio::test]
async fn what_turns_healthy_is_noticed_at_once() {
    let lab = Lab::new("healthy");
    let image = built(&lab, "HEALTHCHECK CMD [\"test\", \"-e\", \"/tmp/up\"]\n");
    let since = lab.engine_time();
    let start = Start::Service(ReadySpec { health: Health::Required, ..ready() });
    let tests = (0..5).map(|nth| TestSpec {
        // The very next thing after the container is taken for ready.
        checks: vec![on_host("echo \"$IMGBUILD_TEST_CONTAINER $(date +%s%N)\"", Duration::from_secs(60))],
        ..test(&format!("healthy-{nth}"), start.clone(), "sleep 0.3; touch /tmp/up; exec sleep 600")
    });
    let put = put(&lab, &image, tests.collect()).await;
    put.results.iter().for_each(passed);
    let filters = ["--filter", "event=health_status", "--format", "{{.ID}} {{.TimeNano}}"];
    let now = lab.engine_time();
    let arguments: Vec<&str> =
        ["events", "--since", &since, "--until", &now].into_iter().chain(filters).collect();
    let events = lab.docker(&arguments);
    let parse = |line: &str| -> (String, i128) {
        let (id, nanos) = line.split_once(' ').expect("two words");
        (id.to_owned(), nanos.parse().expect("nanoseconds"))
    };
    let turned: BTreeMap<String, i128> = events.lines().map(parse).collect();
    let lags: Vec<i128> = put
        .lines
        .iter()
        .map(|line| {
            let (id, noticed) = parse(line);
            (noticed - turned[&id]) / 1_000_000
        })
        .collect();
    assert_eq!(lags.len(), 5);
    // What the machine does beside may hold up any of them, and a shell was started in between.
    assert!(lags.iter().min().is_some_and(|lag| *lag < 100), "noticed after {lags:?} ms");
}

#[tokio::test]
async fn an_unhealthy_container_says_what_its_probe_said() {
    let lab = Lab::new("unhealthy");
    let image = built(&lab, "HEALTHCHECK --retries=1 CMD echo no database; exit 1\n");
    let start = Start::Service(ReadySpec { within: Duration::from_secs(2), ..ready() });
    let put = put(&lab, &image, vec![test("sick", start, "exec sleep 600")]).await;
    let said = sentences(&put.only().checks[0]);
    assert!(said.contains("healthy") && said.contains("healthcheck exit 1: no database"), "{said}");
    let health = &put.only().evidence[0].health;
    assert!(health.iter().any(|probe| probe.exit == 1 && probe.output.trim() == "no database"), "{health:?}");
}

#[tokio::test]
async fn a_test_has_services_on_a_network_of_its_own() {
    let lab = Lab::new("services");
    let image = base(&lab);
    let service = |alias: &str, line: &str, http: Option<HttpCheck>| ServiceSpec {
        image: image.clone(),
        alias: alias.to_owned(),
        ready: ReadySpec { http, within: Duration::from_secs(30), ..ready() },
        container: ContainerOptions {
            cmd: shell(line),
            env: BTreeMap::from([("PASSWORD".to_owned(), "hush-hush".to_owned())]),
            ..ContainerOptions::default()
        },
    };
    let job = "wget -q -O- http://web:8080/ && ! wget -q -T 2 -O- http://elsewhere:8080/";
    let put = put(
        &lab,
        &image,
        vec![
            TestSpec {
                services: vec![service("web", SERVE, Some(get("/")))],
                ..test("reaches", Start::Job, job)
            },
            TestSpec {
                services: vec![service("db", "echo no space; exit 7", None)],
                ..test("cannot", Start::Job, "true")
            },
        ],
    )
    .await;
    passed(put.named("reaches"));
    let failed = put.named("cannot");
    assert_eq!((failed.checks.len(), failed.checks[0].name.as_str()), (1, "service db"));
    assert!(sentences(&failed.checks[0]).contains("exit code 7"));
    let evidence = &failed.evidence[0];
    assert_eq!((evidence.service.as_deref(), evidence.exit), (Some("db"), Some(7)));
    assert_eq!(evidence.log, ["no space"]);
    assert!(evidence.reproduce.contains(" -e PASSWORD "), "{}", evidence.reproduce);
    assert!(!format!("{:?}", put.results).contains("hush-hush"));
}

#[tokio::test]
async fn commands_on_the_host_are_told_the_way_and_end_with_their_children() {
    let lab = Lab::new("exec");
    let image = built(&lab, "EXPOSE 8080\n");
    let start = || Start::Service(ReadySpec { http: Some(get("/")), ..ready() });
    let minute = Duration::from_secs(60);
    let asks = "curl -fsS \"http://$IMGBUILD_TEST_PORT_8080/\" && test \"$OWN\" = mine && test -n \"$IMGBUILD_TEST_ADDRESS\"";
    let put = put(
        &lab,
        &image,
        vec![
            TestSpec { checks: vec![on_host(asks, minute)], ..test("asks", start(), SERVE) },
            TestSpec {
                checks: vec![on_host("echo it is broken; exit 3", minute)],
                ..test("fails", start(), SERVE)
            },
            TestSpec {
                checks: vec![on_host("sleep 600 & echo child $!; wait", Duration::from_secs(1))],
                ..test("never ends", start(), SERVE)
            },
            TestSpec {
                // What it leaves behind holds its output open.
                checks: vec![on_host("sleep 600 & echo gone", minute)],
                ..test("leaves", start(), SERVE)
            },
        ],
    )
    .await;
    passed(put.named("asks"));
    passed(put.named("leaves"));
    assert!(put.lines.contains(&"hello".to_owned()), "{:?}", put.lines);
    let said = sentences(&put.named("fails").checks[1]);
    assert_eq!(said, "exit code: expected 0, got 3; it said last: it is broken");
    let said = sentences(&put.named("never ends").checks[1]);
    assert!(said.contains("to end within 1 s"), "{said}");
    let child = put.lines.iter().find_map(|line| line.strip_prefix("child ")).expect("the child");
    let deadline = std::time::Instant::now() + minute;
    while std::fs::read_to_string(format!("/proc/{child}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(std::time::Instant::now() < deadline, "{child} lives");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn commands_in_containers_of_their_own() {
    let lab = Lab::new("fresh");
    let image = built(&lab, "ENV GREETING=hello\nENTRYPOINT [\"false\"]\n");
    let exactly = |text: &str| vec![Matcher::Equals(text.into())];
    let run = |check: RunCheck| Check::new(What::Run(check));
    let expanded = RunCheck {
        expand: true,
        env: vec![("A".into(), "$GREETING you".into()), ("B".into(), "${A}!".into())],
        stdout: exactly("hello B=${A}!\n"),
        ..fresh(&["sh", "-c", "echo \"${GREETING}${B} $(env | grep ^B=)\""])
    };
    let setup = RunCheck {
        setup: vec![words(&["sh", "-c", "echo 1 >/made"]), words(&["sh", "-c", "echo 2 >>/made"])],
        teardown: vec![words(&["grep", "2", "/made"])],
        stdout: exactly("1\n2\n"),
        ..fresh(&["cat", "/made"])
    };
    let bytes = RunCheck {
        stdout: exactly("a\r\n\nb"),
        // The engine's log is text: what is no UTF-8 comes as the mark for it.
        stderr: exactly("\u{fffd}"),
        exit: Matcher::Equals(4.into()),
        ..fresh(&["sh", "-c", "printf 'a\\r\\n\\nb'; printf '\\377' >&2; exit 4"])
    };
    // Longer than a line of a log.
    let long = RunCheck {
        stdout: vec![Matcher::Matches(pattern("^x{20000}$"))],
        ..fresh(&["sh", "-c", "head -c 20000 /dev/zero | tr '\\0' x"])
    };
    let late = RunCheck { within: Duration::from_secs(1), ..fresh(&["sleep", "600"]) };
    let checks = [expanded, setup, bytes, long, fresh(&["nope"]), late, fresh(&["sh", "-c", "exit 5"])]
        .map(run)
        .to_vec();
    let none = TestSpec { start: None, checks, ..test("fresh", Start::Job, "") };
    let container = ContainerOptions {
        mounts: vec![Mount::Tmpfs("/scratch".into(), "size=1m".into())],
        read_only: true,
        network: Some("none".into()),
        user: Some("1234".into()),
        ..ContainerOptions::default()
    };
    let options =
        "touch /scratch/x && ! touch /x && test $(id -u) = 1234 && test $(ls /sys/class/net | wc -l) = 1";
    let options = TestSpec {
        start: None,
        container,
        checks: vec![run(fresh(&["sh", "-c", options]))],
        ..test("options", Start::Job, "")
    };
    let put = put(&lab, &image, vec![none, options]).await;
    passed(put.named("options"));
    let checks = &put.named("fresh").checks;
    for check in &checks[..4] {
        assert_eq!(check.verdict, Verdict::Passed, "{check:#?}");
    }
    assert!(sentences(&checks[4]).contains("\"nope\" does not exist"), "{:#?}", checks[4]);
    assert!(sentences(&checks[5]).contains("to end within 1 s"), "{:#?}", checks[5]);
    assert_eq!(sentences(&checks[6]), "exit code: expected 0, got 5");
    let by_hand = checks[6].reproduce.as_deref().expect("a command");
    assert!(by_hand.contains("--entrypoint sh ") && by_hand.ends_with(" -c 'exit 5'"), "{by_hand}");
}

#[tokio::test]
async fn commands_in_the_running_container() {
    let lab = Lab::new("inside");
    let image = base(&lab);
    let inside = |argv: &[&str]| RunCheck { place: Where::Running, ..fresh(argv) };
    let again = RunCheck {
        retry: (3, Duration::from_millis(10)),
        ..inside(&["sh", "-c", "echo x >>/tmp/tries; test $(wc -l </tmp/tries) -ge 3"])
    };
    let bytes = RunCheck {
        stdout: vec![Matcher::Equals("a\r\nb\n\n".into())],
        ..inside(&["printf", "a\\r\\nb\\n\\n"])
    };
    let variable = RunCheck {
        expand: true,
        env: vec![("MORE".into(), "$SET.".into())],
        stdout: vec![Matcher::Equals("yes MORE=$SET.\n".into())],
        ..inside(&["sh", "-c", "echo \"$SET $(env | grep ^MORE=)\""])
    };
    let checks = [again, bytes, variable, inside(&["nope"])].map(|run| Check::new(What::Run(run))).to_vec();
    let mut spec = TestSpec { checks, ..test("inside", Start::Service(ready()), "exec sleep 600") };
    spec.container.env.insert("SET".into(), "yes".into());
    let put = put(&lab, &image, vec![spec]).await;
    let checks = &put.only().checks;
    for check in &checks[..4] {
        assert_eq!(check.verdict, Verdict::Passed, "{check:#?}");
    }
    assert!(sentences(&checks[4]).contains("no such program"), "{:#?}", checks[4]);
}

/// Stops the container of the test.
const DIES: &str = "\"$DOCKER\" -H \"$ENGINE\" stop \"$IMGBUILD_TEST_CONTAINER\"";

#[tokio::test]
async fn containers_that_misbehave_get_a_verdict_in_time() {
    let lab = Lab::new("bad");
    let image = base(&lab);
    let three = Duration::from_secs(3);
    let mut dies = on_host(DIES, Duration::from_secs(60));
    if let What::Exec(command) = &mut dies.what {
        command.env.insert("DOCKER".into(), setting("IMGBUILD_TEST_DOCKER"));
        command.env.insert("ENGINE".into(), lab.engine.clone());
    }
    let mut hungry = test("hungry", Start::Job, "exec tail /dev/zero");
    hungry.container.memory = Some(32 << 20);
    let mut missing = test("missing", Start::Service(ready()), "");
    missing.container.cmd = Some(words(&["/no/such/program"]));
    let within = |spec: TestSpec| TestSpec { within: three, ..spec };
    let put = put(
        &lab,
        &image,
        vec![
            hungry,
            missing,
            within(test("never ends", Start::Job, "exec sleep 600")),
            test("done", Start::Job, "true"),
            test("fails", Start::Job, "printf 'a\\033[2Jb\\n' ; exit 9"),
            test("stops", Start::Service(ready()), "true"),
            test("floods", Start::Job, "head -c 30000000 /dev/zero | tr '\\0' x; exit 1"),
            // The first process forks once, before there are too many.
            within(test("forks", Start::Job, "( f() { f | f & }; f ) & exec sleep 600")),
            TestSpec {
                // The check waits until the container has ended.
                checks: vec![dies],
                ..test("dies", Start::Service(ready()), "trap 'exit 6' TERM; while :; do sleep 0.1; done")
            },
        ],
    )
    .await;
    passed(put.named("done"));
    let problems = |name: &str| put.named(name).problems().join("\n");
    assert!(problems("hungry").contains("OOM"), "{}", problems("hungry"));
    assert!(put.named("hungry").evidence[0].oom);
    assert!(problems("missing").contains("/no/such/program"), "{}", problems("missing"));
    assert!(problems("never ends").contains("did not end within 3 s: the job still ran"));
    assert!(problems("fails").contains("exit code 9"));
    assert_eq!(put.named("fails").evidence[0].log, ["a\u{1b}[2Jb"]);
    assert!(problems("stops").contains("exit code 0, instead of staying up"));
    assert!(problems("forks").contains("did not end within 3 s"), "{}", problems("forks"));
    let flood = &put.named("floods").evidence[0];
    let kept: usize = flood.log.iter().map(String::len).sum();
    assert!(kept > 0 && kept < 100_000, "{kept}");
    assert_eq!(put.named("dies").checks[1].verdict, Verdict::Passed, "{:#?}", put.named("dies"));
    assert!(problems("dies").contains("stays up") && problems("dies").contains("exit code 6"));
}
