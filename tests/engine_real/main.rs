//! The engine room against a real engine: the one whose socket `IMGBUILD_TEST_ENGINE` names. `make test` starts it.

#![cfg(test)]
mod build;
mod containers;
mod images;
mod sweep;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use imgbuild::engine::{
    BuildObserver, BuildRequest, BuiltImage, ContainerSpec, Endpoint, Engine, ExecSpec, HealthOverride,
    Journal, Leftover, Limits, LogOptions, Origin, Owner, Record, Teardown, Thing,
};
use imgbuild::error::{Error, Kind, Result};
use imgbuild::event::{Event, Events};
use tokio::sync::Mutex;

/// Made once on each engine from Debian's busybox-static; the number goes up when what is in it changes.
const BASE: &str = "localhost/imgbuild-engine-real:base-1";

fn socket() -> PathBuf {
    match std::env::var("IMGBUILD_TEST_ENGINE") {
        Ok(url) => PathBuf::from(url.strip_prefix("unix://").unwrap_or(&url)),
        Err(_) => panic!("IMGBUILD_TEST_ENGINE names no engine: run `make test`, which starts one"),
    }
}

async fn engine() -> Engine {
    let engine = Engine::connect(&Endpoint::unix(socket(), "IMGBUILD_TEST_ENGINE")).await.unwrap();
    static BASE_MADE: Mutex<bool> = Mutex::const_new(false);
    let mut made = BASE_MADE.lock().await;
    if !*made {
        if engine.inspect_image(BASE).await.unwrap().is_none() {
            import_base();
        }
        *made = true;
    }
    engine
}

/// A name that no other test has.
fn unique(what: &str) -> String {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    format!("ib-{what}-{}-{nanos}", std::process::id())
}

/// A request by hand, with nothing of what is under test; the answer's body. HTTP/1.0 keeps it free of chunks.
fn raw(method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket()).unwrap();
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    answer.split_off(head + 4)
}

/// The layer that all base images of the tests are made of.
fn import_base() {
    let scripts = std::env::var("IMGBUILD_TEST_SCRIPTS").expect("IMGBUILD_TEST_SCRIPTS: run `make test`");
    let folder = tempfile::tempdir().unwrap();
    let layer = folder.path().join("layer.tar");
    let script = PathBuf::from(scripts).join("base-image");
    let output = Command::new(script).arg("layer").arg(&layer).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer = raw(
        "POST",
        "/images/create?fromSrc=-&repo=localhost/imgbuild-engine-real:base-1",
        &std::fs::read(layer).unwrap(),
    );
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.contains("sha256:"), "{answer}");
}

/// A context of one Dockerfile and these files.
fn context(
    files: Vec<(&'static str, Vec<u8>)>,
) -> impl FnOnce(&mut dyn Write) -> Result<u64> + Send + 'static {
    move |sink| {
        let mut tar = tar::Builder::new(sink);
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, name, bytes.as_slice()).map_err(io)?;
        }
        tar.finish().map_err(io)?;
        Ok(1)
    }
}

fn io(error: std::io::Error) -> Error {
    Error::new(Kind::Io, "cannot write the context").because(error)
}

#[derive(Default)]
struct Seen {
    images: Vec<(String, Origin)>,
    containers: Vec<String>,
}

impl BuildObserver for Seen {
    fn on_image(&mut self, id: &str, origin: Origin) -> Result<()> {
        self.images.push((id.to_owned(), origin));
        Ok(())
    }
    fn on_container(&mut self, id: &str) -> Result<()> {
        self.containers.push(id.to_owned());
        Ok(())
    }
}

async fn build(
    engine: &Engine,
    dockerfile: &str,
    request: BuildRequest,
) -> (Result<BuiltImage>, Seen, Vec<Event>) {
    let (events, mut receiver) = Events::channel();
    let mut seen = Seen::default();
    let files = vec![("Dockerfile", dockerfile.as_bytes().to_vec())];
    let collect = async {
        let mut all = Vec::new();
        while let Some(stamped) = receiver.recv().await {
            all.push(stamped.event);
        }
        all
    };
    let work = async {
        let built = engine.build(&request, context(files), &mut seen, &events).await;
        drop(events);
        built
    };
    let (built, all) = tokio::join!(work, collect);
    (built, seen, all)
}

fn request() -> BuildRequest {
    BuildRequest {
        network: Some("none".to_owned()),
        idle_timeout: Duration::from_secs(120),
        total_timeout: Duration::from_secs(240),
        step_line: Box::new(|place| Some(place.index * 10)),
        ..BuildRequest::default()
    }
}

fn logs(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|e| if let Event::BuildLog { line, .. } = e { Some(line.as_str()) } else { None })
        .collect()
}

#[tokio::test]
async fn connecting_tells_who_is_there() {
    let engine = engine().await;
    let info = engine.info();
    assert!(!info.version.is_empty() && !info.id.as_str().is_empty() && info.clock.is_some(), "{info:?}");
    assert!(!info.remote);
    let again = Engine::connect(engine.endpoint()).await.unwrap();
    assert_eq!(again.info().id, info.id);
}

/// The owner of what these tests make.
fn owner() -> Owner {
    Owner::current("engine-real", Duration::from_secs(600)).unwrap()
}

fn spec(command: &[&str]) -> ContainerSpec {
    ContainerSpec {
        image: BASE.to_owned(),
        command: Some(command.iter().map(|&word| word.to_owned()).collect()),
        network: Some("none".to_owned()),
        limits: Limits {
            memory_bytes: 64 << 20,
            pids: 64,
            drop_capabilities: true,
            no_new_privileges: true,
            log_bytes: 1 << 20,
        },
        labels: owner().labels(),
        ..ContainerSpec::default()
    }
}
