//! What `[[image.test]]` comes to.

use std::path::Path;
use std::time::Duration;

use super::file;
use crate::expect::{
    Check, ContainerOptions, FileKind, Health, ImageKind, Matcher, ModeWanted, Mount, ProbeSet, Protocol,
    ReadySpec, Start, TestSpec, What, Where,
};

fn tests(text: &str) -> Vec<TestSpec> {
    file(text).resolve().tests.value.into_iter().map(|test| test.spec).collect()
}

/// The one test of `text`, which is the body of a `[[image.test]]`.
fn one(text: &str) -> TestSpec {
    let mut tests = tests(&format!("[[image.test]]\n{text}"));
    assert_eq!(tests.len(), 1);
    tests.remove(0)
}

fn wait(test: &TestSpec) -> &ReadySpec {
    match &test.start {
        Some(Start::Service(ready)) => ready,
        other => panic!("{other:?}"),
    }
}

fn check(text: &str) -> What {
    let Check { what, .. } = one(text).checks.remove(0);
    what
}

#[test]
fn tests_get_their_defaults_and_a_name_each() {
    let settings = file(
        r#"
[[image.test]]
http = [{ port = 80 }]
[[image.test]]
name = "test-3"
ready = { healthcheck = true, within = "1m30s" }
[[image.test]]
run = [{ cmd = "true", fresh = true }]
job = true
cmd = ["once"]
"#,
    )
    .resolve();
    let names: Vec<&str> = settings.tests.iter().map(|test| test.spec.name.as_str()).collect();
    assert_eq!(names, ["test-1", "test-3", "test-3+"]);
    assert_eq!(settings.tests[2].origin.to_string(), "imgbuild.toml:7");
    let specs: Vec<&TestSpec> = settings.tests.iter().map(|test| &test.spec).collect();
    let What::Http(http) = &specs[0].checks[0].what else { panic!("a request") };
    assert_eq!((http.path.as_str(), http.port, http.method.as_str()), ("/", 80, "GET"));
    assert_eq!(http.status, Some(Matcher::Equals(200.into())));
    assert_eq!(http.within, Duration::from_secs(10));
    assert_eq!(wait(specs[0]).health, Health::WhereDeclared);
    let ready = wait(specs[1]);
    assert_eq!(
        (ready.health, ready.within, ready.settle),
        (Health::Required, Duration::from_secs(90), Duration::from_secs(3))
    );
    assert_eq!(specs[2].start, Some(Start::Job));
    assert_eq!(specs[2].container.cmd.as_deref(), Some(&["once".to_owned()][..]));
    let What::Run(run) = &specs[2].checks[0].what else { panic!("a command") };
    assert_eq!((run.place, &run.exit), (Where::Fresh, &Matcher::Equals(0.into())));
    assert_eq!(specs[2].within, Duration::from_secs(300));
}

#[test]
fn nothing_starts_for_what_can_be_seen_without() {
    for looks in [
        "files = [{ path = '/a' }]",
        "image = { user = 'app' }",
        "run = [{ cmd = 'x', fresh = true }]",
        "files = [{ path = '/a' }]\nservices = []\nhttp = []\nenv = { A = 'b' }",
    ] {
        assert_eq!(one(looks).start, None, "{looks}");
        for starts in [
            "ready = {}",
            "http = [{ port = 1 }]",
            "ports = [1]",
            "processes = ['a']",
            "exec = [{ cmd = 'x' }]",
            "services = [{ image = 'a', alias = 'b' }]",
            "job = false",
        ] {
            let text = match starts.split_once(' ').unwrap().0 {
                key if looks.contains(key) => continue,
                _ => format!("{looks}\n{starts}"),
            };
            assert!(matches!(one(&text).start, Some(Start::Service(_))), "{text}");
        }
    }
    assert!(matches!(one("").start, Some(Start::Service(_))));
    assert!(matches!(one("cmd = ['x']\nfiles = []").start, Some(Start::Service(_))));
    assert!(one("run = [{ cmd = 'x', fresh = true }, { cmd = 'y' }]").start.is_some());
}

#[test]
fn a_job_needs_no_word_in_each_test() {
    let starts: Vec<Option<Start>> = tests(
        "[image]\nkind = 'job'\n[[image.test]]\n[[image.test]]\njob = false\n[[image.test]]\nports = [1]\n\
         [[image.test]]\nimage = { user = 'x' }",
    )
    .into_iter()
    .map(|test| test.start)
    .collect();
    assert_eq!(starts[0], Some(Start::Job));
    assert!(matches!(starts[1..3], [Some(Start::Service(_)), Some(Start::Service(_))]));
    assert_eq!(starts[3], None);
}

#[test]
fn ready_is_all_that_it_asks_for() {
    let test =
        one("ready = { http = { path = '/z', port = 80 }, log = 'up', port = [80, 81], within = '5s' }");
    let ready = wait(&test);
    assert_eq!(
        (ready.health, ready.ports.as_slice(), ready.within),
        (Health::Ignored, &[80, 81][..], Duration::from_secs(5))
    );
    assert_eq!(ready.log.as_ref().unwrap().as_str(), "up");
    let http = ready.http.as_ref().unwrap();
    assert_eq!((http.path.as_str(), http.within), ("/z", Duration::from_secs(5)));
    assert_eq!(wait(&one("ready = { port = 80, healthcheck = true }")).health, Health::Required);
    assert_eq!(wait(&one("ready = { port = 80 }")).ports, [80]);
}

#[test]
fn requests_ask_for_all_that_is_written() {
    let What::Http(http) = check(
        r#"
[[image.test.http]]
name = "posts"
port = 80
method = "POST"
send = '{"a": 1}'
headers = { Accept = "application/json" }
status = [200, 204]
answer-headers = { Server = false, Vary = true, Content-Type = { prefix = "text/", not = "text/xml" } }
body = { contains = "ok", matches = '^o', json = { "/status" = "up", "/n" = { less = 3 } } }
follow-redirects = true
within = "1s"
"#,
    ) else {
        panic!("a request")
    };
    assert_eq!(http.body.as_deref(), Some(&br#"{"a": 1}"#[..]));
    assert_eq!(http.headers["Accept"], "application/json");
    assert_eq!(http.status.as_ref().unwrap().to_string(), "200 or 204");
    let headers: Vec<String> =
        http.answer_headers.iter().map(|(name, like)| format!("{name}: {like}")).collect();
    assert_eq!(
        headers,
        [
            "Content-Type: text that begins with \"text/\" and anything but text/xml",
            "Server: nothing",
            "Vary: anything but nothing"
        ]
    );
    assert_eq!(http.answer_body.len(), 2);
    let json: Vec<String> =
        http.answer_json.iter().map(|json| format!("{} {}", json.pointer, json.value)).collect();
    assert_eq!(json, ["/n less than 3", "/status up"]);
    assert!(http.follow_redirects && http.within == Duration::from_secs(1));
    let What::Http(http) = check("http = [{ port = 80, body = 'ok' }]") else { panic!("a request") };
    assert_eq!(http.answer_body, [Matcher::Contains("ok".to_owned())]);
}

#[test]
fn files_are_looked_at_in_the_image() {
    let sum = "AB".repeat(32);
    let What::File(file) = check(&format!(
        "[[image.test.files]]\npath = '/a'\nmode = '4755'\nuid = 0\nowner = 'root'\nsize = {{ at-most = '1kB', at-least = \
         1 }}\ntype = 'file'\ncontent = {{ not = 'x' }}\nsha256 = '{sum}'"
    )) else {
        panic!("a file")
    };
    assert_eq!((file.path.as_str(), file.exists, file.live, file.follow), ("/a", Some(true), false, true));
    assert_eq!((file.mode, file.kind), (Some(ModeWanted::Bits(0o4755)), Some(FileKind::File)));
    assert_eq!(file.size.unwrap().to_string(), "at least 1 and at most 1000");
    assert_eq!((file.uid.unwrap().to_string(), file.owner.unwrap().to_string()), ("0".into(), "root".into()));
    assert_eq!(file.content[0].to_string(), "no match of /x/");
    assert_eq!(file.sha256, Some(Matcher::Equals("ab".repeat(32).into())));
    for link in ["type = 'symlink'", "link = '/b'"] {
        let What::File(file) = check(&format!("[[image.test.files]]\npath = '/a'\n{link}")) else {
            panic!("a link")
        };
        assert!(!file.follow);
    }
    let What::File(gone) = check("files = [{ path = '/a', exists = false }]") else { panic!("no file") };
    assert_eq!(gone.exists, Some(false));
}

#[test]
fn ports_and_processes_have_two_forms() {
    let test = one(
        "ports = [80, { port = 53, protocol = 'udp', everywhere = false, within = '1s' }, { port = 22, listening = false }]\n\
         processes = ['nginx', { name = 'a', count = { at-least = 2 }, uid = 101 }, { name = 'b', running = false }]",
    );
    let ports: Vec<_> = test
        .checks
        .iter()
        .filter_map(|check| match &check.what {
            What::Port(port) => Some((port.protocol, port.port, port.listening, port.everywhere)),
            _ => None,
        })
        .collect();
    assert_eq!(
        ports,
        [
            (Protocol::AnyTcp, 80, true, true),
            (Protocol::AnyUdp, 53, true, false),
            (Protocol::AnyTcp, 22, false, false)
        ]
    );
    let processes: Vec<_> = test
        .checks
        .iter()
        .filter_map(|check| match &check.what {
            What::Process(process) => Some(
                [&process.running, &process.count, &process.uid]
                    .map(|matcher| matcher.as_ref().map(ToString::to_string).unwrap_or_default())
                    .join(","),
            ),
            _ => None,
        })
        .collect();
    assert_eq!(processes, ["true,,", ",at least 2,101", "false,,"]);
}

#[test]
fn the_configuration_is_one_check() {
    let What::Image(image) = check(
        "image = { env = { A = 'b', C = false }, labels = { l = { matches = '^x' } }, entrypoint = [], cmd = ['x'], user = \
         { not = 'root' }, workdir = '/app', volumes = ['/data'], ports = [80, '53/udp'], max-size = '1MB' }",
    ) else {
        panic!("the configuration")
    };
    assert_eq!(image.env[0], ("A".to_owned(), Matcher::Equals("b".into())));
    assert_eq!(image.env[1], ("C".to_owned(), Matcher::Equals(serde_json::Value::Null)));
    assert_eq!(image.labels[0].1.to_string(), "a match of /^x/");
    assert_eq!((image.entrypoint, image.cmd), (Some(Vec::new()), Some(vec!["x".to_owned()])));
    assert_eq!((image.exposed, image.volumes), (vec!["80".into(), "53/udp".into()], vec!["/data".into()]));
    assert_eq!(
        (image.size, image.user.unwrap().to_string()),
        (Some(Matcher::AtMost(1e6)), "anything but root".into())
    );
}

#[test]
fn containers_and_services_get_what_is_written() {
    let test = one(r#"
env = { A = "b" }
user = "1000:1000"
network = "host"
read-only = true
memory = "512MB"
mounts = [{ bind = "./data:/data:ro" }, { tmpfs = "/scratch", options = "size=1m" }]
exec = [{ cmd = ["pytest"], folder = "tests", env = { B = "c" }, exit = 1 }, { cmd = "true", name = "own" }]
"#);
    assert_eq!(
        test.container,
        ContainerOptions {
            env: [("A".to_owned(), "b".to_owned())].into(),
            user: Some("1000:1000".into()),
            network: Some("host".into()),
            read_only: true,
            memory: Some(512_000_000),
            mounts: vec![
                Mount::Bind("/repo/data:/data:ro".into()),
                Mount::Tmpfs("/scratch".into(), "size=1m".into())
            ],
            ..ContainerOptions::default()
        }
    );
    let What::Exec(command) = &test.checks[0].what else { panic!("a command") };
    assert_eq!(
        (command.argv.as_slice(), command.folder.as_path()),
        (&["pytest".to_owned()][..], Path::new("/repo/tests"))
    );
    assert_eq!((command.exit.to_string(), command.within), ("1".into(), Duration::from_secs(300)));
    let What::Exec(command) = &test.checks[1].what else { panic!("a command") };
    assert_eq!(command.folder, Path::new("/repo"));
    assert_eq!(test.checks[1].name.as_deref(), Some("own"));

    let test = one(
        "services = [{ image = 'postgres:17', alias = 'db', env = { A = 'b' }, read-only = true, ready = { port = 5432 } }]",
    );
    let service = &test.services[0];
    assert_eq!((service.image.as_str(), service.alias.as_str()), ("postgres:17", "db"));
    assert_eq!((service.ready.ports.as_slice(), service.container.read_only), (&[5432][..], true));
    assert_eq!(service.container.env["A"], "b");
}

#[test]
fn paths_of_tests_stay_in_the_repository() {
    let text = "[image]\nstructure-tests = ['../x.yaml']\n[[image.test]]\nmounts = [{ bind = '../x:/x' }]\nexec = [{ cmd = 'x', folder = 'a/../..' }]\n\
                [[image.test]]\nservices = [{ image = 'a', alias = 'b', mounts = [{ bind = 'a/../../b:/b' }] }]";
    let error = file(text).error().to_string();
    assert_eq!(
        error.lines().collect::<Vec<_>>(),
        [
            "imgbuild.toml:4:13: bind leads out of the repository",
            "imgbuild.toml:5:22: folder leads out of the repository",
            "imgbuild.toml:7:53: bind leads out of the repository",
            "imgbuild.toml:2:20: image.structure-tests leads out of the repository",
        ]
    );
}

#[test]
fn kind_probes_and_suites_come_from_flags_and_file() {
    let text = "[image]\nkind = 'job'\nprobes = 'off'\nhardened = false\nread-only = true\ncompanions = ['crond']\n\
                structure-tests = ['a.yaml', './a.yaml']\ngoss = ['b.yaml']";
    let settings = file(text).resolve();
    assert_eq!(super::said(&settings.kind), (ImageKind::Job, "imgbuild.toml:2".into()));
    assert_eq!(super::said(&settings.probes), (ProbeSet::Off, "imgbuild.toml:3".into()));
    assert!(settings.read_only.value && settings.has_tests());
    assert_eq!(settings.companions.value, ["crond"]);
    assert_eq!(settings.structure_tests.len(), 1);
    let settings = file(text)
        .flags(|flags| {
            flags.kind = Some(ImageKind::Service);
            flags.probes = Some(ProbeSet::Full);
            flags.hardened = Some(true);
            flags.structure_tests = vec!["c.yaml".into()];
            flags.goss = vec!["/etc/goss.yaml".into(), "../b.yaml".into()];
            flags.junit = Some("j.xml".into());
            flags.report_dir = Some("out".into());
        })
        .resolve();
    assert_eq!(super::said(&settings.kind), (ImageKind::Service, "--kind".into()));
    assert_eq!(super::said(&settings.probes), (ProbeSet::Full, "--probes".into()));
    assert_eq!((settings.hardened.value, settings.hardened.origin.to_string()), (true, "--hardened".into()));
    let shown = |files: &[crate::config::Sourced<std::path::PathBuf>]| -> Vec<String> {
        files.iter().map(|file| format!("{} {}", file.display(), file.origin)).collect()
    };
    assert_eq!(
        shown(&settings.structure_tests),
        ["/repo/a.yaml imgbuild.toml:7", "/repo/sub/c.yaml --structure-test"]
    );
    assert_eq!(shown(&settings.goss), ["/repo/b.yaml imgbuild.toml:8", "/etc/goss.yaml --goss"]);
    assert_eq!(super::said(&settings.junit).0, Path::new("/repo/sub/j.xml"));
    assert_eq!(super::said(&settings.report_dir), (Path::new("/repo/sub/out").into(), "--report-dir".into()));
}
