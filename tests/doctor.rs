//! `imgbuild doctor`: on an engine and a registry that are well, and on those that are not.

#![cfg(test)]

mod support;

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use support::lab::{Invocation, Lab, Ran, Repo};
use support::private_registry::PrivateRegistry;

/// The check of this name, which there has to be.
fn check<'a>(document: &'a Value, subject: &str, name: &str) -> &'a Value {
    let checks = document["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["subject"] == subject && check["check"] == name);
    found.unwrap_or_else(|| panic!("no {subject} {name}: {document:#}"))
}

fn health<'a>(document: &'a Value, subject: &str, name: &str) -> &'a str {
    check(document, subject, name)["health"].as_str().expect("health")
}

fn doctor(repo: &Repo<'_>) -> Invocation {
    repo.imgbuild(&["doctor", "--format", "json"])
}

/// The document of a run that ends with `code`.
fn ends(run: Invocation, code: i32) -> (Value, Ran) {
    let ran = run.expect(code);
    let document = ran.json();
    assert_eq!((&document["exit_code"], &document["ok"]), (&Value::from(code), &Value::from(code == 0)));
    (document, ran)
}

#[test]
fn a_healthy_world_is_told_to_be_one() {
    let lab = Lab::new("doctor");
    let repo = lab.hello();
    let (document, _) = ends(doctor(&repo), 0);
    for (subject, name) in [
        ("git", "repository"),
        ("git", "commit"),
        ("git", "work tree"),
        ("git", "history"),
        ("ci", "provider"),
        ("config", "file"),
        ("config", "Dockerfile"),
        ("engine", "connection"),
        ("engine", "version"),
        ("engine", "store"),
        ("registry", "login"),
        ("registry", "access"),
        ("registry", "push"),
        ("logins", "docker"),
        ("hooks", "pre-push"),
    ] {
        assert_eq!(health(&document, subject, name), "ok", "{subject} {name}: {document:#}");
    }
    assert!(check(&document, "engine", "version")["text"].as_str().expect("text").contains(", API 1."));
    assert_eq!(lab.tags().len(), 0, "nothing is pushed");
    // For people, and in a CI.
    let text = repo.imgbuild(&["doctor"]).expect(0).stdout;
    assert!(text.contains("✓ connection") && text.contains("hint: imgbuild hook install"), "{text}");
    let github =
        repo.imgbuild(&["doctor"]).env("CI", "true").env("GITHUB_ACTIONS", "true").env("NO_COLOR", "1");
    let text = github.expect(0).stdout;
    assert!(text.contains("GitHub Actions") && text.contains("not checked: nobody pushes"), "{text}");
}

#[test]
fn what_will_bite_is_told_with_what_to_do() {
    let lab = Lab::new("doctor-warn");
    let repo = lab.hello();
    repo.write("new.txt", "x");
    repo.imgbuild(&["hook", "install", "--yes", "--manager", "plain"]).expect(0);
    fs::create_dir_all(lab.path("home/.docker")).expect("folder");
    let helpers =
        r#"{"credHelpers": {"ghcr.io": "absent-helper"}, "auths": {"r.example": {"auth": "dTpzM2NyM3Q="}}}"#;
    fs::write(lab.path("home/.docker/config.json"), helpers).expect("write");
    let (document, ran) = ends(doctor(&repo), 0);
    assert_eq!(health(&document, "git", "work tree"), "warning");
    assert_eq!(health(&document, "logins", "helper"), "warning");
    assert!(
        check(&document, "hooks", "pre-push")["text"]
            .as_str()
            .expect("text")
            .contains("installed, by a plain hook")
    );
    assert!(!(ran.stdout + &ran.stderr).contains("s3cr3t"));
    let shallow = lab.repo("shallow");
    let url = format!("file://{}", repo.path.display());
    shallow.git(&["fetch", "-q", "--depth", "1", &url, "main"]);
    shallow.git(&["checkout", "-q", "FETCH_HEAD"]);
    let (document, _) = ends(doctor(&shallow), 0);
    assert_eq!(health(&document, "git", "history"), "warning");
}

#[test]
fn each_kind_of_problem_has_its_exit_code() {
    let lab = Lab::new("doctor-bad");
    let repo = lab.hello();
    let empty = lab.path("empty");
    fs::create_dir(&empty).expect("folder");
    let (document, _) = ends(lab.imgbuild(&empty, &["doctor", "--format", "json"]), 4);
    assert_eq!(health(&document, "git", "repository"), "problem");
    assert_eq!(health(&document, "engine", "connection"), "ok", "the rest is looked at all the same");

    let (document, _) = ends(doctor(&repo).env("DOCKER_HOST", "unix:///nowhere.sock"), 8);
    assert_eq!(health(&document, "engine", "connection"), "problem");
    assert!(!check(&document, "engine", "connection")["remedies"].as_array().expect("remedies").is_empty());
    assert_eq!(health(&document, "registry", "push"), "ok");

    let closed = TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("address");
    let (document, _) = ends(doctor(&repo).env("IMGBUILD_REPOSITORY", format!("{closed}/acme/api")), 7);
    assert_eq!(health(&document, "registry", "access"), "problem");

    repo.write("imgbuild.toml", "[imagee]\n");
    let (document, _) = ends(doctor(&repo), 3);
    assert_eq!(health(&document, "config", "file"), "problem");
    assert_eq!(health(&document, "registry", "access"), "not-checked");
    repo.imgbuild(&["doctor"]).expect(3).says("1 problem, first: config file");

    repo.write("imgbuild.toml", "schema = 1\n");
    fs::create_dir_all(lab.path("home/.docker")).expect("folder");
    fs::write(lab.path("home/.docker/config.json"), "no JSON").expect("write");
    let (document, _) = ends(doctor(&repo), 3);
    assert_eq!(health(&document, "logins", "docker"), "problem");
}

#[test]
fn a_login_is_named_and_never_shown() {
    use base64::Engine as _;
    let lab = Lab::new("doctor-login");
    let repo = lab.hello();
    let there = PrivateRegistry::start("doctor", &["--login", "tester"]);
    let name = format!("{}/t/{}", there.host, lab.name());
    let (document, _) = ends(doctor(&repo).env("IMGBUILD_REPOSITORY", &name), 7);
    assert_eq!(health(&document, "registry", "access"), "problem");

    let (user, password) = there.login.as_ref().expect("a login");
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    fs::create_dir_all(lab.path("home/.docker")).expect("folder");
    let config = serde_json::json!({"auths": {&there.host: {"auth": auth}}});
    fs::write(lab.path("home/.docker/config.json"), config.to_string()).expect("write");
    let (document, ran) = ends(doctor(&repo).env("IMGBUILD_REPOSITORY", &name), 0);
    let text = check(&document, "registry", "login")["text"].as_str().expect("text");
    assert!(text.contains("as tester, from ") && text.ends_with("home/.docker/config.json"), "{text}");
    assert_eq!(health(&document, "registry", "push"), "ok");
    assert_eq!(
        check(&document, "logins", "docker")["text"].as_str().expect("text").matches("1 registry").count(),
        1
    );
    let all = ran.stdout + &ran.stderr;
    assert!(!all.contains(password) && !all.contains(&auth));
}

#[test]
fn a_run_that_never_pushes_is_not_asked_whether_it_may() {
    let lab = Lab::new("doctor-never");
    let repo = lab.hello();
    let act = doctor(&repo).env("CI", "true").env("GITHUB_ACTIONS", "true").env("ACT", "true");
    let (document, _) = ends(act, 0);
    assert_eq!(health(&document, "ci", "may push"), "warning");
    assert_eq!(health(&document, "registry", "access"), "ok");
    assert_eq!(health(&document, "registry", "push"), "not-checked");
    // Where no registry is named there is nothing to ask.
    repo.write("imgbuild.toml", "schema = 1\n");
    let (document, _) = ends(doctor(&repo), 0);
    assert_eq!(health(&document, "registry", "access"), "not-checked");
}

#[test]
fn what_hangs_holds_up_nothing() {
    let lab = Lab::new("doctor-hang");
    let repo = lab.hello();
    // Both take connections and never answer.
    let engine = UnixListener::bind(lab.path("engine.sock")).expect("bind");
    let registry = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = registry.local_addr().expect("address");
    let run = doctor(&repo)
        .env("DOCKER_HOST", format!("unix://{}", lab.path("engine.sock").display()))
        .env("IMGBUILD_REPOSITORY", format!("{address}/acme/api"));
    let (document, _) = ends(run, 8);
    assert_eq!(health(&document, "engine", "connection"), "problem");
    assert!(
        check(&document, "engine", "connection")["text"].as_str().expect("text").contains("no answer for")
    );
    assert_eq!(health(&document, "registry", "access"), "problem");
    assert_eq!(health(&document, "git", "commit"), "ok");
    drop((engine, registry));
}

#[test]
fn a_signal_ends_it_and_the_helper_that_it_asks() {
    let lab = Lab::new("doctor-int");
    let repo = lab.hello();
    // A credential helper that says that it was asked, and then never answers.
    let helper = lab.path("bin/docker-credential-slow");
    fs::create_dir_all(lab.path("bin")).expect("folder");
    let told = lab.path("asked");
    assert!(Command::new("mkfifo").arg(&told).status().expect("mkfifo").success());
    let script = format!("#!/bin/sh\necho $$ >'{}'\nexec sleep 600\n", told.display());
    fs::write(&helper, script).expect("write");
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).expect("mode");
    fs::create_dir_all(lab.path("home/.docker")).expect("folder");
    fs::write(lab.path("home/.docker/config.json"), r#"{"credsStore": "slow"}"#).expect("write");
    let path = format!("{}:{}", lab.path("bin").display(), std::env::var("PATH").expect("PATH"));
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let child = Command::new(env!("CARGO_BIN_EXE_imgbuild"))
            .arg("doctor")
            .current_dir(&repo.path)
            .env_clear()
            .envs(lab.environment())
            .env("PATH", &path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("imgbuild");
        let mut asked = String::new();
        fs::File::open(&told).expect("fifo").read_to_string(&mut asked).expect("read");
        kill_process(Pid::from_child(&child), signal).expect("kill");
        let mut child = child;
        assert_eq!(child.wait().expect("wait").code(), Some(code));
        let helper = Pid::from_raw(asked.trim().parse().expect("pid")).expect("pid");
        let deadline = std::time::Instant::now() + support::lab::PATIENCE;
        while test_kill_process(helper).is_ok() && !is_zombie(helper) {
            assert!(std::time::Instant::now() < deadline, "the helper is still there");
            std::thread::yield_now();
        }
    }
}

fn is_zombie(process: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", process.as_raw_nonzero())).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:\tZ"))
}
