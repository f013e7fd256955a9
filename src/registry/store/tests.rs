//! Order of the sources, and what helpers may do wrong.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A folder with a `config.json` and helpers; the environment that leads there.
struct Home(tempfile::TempDir);

impl Home {
    fn new(config: &str) -> Home {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        Home(folder)
    }

    fn helper(self, suffix: &str, script: &str) -> Home {
        let path = self.0.path().join(format!("docker-credential-{suffix}"));
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Podman's file.
    fn podman(self, auth: &str) -> Home {
        let folder = self.0.path().join("containers");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("auth.json"), auth).unwrap();
        self
    }

    fn store(&self, more: &[(&str, &str)]) -> Result<CredentialStore> {
        let folder = self.0.path().to_str().unwrap();
        let path = format!("{folder}:/usr/bin:/bin");
        let own = [("DOCKER_CONFIG", folder), ("XDG_RUNTIME_DIR", folder), ("PATH", path.as_str())];
        let pairs = own.into_iter().chain(more.iter().copied());
        CredentialStore::load(&Environment::from_pairs(pairs))
    }
}

async fn origin(store: &CredentialStore, host: &str) -> Option<String> {
    store.for_registry(host).await.unwrap().map(|c| c.origin)
}

#[tokio::test]
async fn docker_comes_before_the_environment() {
    let home = Home::new(r#"{"auths": {"ghcr.io": {"auth": "dTpw"}}}"#);
    let variables = [
        ("GITHUB_TOKEN", "t"),
        ("CI_REGISTRY", "gl.example:5050"),
        ("CI_REGISTRY_USER", "c"),
        ("CI_REGISTRY_PASSWORD", "p"),
    ];
    let store = home.store(&variables).unwrap();
    assert!(origin(&store, "ghcr.io").await.unwrap().ends_with("config.json"));
    assert_eq!(origin(&store, "gl.example:5050").await.as_deref(), Some("CI_REGISTRY_USER"));
    assert_eq!(origin(&store, "gl.example").await, None);
    let empty = Home::new("{}").store(&variables).unwrap();
    let token = empty.for_registry("ghcr.io").await.unwrap().unwrap();
    assert_eq!((token.user(), token.origin.as_str()), ("x-access-token", "GITHUB_TOKEN"));
    assert!(!format!("{empty:?}{token:?}").contains("\"t\""));
}

#[tokio::test]
async fn our_own_variables_go_to_one_registry_only() {
    let login = [("IMGBUILD_REGISTRY_USERNAME", "u"), ("IMGBUILD_REGISTRY_PASSWORD", "p")];
    let home = Home::new("{}");
    let store = home.store(&login).unwrap();
    assert_eq!(origin(&store, "a.example").await, None);
    let store = store.publishing_to("a.example");
    assert!(origin(&store, "a.example").await.is_some());
    assert_eq!(origin(&store, "docker.io").await, None);
    let named = [login[0], login[1], ("IMGBUILD_REGISTRY", "https://b.example/")];
    let store = home.store(&named).unwrap().publishing_to("a.example");
    assert_eq!(origin(&store, "a.example").await, None);
    assert!(origin(&store, "b.example").await.is_some());
}

#[tokio::test]
async fn no_file_is_no_error_and_a_broken_one_is() {
    let nowhere = ["DOCKER_CONFIG", "XDG_RUNTIME_DIR"].map(|name| (name, "/nonexistent/folder"));
    let nowhere = Environment::from_pairs(nowhere);
    assert!(CredentialStore::load(&nowhere).unwrap().for_registry("a").await.unwrap().is_none());
    assert!(CredentialStore::load(&Environment::default()).is_ok());
    let broken = Home::new("{oops").store(&[]).unwrap_err();
    assert_eq!(broken.kind(), Kind::Config);
    assert!(broken.to_string().contains("config.json"), "{broken}");
    let huge = Home::new(&" ".repeat(2 << 20)).store(&[]).unwrap_err();
    assert!(huge.to_string().contains("larger"), "{huge}");
}

#[tokio::test]
async fn podman_comes_behind_docker_and_before_the_environment() {
    let home = Home::new(r#"{"auths": {"both.example": {"auth": "ZDox"}}}"#)
        .podman(
            r#"{"auths": {"both.example": {"auth": "cDoy"}, "ghcr.io/team": {"auth": "cDoz"},
                "docker.io": {"auth": "aDo0"}, "empty.example": {}},
                "credHelpers": {"helped.example": "ours"}, "credsStore": "no-such"}"#,
        )
        .helper("ours", r#"read host; echo "{\"Username\": \"$host\", \"Secret\": \"s\"}""#);
    let store = home.store(&[("GITHUB_TOKEN", "token"), ("GITHUB_ACTOR", "actor")]).unwrap();
    let user = async |host: &str, path: &str| {
        store.for_repository(host, path).await.unwrap().map(|c| c.user().to_owned())
    };
    assert_eq!(user("both.example", "x").await.as_deref(), Some("d"));
    assert_eq!(user("ghcr.io", "team/x").await.as_deref(), Some("p"));
    assert_eq!(user("ghcr.io", "other/x").await.as_deref(), Some("actor"));
    assert_eq!(user("helped.example", "x").await.as_deref(), Some("helped.example"));
    assert_eq!(user("empty.example", "x").await, None);
    // The engine knows Docker Hub by docker's key alone, and a registry's part not at all.
    let hub = store.for_repository("docker.io", "library/alpine").await.unwrap().unwrap();
    assert_eq!((hub.user(), hub.server.as_str()), ("h", "https://index.docker.io/v1/"));
    assert!(hub.origin.ends_with("containers/auth.json"), "{}", hub.origin);
    assert_eq!(store.for_repository("ghcr.io", "team/x").await.unwrap().unwrap().server, "ghcr.io");
}

#[tokio::test]
async fn a_broken_file_of_podmans_is_an_error_where_it_is_asked() {
    let home = Home::new(r#"{"auths": {"known.example": {"auth": "ZDox"}}}"#)
        .podman(r#"{"auths": {"r.example": {"auth": "c2VjcmV0"}"#);
    let store = home.store(&[("GITHUB_TOKEN", "t")]).unwrap();
    assert!(store.for_registry("known.example").await.unwrap().is_some());
    for host in ["other.example", "ghcr.io"] {
        let error = store.for_registry(host).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(error.kind() == Kind::Config && text.contains("containers/auth.json"), "{text}");
        assert!(!text.contains("c2VjcmV0"), "{text}");
    }
    let huge = Home::new("{}").podman(&" ".repeat(2 << 20));
    let error = huge.store(&[]).unwrap().for_registry("a").await.unwrap_err();
    assert!(error.to_string().contains("larger"), "{error}");
}

#[tokio::test]
async fn every_secret_is_told_before_a_login_is_given_out() {
    let home = Home::new(
        r#"{"auths": {"file.example": {"auth": "dTpwYXNz"}}, "credHelpers": {"help.example": "h"}}"#,
    )
    .podman(r#"{"auths": {"pod.example": {"identitytoken": "pod-token"}}}"#)
    .helper("h", r#"echo '{"Username": "<token>", "Secret": "helped"}'"#);
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let list = std::sync::Arc::clone(&told);
    let hide = Hide::new(move |secret| list.lock().unwrap().push(secret.to_owned()));
    let store = home.store(&[("GITHUB_TOKEN", "gh-token")]).unwrap().hiding(hide);
    assert!(store.for_registry("none.example").await.unwrap().is_none());
    for host in ["file.example", "help.example", "pod.example", "ghcr.io"] {
        assert!(store.for_registry(host).await.unwrap().is_some(), "{host}");
    }
    let told = told.lock().unwrap();
    assert_eq!(told[..4], ["pass", "dTpwYXNz", "helped", "pod-token"]);
    assert_eq!(told[4], "gh-token");
    assert!(!format!("{store:?}").contains("gh-token"));
}

#[tokio::test]
async fn helpers_that_misbehave_are_errors_without_secrets() {
    let config = r#"{"credHelpers": {"slow": "slow", "loud": "loud", "leak": "leak", "dir": "../x", "early": "early"}}"#;
    let home = Home::new(config)
        .helper("slow", "exec sleep 30")
        .helper("loud", "exec cat /dev/zero")
        .helper("leak", "echo s3cr3t; echo s3cr3t >&2; exit 3")
        .helper("early", r#"exec <&-; echo '{"Username": "<token>", "Secret": "s"}'"#);
    let mut store = home.store(&[]).unwrap();
    store.helper_timeout = Duration::from_millis(300);
    let slow = store.for_registry("slow").await.unwrap_err();
    assert!(slow.to_string().contains("no answer within"), "{slow}");
    store.helper_timeout = helper::TIMEOUT;
    let loud = store.for_registry("loud").await.unwrap_err();
    assert!(loud.to_string().contains("more than"), "{loud}");
    let leak = store.for_registry("leak").await.unwrap_err();
    assert!(leak.to_string().contains("exit code 3") && !format!("{leak:?}").contains("s3cr3t"), "{leak:?}");
    assert_eq!(store.for_registry("dir").await.unwrap_err().kind(), Kind::Config);
    let early = store.for_registry("early").await.unwrap().unwrap();
    assert_eq!((early.user(), early.identity_token.expose()), ("<identity token>", "s"));
}

/// Whether a process is there. A dead one that nobody collected yet does not count.
fn alive(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

#[tokio::test]
async fn a_helper_that_is_given_up_dies_with_all_that_it_started() {
    let config = r#"{"credHelpers": {"slow": "slow", "flood": "flood"}}"#;
    let stubborn = r#"trap '' TERM INT PIPE; sleep 1000 & echo "$! $$" >"$DOCKER_CONFIG/pids""#;
    let home = Home::new(config)
        .helper("slow", &format!("{stubborn}; wait"))
        // 100 MB, by one who does not mind that nobody reads.
        .helper("flood", &format!("{stubborn}; head -c 100000000 /dev/zero; echo s3cr3t; wait"));
    let mut store = home.store(&[]).unwrap();
    for (host, expected) in [("slow", "no answer within"), ("flood", "more than 65536 bytes")] {
        let pids = home.0.path().join("pids");
        let _ = std::fs::remove_file(&pids);
        // Long enough for a shell to start on a machine that is busy.
        store.helper_timeout = Duration::from_secs(if host == "slow" { 2 } else { 60 });
        let error = store.for_registry(host).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected) && !text.contains("s3cr3t"), "{text}");
        let pids = std::fs::read_to_string(&pids).unwrap();
        assert_eq!(pids.split_whitespace().count(), 2);
        let until = std::time::Instant::now() + Duration::from_secs(10);
        while pids.split_whitespace().any(alive) {
            assert!(std::time::Instant::now() < until, "{host}: {pids} live on");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_a_helper_leaves_behind_on_purpose_lives_on() {
    // As gpg-agent does: it answers the next one, too.
    let home = Home::new(r#"{"credsStore": "agent"}"#).helper(
        "agent",
        r#"sleep 1000 >/dev/null & echo $! >"$DOCKER_CONFIG/pids"; echo '{"Username": "u", "Secret": "s"}'"#,
    );
    assert!(home.store(&[]).unwrap().for_registry("a").await.unwrap().is_some());
    let pid = std::fs::read_to_string(home.0.path().join("pids")).unwrap();
    assert!(alive(pid.trim()));
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
