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

    fn store(&self, more: &[(&str, &str)]) -> Result<CredentialStore> {
        let folder = self.0.path().to_str().unwrap();
        let path = format!("{folder}:/usr/bin:/bin");
        let pairs =
            [("DOCKER_CONFIG", folder), ("PATH", path.as_str())].into_iter().chain(more.iter().copied());
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
    let nowhere = Environment::from_pairs([("DOCKER_CONFIG", "/nonexistent/folder")]);
    assert!(CredentialStore::load(&nowhere).unwrap().for_registry("a").await.unwrap().is_none());
    assert!(CredentialStore::load(&Environment::default()).is_ok());
    let broken = Home::new("{oops").store(&[]).unwrap_err();
    assert_eq!(broken.kind(), Kind::Config);
    assert!(broken.to_string().contains("config.json"), "{broken}");
    let huge = Home::new(&" ".repeat(2 << 20)).store(&[]).unwrap_err();
    assert!(huge.to_string().contains("larger"), "{huge}");
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
