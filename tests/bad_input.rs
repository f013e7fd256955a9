//! What people get wrong: each is refused with the right exit code, and a message that says what to do.

#![cfg(test)]

mod support;

use std::os::unix::fs::{PermissionsExt, chown};

use serde_json::Value;
use support::ci_agents;
use support::lab::{self, Lab};

#[test]
fn no_repository() {
    let lab = Lab::new("none");
    let folder = lab.path("plain");
    std::fs::create_dir(&folder).expect("folder");
    lab.imgbuild(&folder, &["ci"]).expect(4).says("not").says("git").says("hint:");
}

#[test]
fn unborn_head() {
    let lab = Lab::new("unborn");
    let repo = lab.repo("repo");
    repo.write("Dockerfile", "FROM scratch\n");
    repo.imgbuild(&["ci"]).expect(4).says("commit");
}

#[test]
fn corrupt_repository() {
    let lab = Lab::new("corrupt");
    let repo = lab.hello();
    std::fs::write(repo.path.join(".git/HEAD"), "garbage\n").expect("write");
    repo.imgbuild(&["ci"]).expect(4).says("HEAD");

    let lab = Lab::new("corrupt");
    let repo = lab.hello();
    std::fs::write(repo.path.join(".git/index"), "garbage").expect("write");
    repo.imgbuild(&["ci"]).expect(4).says("index");

    let lab = Lab::new("corrupt");
    let repo = lab.hello();
    std::fs::remove_dir_all(repo.path.join(".git/objects")).expect("remove");
    repo.imgbuild(&["ci"]).expect(4);
}

#[test]
fn foreign_owned_repository() {
    let lab = Lab::new("foreign");
    let repo = lab.hello();
    for path in ["", ".git"] {
        chown(repo.path.join(path), Some(12345), Some(12345)).expect("chown: make test runs this as root");
    }
    let root = repo.path.canonicalize().expect("path");
    let root = root.to_str().expect("path");
    // On a wide line the hint stands in one piece.
    let line = format!("git config --global --add safe.directory {root}");
    repo.imgbuild(&["ci"]).expect(4).says(&line);
    // In the provider's own workspace it is read, and a line says so.
    let ran =
        repo.imgbuild(&["ci", "--push", "never"]).env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", root);
    ran.env("GITHUB_SHA", repo_head(&lab, root))
        .env("GITHUB_REF", "refs/heads/main")
        .expect(0)
        .says("safe.directory");
}

/// HEAD of a repository that somebody else owns.
fn repo_head(lab: &Lab, root: &str) -> String {
    let output = std::process::Command::new("git")
        .args(["-c", &format!("safe.directory={root}"), "-C", root, "rev-parse", "HEAD"])
        .env_clear()
        .envs(lab.environment())
        .output()
        .expect("git");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn dirty_tree() {
    let lab = Lab::new("dirty");
    let repo = lab.hello();
    repo.write("www/index.html", "changed\n");
    repo.write("new-file", "x");
    let ran = repo.imgbuild(&["ci"]).expect(4);
    ran.says("www/index.html").says("untracked: new-file").says("commit or stash");
    // What stays outside of the context does not matter.
    repo.git(&["checkout", "-q", "www/index.html"]);
    repo.write(".dockerignore", "new-file\n");
    repo.git(&["add", ".dockerignore"]);
    repo.git(&["commit", "-q", "-m", "ignore"]);
    repo.imgbuild(&["plan"]).expect(0);
}

#[test]
fn dockerfiles() {
    let lab = Lab::new("dockerfiles");
    let repo = lab.repo("repo");
    repo.commit("nothing");
    repo.imgbuild(&["ci"]).expect(3).says("no Dockerfile");
    repo.write("Dockerfile", "");
    repo.commit("empty");
    repo.imgbuild(&["ci"]).expect(3).says("Dockerfile");
    repo.write("Dockerfile", "FROM scratch\nRUNN make\n");
    repo.commit("invalid");
    repo.imgbuild(&["ci"]).expect(3).says("Dockerfile").says("RUNN").says("RUN");
    repo.write("Containerfile", "FROM scratch\n");
    repo.commit("two");
    repo.imgbuild(&["ci"]).expect(3).says("Dockerfile, Containerfile").says("--dockerfile");
}

#[test]
fn dockerignore_with_a_bad_pattern() {
    let lab = Lab::new("ignore");
    let repo = lab.hello();
    repo.write(".dockerignore", "ok\n[\n");
    repo.commit("bad");
    repo.imgbuild(&["ci"]).expect(3).says(".dockerignore").says("2");
}

#[test]
fn configuration() {
    let lab = Lab::new("config");
    let repo = lab.hello();
    repo.write("imgbuild.toml", "schema = 1\n[image]\nrepositry = \"x\"\n");
    repo.commit("unknown key");
    repo.imgbuild(&["ci"]).expect(3).says("imgbuild.toml:3:1").says("repositry").says("repository");
    repo.write("imgbuild.toml", &"#".repeat(1024 * 1024 + 1));
    repo.commit("large");
    repo.imgbuild(&["ci"]).expect(3).says("1 MiB");
}

#[test]
fn engines() {
    let lab = Lab::new("engine");
    let repo = lab.hello();
    let absent = format!("unix://{}", lab.path("absent.sock").display());
    repo.imgbuild(&["ci"]).env("DOCKER_HOST", &absent).expect(8).says("absent.sock").says("hint:");
    // A socket that is no engine.
    let wrong = lab.path("wrong.sock");
    let listener = std::os::unix::net::UnixListener::bind(&wrong).expect("bind");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = stream;
            let _ = std::io::Write::write_all(&mut stream, b"220 mail.example.com ESMTP\r\n");
        }
    });
    let wrong = format!("unix://{}", wrong.display());
    repo.imgbuild(&["ci"]).env("DOCKER_HOST", &wrong).expect(8).says("wrong.sock");
    repo.imgbuild(&["ci"]).env("DOCKER_HOST", "ftp://x").expect(2).says("ftp://");
}

#[test]
fn engine_without_permission() {
    let lab = Lab::new("permission");
    let repo = lab.hello();
    let locked = lab.path("locked.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&locked).expect("bind");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o600)).expect("permissions");
    // Root is never refused, so somebody else tries.
    for path in [repo.path.as_path(), repo.path.parent().expect("parent"), &lab.path("home")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("permissions");
    }
    let binary = lab.path("imgbuild");
    std::fs::copy(env!("CARGO_BIN_EXE_imgbuild"), &binary).expect("copy");
    let status = std::process::Command::new("chown")
        .args(["-R", "12345:12345"])
        .arg(&repo.path)
        .status()
        .expect("chown");
    assert!(status.success());
    let output = std::process::Command::new("setpriv")
        .args(["--reuid=12345", "--regid=12345", "--clear-groups"])
        .arg(&binary)
        .arg("ci")
        .current_dir(&repo.path)
        .env_clear()
        .envs(lab.environment())
        .env("DOCKER_HOST", format!("unix://{}", locked.display()))
        .output()
        .expect("setpriv");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(8), "{said}");
    assert!(said.contains("permission") && said.contains("docker"), "{said}");
}

#[test]
fn registries_that_refuse_or_deny() {
    let lab = Lab::new("denied");
    let repo = lab.hello();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let read = std::io::Read::read(&mut stream, &mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let answer: &[u8] = if request.starts_with("POST") {
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            } else {
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}"
            };
            let _ = std::io::Write::write_all(&mut stream, answer);
        }
    });
    repo.write("imgbuild.toml", &lab::config(&format!("{address}/team/api")));
    repo.commit("denied");
    let began = std::time::Instant::now();
    let ran = repo.imgbuild(&["ci", "--format", "json"]).expect(7);
    ran.says("team/api").says("docker login");
    assert_eq!(ran.json()["image"], Value::Null, "found out before the build");
    assert!(began.elapsed().as_secs() < 30, "the engine retries a 403 for 50 s");
}

#[test]
fn an_image_whose_command_does_not_exist() {
    let lab = Lab::new("command");
    let repo = lab.hello();
    repo.write(
        "Dockerfile",
        &format!("FROM {}\nHEALTHCHECK CMD true\nCMD [\"/no/such/program\"]\n", lab.base),
    );
    repo.commit("no such program");
    repo.imgbuild(&["ci"]).expect(6).says("/no/such/program");
    assert!(lab.tags().is_empty());
}

#[test]
fn a_container_that_floods_its_log() {
    let lab = Lab::new("flood");
    let repo = lab.hello();
    repo.write(
        "Dockerfile",
        &format!("FROM {}\nHEALTHCHECK CMD false\nCMD [\"yes\", \"flooding the log\"]\n", lab.base),
    );
    repo.write("imgbuild.toml", &lab::config(&lab.repository()).replace("30s", "2s"));
    repo.commit("flood");
    let ran = repo.imgbuild(&["ci"]).expect(6);
    ran.says("flooding the log");
    assert!(ran.stderr.len() < 64 * 1024, "{} bytes of log are shown", ran.stderr.len());
}

#[test]
fn branch_names_that_are_hostile_or_look_like_something_else() {
    let lab = Lab::new("branches");
    let repo = lab.hello();
    let long = "x".repeat(240);
    let mut slugs = std::collections::BTreeSet::new();
    for branch in ["$(id)", "feature/ä#1", "latest", "1.2.3", long.as_str(), "pr-1", "x-dev", "\u{202e}evil"]
    {
        repo.git(&["checkout", "-q", "-B", branch]);
        let ran = repo.imgbuild(&["plan", "--format", "json"]).expect(0);
        let plan = ran.json();
        for tag in plan["tags"].as_array().expect("tags") {
            let tag = tag["tag"].as_str().expect("tag");
            assert!(tag.parse::<imgbuild::image::Tag>().is_ok(), "{branch}: {tag}");
            assert!(!["latest", "1.2.3", "pr-1"].contains(&tag) && !tag.ends_with("-dev"), "{branch}: {tag}");
        }
        let pointer = plan["tags"][1]["tag"].as_str().expect("pointer").to_owned();
        assert!(slugs.insert(pointer.clone()), "{branch}: {pointer} is another branch's");
        let human = repo.imgbuild(&["plan"]).expect(0).stdout;
        assert!(!human.contains('\u{202e}'), "{human}");
    }
    // A branch of 300 characters is more than a file name may have, and comes from a CI's variables.
    let long = "y".repeat(300);
    let ran = repo
        .imgbuild(&["plan", "--format", "json"])
        .env("CI", "true")
        .env("IMGBUILD_BRANCH", &long)
        .expect(0);
    assert!(ran.json()["tags"][0]["tag"].as_str().expect("tag").len() <= 128);
    // And one of them all the way to the registry.
    repo.git(&["checkout", "-q", "-B", "$(id)"]);
    repo.imgbuild(&["ci"]).expect(0);
    assert!(lab.tags().iter().all(|tag| tag.starts_with("id-")), "{:?}", lab.tags());
}

#[test]
fn output_of_a_build_is_no_command_to_anybody() {
    let lab = Lab::new("inject");
    let repo = lab.hello();
    let hostile = "RUN printf '::set-output name=x::y\\n\\033[2J##[error]z\\n' && head -c 300000 /dev/zero | tr '\\\\0' x\n";
    repo.write("Dockerfile", &(lab::dockerfile(&lab.base) + hostile));
    repo.commit("hostile");
    let ran = repo
        .imgbuild(&["ci"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_SHA", repo.head())
        .env("GITHUB_REF", "refs/heads/main");
    let ran = ran.expect(0);
    let obeyed = ci_agents::github(&format!("{}{}", ran.stdout, ran.stderr));
    let ours = ["group", "endgroup", "warning", "notice"];
    assert!(ci_agents::names(&obeyed).iter().all(|name| ours.contains(name)), "{obeyed:#?}");
    for line in ran.stderr.lines().chain(ran.stdout.lines()) {
        assert!(!line.contains("##[error]"), "{line}");
        assert!(!line.contains("\u{1b}[2J") && line.len() < 20_000, "{} bytes", line.len());
    }
}

#[test]
fn a_clock_that_is_none() {
    let lab = Lab::new("clock");
    let repo = lab.hello();
    for clock in ["soon", "-1", "9223372036854775807", "1e9"] {
        repo.imgbuild(&["plan"]).env("IMGBUILD_NOW", clock).expect(2).says("IMGBUILD_NOW");
    }
}

/// Wants a login, and shows it to whoever reads its answer.
fn a_registry_that_sends_the_login_back() -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address").to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 8192];
            let read = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let sent = request.lines().find_map(|line| line.strip_prefix("authorization: "));
            let (status, body) = match sent {
                Some(sent) => {
                    ("403 Forbidden", format!(r#"{{"errors":[{{"code":"DENIED","message":"{sent}"}}]}}"#))
                }
                None => ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", String::new()),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    address
}

#[test]
fn a_registry_that_sends_the_login_back_does_not_show_it() {
    let lab = Lab::new("echo");
    let repo = lab.hello();
    let registry = a_registry_that_sends_the_login_back();
    // bob:hunter2secret
    let login = "Ym9iOmh1bnRlcjJzZWNyZXQ=";
    std::fs::create_dir_all(lab.path("home/.docker")).expect("folder");
    let config = format!(r#"{{"auths":{{"{registry}":{{"auth":"{login}"}}}}}}"#);
    std::fs::write(lab.path("home/.docker/config.json"), config).expect("write");
    let repository = format!("{registry}/x");
    for command in [&["plan"][..], &["ci", "--format", "ndjson"], &["ci", "--format", "json"]] {
        let arguments: Vec<&str> =
            command.iter().copied().chain(["--repository", repository.as_str()]).collect();
        let ran = repo.imgbuild(&arguments).expect(7);
        ran.says("no push permission").says("DENIED");
        let all = ran.stdout + &ran.stderr;
        assert!(!all.contains(login) && !all.contains("hunter2secret"), "{all}");
    }
}

#[test]
fn arguments_that_are_wrong_are_no_commands_of_a_ci() {
    let lab = Lab::new("arguments");
    let value = "x\n::set-output name=digest::forged\n\u{1b}[2J";
    let ran = lab.imgbuild(&lab.path("home"), &["ci", "--push", value]).expect(2);
    assert!(!ran.stderr.trim_end().contains(['\n', '\u{1b}']), "{:?}", ran.stderr);
    ran.says("--push");
}
