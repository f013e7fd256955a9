use super::super::testing::{Act, Fake};
use super::*;

fn answer(body: &str) -> Act {
    Act::Answer(200, body.to_owned())
}

async fn refused(script: Vec<(&'static str, Act)>) -> Error {
    let fake = Fake::new(script);
    let error = Engine::connect(&fake.endpoint()).await.unwrap_err();
    assert!(error.message().contains(&fake.endpoint().to_string()), "{error}");
    fake.check();
    error
}

#[tokio::test]
async fn the_negotiated_version_is_in_every_path_of_ours_and_of_bollards() {
    let script = vec![
        ("GET /_ping", answer("OK")),
        ("GET /version", answer(r#"{"ApiVersion":"1.41","MinAPIVersion":"1.12","Version":"20.10"}"#)),
        ("GET /v1.41/info", answer(r#"{"ID":"a","DockerRootDir":"/d"}"#)),
        ("DELETE /v1.41/containers/c?*", Act::Answer(404, "{\"message\":\"no\"}".to_owned())),
        ("GET /v1.41/containers/c/json", Act::Answer(404, "{\"message\":\"no\"}".to_owned())),
    ];
    Fake::new(script)
        .serves(async |engine| {
            assert_eq!(engine.info().api_version, "1.41");
            assert!(!engine.remove_container("c").await.unwrap());
            assert!(engine.inspect_container("c").await.unwrap().is_none());
        })
        .await;
}

#[tokio::test]
async fn an_engine_newer_than_us_gets_our_version_and_one_too_new_is_refused() {
    Fake::engine(Vec::new()).serves(async |engine| assert_eq!(engine.info().api_version, "1.51")).await;
    let version = answer(r#"{"ApiVersion":"1.99","MinAPIVersion":"1.60"}"#);
    let error = refused(vec![("GET /_ping", answer("OK")), ("GET /version", version)]).await;
    assert!(error.hints().contains(&"update imgbuild".to_owned()), "{error}");
}

#[tokio::test]
async fn an_engine_that_hangs_is_named_within_seconds() {
    let started = std::time::Instant::now();
    let error = refused(vec![("GET /_ping", Act::Silent(Vec::new()))]).await;
    assert!(error.kind() == Kind::Engine && error.message().contains("no answer for 15 s"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(40));
}

#[tokio::test]
async fn what_is_no_engine_is_said_to_be_none() {
    for script in [
        vec![("GET /_ping", Act::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()))],
        vec![("GET /_ping", answer("OK")), ("GET /version", answer("<html>"))],
        vec![("GET /_ping", answer("OK")), ("GET /version", answer("{}"))],
    ] {
        let error = refused(script).await;
        assert!(error.kind() == Kind::Engine && error.message().contains("container engine"), "{error}");
    }
    // Half an answer is a loss.
    let half = Act::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nOK".to_vec());
    assert!(refused(vec![("GET /_ping", half)]).await.message().contains("lost"));
}

#[tokio::test]
async fn absent_and_dead_sockets_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let absent = Engine::connect(&Endpoint::unix(dir.path().join("no"), "DOCKER_HOST")).await.unwrap_err();
    assert!(absent.message().contains("no such socket") && !absent.hints().is_empty(), "{absent}");
    let path = dir.path().join("dead");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let dead = Engine::connect(&Endpoint::unix(&path, "DOCKER_HOST")).await.unwrap_err();
    assert!(dead.message().contains("nothing answers") && !dead.hints().is_empty(), "{dead}");
}

#[tokio::test]
async fn plain_tcp_and_its_refusal() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint =
        Endpoint::parse(&format!("tcp://{}", listener.local_addr().unwrap()), "DOCKER_HOST").unwrap();
    drop(listener);
    let error = Engine::connect(&endpoint).await.unwrap_err();
    assert!(error.kind() == Kind::Engine && error.message().contains("no engine listens"), "{error}");
}

#[test]
fn podman_and_stores_are_told_apart() {
    let endpoint = Endpoint::unix("/x", "");
    let read = |version: &str, info: &str| {
        let (version, info) = (serde_json::from_str(version).unwrap(), serde_json::from_str(info).unwrap());
        describe(&endpoint, version, info, "1.41".to_owned())
    };
    let podman = r#"{"Components":[{"Name":"Podman Engine"}]}"#;
    let one = read(podman, r#"{"ID":"random-1","Name":"h","DockerRootDir":"/r","DriverStatus":null}"#);
    let two = read(podman, r#"{"ID":"random-2","Name":"h","DockerRootDir":"/r"}"#);
    assert!(one.podman && one.id == two.id);
    let docker = |id: &str, root: &str| {
        read(
            "{}",
            &format!(
                r#"{{"ID":"{id}","DockerRootDir":"{root}","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}}"#
            ),
        )
    };
    assert!(docker("a", "/1").containerd_store);
    // Two engines of one machine share the ID that comes from /etc/docker/key.json.
    assert_ne!(docker("a", "/1").id, docker("a", "/2").id);
}

#[test]
fn an_engine_without_root_says_so() {
    let read = |info: &str| {
        let info = serde_json::from_str(info).unwrap();
        describe(&Endpoint::unix("/x", ""), VersionAnswer::default(), info, "1.41".to_owned())
    };
    let info = r#"{"Driver":"overlay2","SecurityOptions":["name=seccomp,profile=default","name=rootless"]}"#;
    let told = read(info);
    assert!(told.rootless && told.driver == "overlay2");
    assert!(!read(r#"{"SecurityOptions":["name=seccomp"]}"#).rootless && !read("{}").rootless);
}

#[tokio::test]
async fn the_ping_says_whether_there_is_buildkit() {
    for (header, buildkit) in
        [("Builder-Version: 2\r\n", true), ("Builder-Version: 1\r\n", false), ("", false)]
    {
        let ping = format!("HTTP/1.1 200 OK\r\n{header}Content-Length: 2\r\n\r\nOK");
        let fake = Fake::new(vec![
            ("GET /_ping", Act::Raw(ping.into_bytes())),
            ("GET /version", answer(r#"{"ApiVersion":"1.41"}"#)),
            ("GET /v1.41/info", answer("{}")),
        ]);
        fake.serves(async |engine| assert_eq!(engine.info().buildkit, buildkit)).await;
    }
}

#[test]
fn an_engine_tells_which_registries_it_takes_without_tls() {
    let info = r#"{"ID":"a","RegistryConfig":{"InsecureRegistryCIDRs":["127.0.0.0/8","10.0.0.0/8"],
        "IndexConfigs":{"r.example:5000":{"Name":"r.example:5000","Mirrors":[],"Secure":false}}}}"#;
    let read = |info: &str| {
        let info = serde_json::from_str(info).unwrap();
        describe(&Endpoint::unix("/x", ""), VersionAnswer::default(), info, "1.41".to_owned())
    };
    let told = read(info);
    assert_eq!(told.insecure, ["r.example:5000", "10.0.0.0/8"]);
    assert!(told.declares_insecure("r.example:5000") && told.declares_insecure("10.1.2.3:5000"));
    assert!(!told.declares_insecure("r.example") && !told.declares_insecure("127.0.0.1:5000"));
    assert!(read(r#"{"ID":"a","RegistryConfig":null}"#).insecure.is_empty());
}
