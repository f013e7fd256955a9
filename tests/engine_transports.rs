//! The ways to an engine: TLS with and without certificates, ssh, and what is said where they lead nowhere.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use imgbuild::engine::{Dialer, Endpoint, Engine};
use imgbuild::environment::Environment;
use imgbuild::error::{Error, Kind};
use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use rcgen::date_time_ymd;
use rustix::process::Signal;
use support::lab::{self, Invocation, Lab, PATIENCE, Repo};
use support::private::PrivateEngine;
use support::ssh::Ssh;
use support::tls::{Ca, Pair};
use support::tls_engine::TlsEngine;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A folder of certificates as docker's clients have it.
fn certificates(folder: PathBuf, ca: &Ca, client: Option<&Pair>) -> String {
    fs::create_dir_all(&folder).expect("folder");
    fs::write(folder.join("ca.pem"), ca.pem()).expect("ca.pem");
    if let Some(pair) = client {
        fs::write(folder.join("cert.pem"), &pair.certificate).expect("cert.pem");
        fs::write(folder.join("key.pem"), &pair.key).expect("key.pem");
    }
    folder.into_os_string().into_string().expect("UTF-8")
}

/// The endpoint of `host` with these certificates, whose keys nothing shows.
fn verified(host: &str, folder: &str) -> Endpoint {
    let pairs = [("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", folder)];
    let endpoint = Endpoint::named(host, "the test", &Environment::from_pairs(pairs)).unwrap();
    let key = fs::read_to_string(Path::new(folder).join("key.pem")).unwrap_or_default();
    let line = key.lines().nth(1).unwrap_or("no key");
    assert!(!format!("{endpoint:?}").contains(line), "a key is shown");
    endpoint
}

/// Why there is no engine.
async fn refusal(endpoint: &Endpoint) -> Error {
    let error = Engine::connect(endpoint).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(error.kind() == Kind::Engine && !text.contains("BEGIN") && text.len() < 5000, "{text}");
    assert!(error.message().contains(&endpoint.to_string()), "{text}");
    error
}

#[tokio::test]
async fn an_engine_over_tls_is_the_one_that_its_certificate_names() {
    let lab = Lab::new("tls");
    let ca = Ca::new();
    let folder = certificates(lab.path("certs"), &ca, None);
    for name in ["localhost", "127.0.0.1"] {
        for is_old in [false, true] {
            let pair = ca.sign(name, ServerAuth);
            let port = TlsEngine { pair, clients: None, is_old, engine: &lab.engine }.start();
            let engine = Engine::connect(&verified(&format!("tcp://{name}:{port}"), &folder)).await.unwrap();
            assert_eq!(engine.endpoint().to_string(), format!("https://{name}:{port}"));
            let direct = Engine::connect(&Endpoint::parse(&lab.engine, "the test").unwrap()).await.unwrap();
            assert_eq!(engine.info().id, direct.info().id);
            let other = if name == "localhost" { "127.0.0.1" } else { "localhost" };
            let error = refusal(&verified(&format!("tcp://{other}:{port}"), &folder)).await;
            assert!(error.message().contains(&format!("is not for {other}, but for")), "{error}");
        }
    }
    let long_ago = ca.sign_with("localhost", ServerAuth, |it| it.not_after = date_time_ymd(2001, 1, 1));
    let soon = ca.sign_with("localhost", ServerAuth, |it| it.not_before = date_time_ymd(4000, 1, 1));
    let client = ca.sign("localhost", ClientAuth);
    let foreign = Ca::new().sign("localhost", ServerAuth);
    for (pair, says) in [
        (long_ago, "its certificate has expired"),
        (soon, "its certificate is not valid yet"),
        (client, "its certificate is not made for servers"),
        (foreign, "is signed by none of the CAs in"),
    ] {
        let port = TlsEngine { pair, clients: None, is_old: false, engine: &lab.engine }.start();
        let error = refusal(&verified(&format!("tcp://localhost:{port}"), &folder)).await;
        assert!(error.message().contains(says), "{says}: {error}");
        assert!(!says.contains("CAs") || error.message().contains("certs/ca.pem"), "{error}");
    }
}

#[tokio::test]
async fn an_engine_that_wants_a_certificate_is_shown_it_or_told_to_want_one() {
    let lab = Lab::new("tls-client");
    let (ca, stranger) = (Ca::new(), Ca::new());
    let without = certificates(lab.path("without"), &ca, None);
    let known = certificates(lab.path("known"), &ca, Some(&ca.sign("ada", ClientAuth)));
    let unknown = certificates(lab.path("unknown"), &ca, Some(&stranger.sign("ada", ClientAuth)));
    for is_old in [false, true] {
        let pair = ca.sign("localhost", ServerAuth);
        let port = TlsEngine { pair, clients: Some(&ca), is_old, engine: &lab.engine }.start();
        let host = format!("tcp://localhost:{port}");
        let error = refusal(&verified(&host, &without)).await;
        assert!(error.message().contains("the engine wants a client certificate"), "{is_old}: {error}");
        assert!(error.hints().iter().any(|hint| hint.contains("DOCKER_CERT_PATH")), "{:?}", error.hints());
        let error = refusal(&verified(&host, &unknown)).await;
        let says = "does not accept the client certificate";
        assert!(error.message().contains(says) && error.message().contains("unknown/cert.pem"), "{error}");
        let engine = Engine::connect(&verified(&host, &known)).await.unwrap();
        assert!(!engine.info().version.is_empty());
    }
}

/// A listener that answers whatever comes with `answer` and leaves.
fn answering(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut some = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut some);
            let _ = stream.write_all(answer);
        }
    });
    port
}

#[tokio::test]
async fn who_speaks_tls_and_who_does_not_is_told() {
    let lab = Lab::new("tls-mixed");
    let ca = Ca::new();
    let folder = certificates(lab.path("certs"), &ca, None);
    for (answer, says) in [
        (&b"HTTP/1.0 400 Bad Request\r\n\r\n"[..], "does not speak TLS"),
        (b"", "closed the connection in the middle of the handshake"),
    ] {
        let error = refusal(&verified(&format!("tcp://localhost:{}", answering(answer)), &folder)).await;
        assert!(error.message().contains(says) && !error.hints().is_empty(), "{error}");
    }
    // A server of TLS that is spoken to without: Go's says so, others answer with an alert.
    let go = answering(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
    let pair = ca.sign("localhost", ServerAuth);
    let other = TlsEngine { pair, clients: None, is_old: false, engine: &lab.engine }.start();
    for (port, says) in [(go, "speaks TLS"), (other, "is not one of a container engine")] {
        let error =
            refusal(&Endpoint::parse(&format!("tcp://localhost:{port}"), "DOCKER_HOST").unwrap()).await;
        assert!(error.message().contains(says), "{error}");
        assert!(error.hints().iter().any(|hint| hint.contains("DOCKER_TLS_VERIFY=1")), "{:?}", error.hints());
    }
}

/// The variables that lead to the lab's engine over TLS with client certificates.
fn over_tls(lab: &Lab, engine: &str) -> Vec<(&'static str, String)> {
    let ca = Ca::new();
    let pair = ca.sign("localhost", ServerAuth);
    let port = TlsEngine { pair, clients: Some(&ca), is_old: false, engine }.start();
    let folder = certificates(lab.path("certs"), &ca, Some(&ca.sign("ada", ClientAuth)));
    vec![
        ("DOCKER_HOST", format!("tcp://localhost:{port}")),
        ("DOCKER_TLS_VERIFY", "1".to_owned()),
        ("DOCKER_CERT_PATH", folder),
    ]
}

/// The same over ssh, as a machine elsewhere.
fn over_ssh(lab: &Lab, engine: &str) -> (Ssh, Vec<(&'static str, String)>) {
    let ssh = Ssh::through(&lab.path("ssh"), engine);
    let path = ssh.path().into_string().expect("UTF-8");
    (ssh, vec![("DOCKER_HOST", "ssh://ada@engine.test:2222".to_owned()), ("PATH", path)])
}

fn with(run: Invocation, variables: &[(&'static str, String)]) -> Invocation {
    variables.iter().fold(run, |run, (name, value)| run.env(name, value))
}

/// Runs the main job by these variables: everything is published, nothing is left.
fn main_job(lab: &Lab, variables: &[(&'static str, String)]) {
    let repo = lab.hello();
    let report = lab.path("report.json");
    let run = repo.imgbuild(&["ci", "--format", "ndjson", "--report", report.to_str().expect("path")]);
    let mut running = with(run, variables).start();
    let id = running.run_id();
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(0), "{events:#?}\n{stderr}");
    assert!(lab.tags().contains("main"), "{:?}", lab.tags());
    assert_eq!(lab.owned(&id), BTreeSet::new(), "left on the engine");
    assert_eq!(lab.journals(), Vec::<String>::new(), "left in the journal");
}

#[test]
fn the_main_job_over_tls() {
    let lab = Lab::new("tls-ci");
    main_job(&lab, &over_tls(&lab, &lab.engine));
}

#[test]
fn the_systems_roots_verify_an_engine_where_there_is_no_ca_of_its_own() {
    let lab = Lab::new("tls-roots");
    let ca = Ca::new();
    let pair = ca.sign("localhost", ServerAuth);
    let port = TlsEngine { pair, clients: None, is_old: false, engine: &lab.engine }.start();
    let repo = lab.hello();
    let doctor = || repo.imgbuild(&["doctor"]).env("DOCKER_HOST", format!("https://localhost:{port}"));
    doctor().expect(8).says("");
    assert!(doctor().run().stdout.contains("is signed by none of the CAs in the system's roots"));
    fs::write(lab.path("roots.pem"), ca.pem()).expect("write");
    let ran = doctor().env("SSL_CERT_FILE", lab.path("roots.pem")).expect(0);
    assert!(ran.stdout.contains(&format!("https://localhost:{port} (from DOCKER_HOST)")), "{}", ran.stdout);
}

#[test]
fn the_main_job_over_ssh() {
    let lab = Lab::new("ssh-ci");
    let (ssh, variables) = over_ssh(&lab, &lab.engine);
    main_job(&lab, &variables);
    for (_, arguments) in ssh.calls() {
        let end = "-T -l ada -p 2222 -- engine.test docker system dial-stdio";
        assert!(arguments.ends_with(end) && arguments.contains("BatchMode=yes"), "{arguments}");
    }
    assert!(!ssh.is_alive(), "an ssh was left");
    // Some thirty requests.
    assert!(ssh.calls().len() < 15, "{} connections", ssh.calls().len());
}

/// The environment of the library in these tests.
fn environment(variables: &[(&'static str, String)]) -> Environment {
    let path = std::env::var("PATH").expect("PATH");
    let all = std::iter::once(("PATH", path)).chain(variables.iter().cloned());
    Environment::from_pairs(all)
}

/// Takes a connection out of HTTP: attaches to a `cat`, and has back what it sends, then the end.
async fn hijacks(lab: &Lab, endpoint: &Endpoint) {
    let id = lab.docker(&["create", "-i", "--net", "none", &lab.base, "cat"]);
    let mut stream = Dialer::new(endpoint).dial().await.unwrap();
    let request = format!(
        "POST /containers/{id}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: docker\r\n\
         Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101"), "{endpoint}: {head}");
    lab.docker(&["start", &id]);
    // More than any buffer on the way holds.
    let sent = "to and fro\n".repeat(20_000);
    let (mut from, mut to) = tokio::io::split(stream);
    let writing = async {
        to.write_all(sent.as_bytes()).await.unwrap();
        // It ends for `cat` alone: the rest still comes.
        to.shutdown().await.unwrap();
    };
    let reading = async {
        let mut frames = Vec::new();
        from.read_to_end(&mut frames).await.map(|_| frames)
    };
    let (_, frames) =
        tokio::time::timeout(PATIENCE, futures_util::future::join(writing, reading)).await.unwrap();
    let (frames, mut got, mut rest) = (frames.unwrap(), Vec::new(), 0);
    while let Some(header) = frames.get(rest..rest + 8) {
        let length = u32::from_be_bytes(header[4..].try_into().unwrap()) as usize;
        got.extend_from_slice(&frames[rest + 8..rest + 8 + length]);
        rest += 8 + length;
    }
    assert!(got == sent.as_bytes(), "{endpoint}: {} of {} bytes came back", got.len(), sent.len());
    lab.docker(&["rm", "-f", &id]);
}

#[tokio::test]
async fn a_connection_can_be_taken_out_of_http_on_every_way() {
    let lab = Lab::new("hijack");
    lab.docker(&["pull", "-q", &lab.base]);
    hijacks(&lab, &Endpoint::parse(&lab.engine, "the test").unwrap()).await;
    let plain = support::engine_proxy::over_tcp("127.0.0.1", &lab.engine);
    hijacks(&lab, &Endpoint::parse(&plain, "the test").unwrap()).await;
    let variables = over_tls(&lab, &lab.engine);
    hijacks(&lab, &Endpoint::named(&variables[0].1, "the test", &environment(&variables)).unwrap()).await;
    let (_, variables) = over_ssh(&lab, &lab.engine);
    hijacks(&lab, &Endpoint::named("ssh://engine.test", "the test", &environment(&variables)).unwrap()).await;
}

#[tokio::test]
async fn a_socket_of_another_name_on_the_other_side() {
    let lab = Lab::new("ssh-socket");
    let socket = lab.path("an engine's.sock");
    std::os::unix::fs::symlink(lab.engine.strip_prefix("unix://").expect("a socket"), &socket).expect("link");
    let (_, variables) = over_ssh(&lab, "unix:///nowhere");
    let host = format!("ssh://engine.test{}", socket.display()).replace(' ', "%20");
    let engine =
        Engine::connect(&Endpoint::named(&host, "the test", &environment(&variables)).unwrap()).await;
    assert!(engine.unwrap().info().remote);
}

#[tokio::test]
async fn a_connection_over_ssh_is_used_again_until_it_goes() {
    let lab = Lab::new("ssh-again");
    let (ssh, variables) = over_ssh(&lab, &lab.engine);
    let endpoint = Endpoint::named("ssh://engine.test", "the test", &environment(&variables)).unwrap();
    // Who it is, what it speaks, what it tells of itself.
    let engine = Engine::connect(&endpoint).await.unwrap();
    assert!(engine.inspect_container("none-such").await.unwrap().is_none());
    assert_eq!(ssh.calls().len(), 1, "{:?}", ssh.calls());
    let (pid, _) = ssh.calls()[0];
    let process = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(process, Signal::KILL).unwrap();
    let gone = async {
        while ssh.is_alive() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    assert!(engine.inspect_container("none-such").await.unwrap().is_none());
    assert_eq!(ssh.calls().len(), 2, "{:?}", ssh.calls());
}

/// What is said where `ssh` does `script`.
async fn ssh_fails(lab: &Lab, name: &str, script: &str) -> Error {
    let ssh = Ssh::doing(&lab.path(name), script);
    let variables = [("PATH", ssh.path().into_string().expect("UTF-8"))];
    let endpoint =
        Endpoint::named("ssh://ada@box", "DOCKER_HOST", &Environment::from_pairs(variables)).unwrap();
    let error = refusal(&endpoint).await;
    assert!(!error.message().contains('\u{1b}') || script.contains("033"), "{error}");
    error
}

#[tokio::test]
async fn ssh_says_why_it_does_not_get_there() {
    let lab = Lab::new("ssh-fails");
    for (name, script, says, hint) in [
        (
            "denied",
            "echo 'ada@box: Permission denied (publickey).' >&2; exit 255",
            "Permission denied (publickey)",
            "ssh-add",
        ),
        (
            "key",
            "echo 'Host key verification failed.' >&2; exit 255",
            "Host key verification failed",
            "known_hosts",
        ),
        ("docker", "echo 'sh: docker: not found' >&2; exit 127", "docker: not found", "18.09"),
        ("silent", "exit 255", "exit code 255 and without a word", "by hand"),
        ("killed", "kill -9 $$", "a signal and without a word", "by hand"),
        ("closed", "exec >&- 2>&-; exit 0", "exit code 0 and without a word", "by hand"),
        // The last words count, however many came before.
        (
            "many",
            "head -c 1000000 /dev/zero | tr '\\0' 'x' >&2; echo >&2; echo 'No route to host' >&2; exit 255",
            "No route to host",
            "by hand",
        ),
        // Words that are none.
        ("garbage", "printf '\\377\\033[2J\\n' >&2; exit 255", "ssh says", "by hand"),
    ] {
        let error = ssh_fails(&lab, name, script).await;
        assert!(error.message().contains(says), "{name}: {error}");
        assert!(error.hints().iter().any(|text| text.contains(hint)), "{name}: {:?}", error.hints());
    }
    // What is printed before the engine's answer, by a shell over there, is no answer.
    let error = ssh_fails(&lab, "motd", "echo Welcome; sleep 1").await;
    assert!(error.message().contains("is not one of a container engine"), "{error}");
    let none = Environment::from_pairs([("PATH", lab.path("empty").into_os_string())]);
    let error = refusal(&Endpoint::named("ssh://box", "DOCKER_HOST", &none).unwrap()).await;
    assert!(error.message().contains("no program `ssh` on PATH"), "{error}");
}

#[tokio::test]
async fn a_connection_that_goes_takes_its_process_along() {
    let lab = Lab::new("ssh-drop");
    let ssh = Ssh::doing(&lab.path("ssh"), "echo up; exec cat >/dev/null");
    let variables = [("PATH", ssh.path().into_string().expect("UTF-8"))];
    let endpoint = Endpoint::named("ssh://box", "the test", &Environment::from_pairs(variables)).unwrap();
    let mut stream = Dialer::new(&endpoint).dial().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'u');
    assert!(ssh.is_alive());
    drop(stream);
    // Collected, too: there is no corpse.
    let gone = async {
        while ssh.is_there() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

#[test]
fn an_ssh_that_hangs_is_given_up_and_killed() {
    let lab = Lab::new("ssh-hang");
    let repo = lab.hello();
    let ssh = Ssh::doing(&lab.path("ssh"), "exec sleep 600");
    let doctor = repo.imgbuild(&["doctor"]).env("DOCKER_HOST", "ssh://box").env("PATH", ssh.path());
    let ran = doctor.expect(8);
    assert!(ran.stdout.contains("the engine at ssh://box gave no answer"), "{}", ran.stdout);
    assert!(!ssh.calls().is_empty() && !ssh.is_alive());
}

/// A repository whose build stands still in its last step.
fn slow<'a>(lab: &'a Lab, name: &str) -> Repo<'a> {
    let repo = lab.repo("repo");
    repo.write("Dockerfile", &format!("{}RUN touch /{name}\nRUN sleep 60\n", lab::dockerfile(&lab.base)));
    repo.write("www/index.html", "hello\n");
    repo.write("imgbuild.toml", &lab::config(&lab.repository()));
    repo.commit("first");
    repo
}

fn is_asleep(event: &serde_json::Value) -> bool {
    event["type"] == "build-step" && event["instruction"].as_str().is_some_and(|i| i.contains("sleep"))
}

#[test]
fn an_engine_that_dies_in_the_middle_is_lost_on_every_way() {
    let engine = PrivateEngine::start("lost-far");
    for name in ["tls", "ssh"] {
        let lab = Lab::on(&format!("lost-{name}"), &engine.url);
        let repo = slow(&lab, name);
        let variables =
            if name == "tls" { over_tls(&lab, &engine.url) } else { over_ssh(&lab, &engine.url).1 };
        let mut running = with(repo.imgbuild(&["ci", "--format", "ndjson"]), &variables).start();
        running.wait_for("the slow step", is_asleep);
        engine.kill();
        let (code, events, stderr) = running.end();
        assert_eq!(code, Some(8), "{name}: {events:#?}\n{stderr}");
        assert!(stderr.contains("was lost in the middle of the build"), "{name}: {stderr}");
        engine.restart();
        with(repo.imgbuild(&["clean", "--yes"]), &variables).expect(0);
        assert_eq!(lab.journals(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_signal_leaves_nothing_on_an_engine_behind_ssh() {
    let lab = Lab::new("ssh-int");
    let repo = lab.hello();
    repo.write("Dockerfile", &lab::dockerfile(&lab.base).replace("[\"httpd\", ", "[\"sleep\", \"60\", "));
    repo.commit("sleeps");
    let (ssh, variables) = over_ssh(&lab, &lab.engine);
    let mut running = with(repo.imgbuild(&["ci", "--format", "ndjson"]), &variables).start();
    let id = running.run_id();
    running.wait_for_type("test-started");
    running.signal(Signal::INT);
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(130), "{events:#?}\n{stderr}");
    assert_eq!(lab.owned(&id), BTreeSet::new(), "{events:#?}\n{stderr}");
    assert!(!ssh.is_alive(), "an ssh was left");
}
