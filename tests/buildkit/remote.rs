//! A builder at an address of its own: its image is brought into the engine, tested, tagged and pushed as any other.
//!
//! The builder is the tests' own, and hands over what `docker save` wrote. None of these has met a real `buildkitd`.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use bollard_buildkit_proto::moby::buildkit::v1::SolveResponse;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tonic::Status;

use crate::support::lab::{Lab, setting};

#[path = "../../src/engine/buildkit/testing.rs"]
#[expect(dead_code, reason = "the tests inside of the crate use the rest")]
mod testing;

use testing::{Builder, HandOver, Sessions, Solving};

/// What the builder does with the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    HandsOver,
    /// It is gone in the middle of the image.
    Vanishes,
    /// It says nothing more in the middle of the image.
    Stalls,
    /// It says that it built another image.
    Lies,
    /// A step of the build fails.
    Fails,
}

/// A builder that runs until it is dropped.
struct Remote {
    socket: PathBuf,
    /// The name that each image was asked for by.
    names: mpsc::Receiver<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Remote {
    fn start(image: Saved, course: Course) -> Remote {
        let (tell, told) = mpsc::channel();
        let (named, names) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(async {
                let builder = Builder::new(Sessions::Taken, move |solving: Solving| {
                    let name = solving.request.exporter_attrs_deprecated["name"].clone();
                    let (image, named) = (image.clone(), named.clone());
                    async move {
                        hand_over(solving, &image.called(&name), &image.config, course, &named, name).await
                    }
                });
                tell.send(builder.socket()).expect("socket");
                let _ = stopped.await;
            });
        });
        Remote { socket: told.recv().expect("a builder"), names, stop: Some(stop), thread: Some(thread) }
    }

    fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn hand_over(
    solving: Solving,
    archive: &[u8],
    config: &str,
    course: Course,
    named: &mpsc::Sender<String>,
    name: String,
) -> Result<SolveResponse, Status> {
    match course {
        Course::HandsOver | Course::Lies => {
            named.send(name).expect("the test");
            HandOver::whole(&solving.session, archive).await?;
        }
        Course::Fails => {
            named.send(name).expect("the test");
            return Err(Status::unknown("failed to solve: the base is gone"));
        }
        Course::Vanishes | Course::Stalls => {
            let under_way = HandOver::begin(&solving.session);
            under_way.send(&archive[..archive.len() / 2]).await;
            named.send(name).expect("the test");
            if course == Course::Vanishes {
                solving.vanish.send_replace(true);
            }
            std::future::pending::<()>().await;
        }
    }
    let said = if course == Course::Lies { format!("sha256:{}", "0".repeat(64)) } else { config.to_owned() };
    let answer = [("containerimage.config.digest".to_owned(), said)];
    Ok(SolveResponse { exporter_response: answer.into_iter().collect() })
}

/// An image as `docker save` wrote it, without a name.
#[derive(Clone)]
struct Saved {
    files: Vec<(tar::Header, PathBuf, Vec<u8>)>,
    /// Its config digest.
    config: String,
}

impl Saved {
    /// Saves `id` and takes it away from the engine.
    fn of(lab: &Lab, id: &str) -> Saved {
        let mut child = Command::new(setting("IMGBUILD_TEST_DOCKER"))
            .args(["save", id])
            .env_clear()
            .envs(lab.environment())
            .stdout(Stdio::piped())
            .spawn()
            .expect("docker save");
        let mut archive = tar::Archive::new(child.stdout.take().expect("stdout"));
        let mut files = Vec::new();
        let mut config = String::new();
        for entry in archive.entries().expect("entries") {
            let mut entry = entry.expect("entry");
            let (header, path) = (entry.header().clone(), entry.path().expect("path").into_owned());
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            if path.as_os_str() == "manifest.json" {
                let manifest: Value = serde_json::from_slice(&content).expect("manifest");
                let name =
                    manifest[0]["Config"].as_str().expect("config").trim_end_matches(".json").to_owned();
                config = format!("sha256:{}", &name[name.len() - 64..]);
            }
            files.push((header, path, content));
        }
        assert!(child.wait().expect("docker save").success() && !config.is_empty());
        lab.docker(&["rmi", "-f", id]);
        Saved { files, config }
    }

    /// The archive with that name, as a builder makes it that was asked for it.
    fn called(&self, name: &str) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (header, path, content) in &self.files {
            let content = match path.to_str() {
                Some("manifest.json") => {
                    let mut manifest: Value = serde_json::from_slice(content).expect("manifest");
                    manifest[0]["RepoTags"] = json!([name]);
                    manifest.to_string().into_bytes()
                }
                Some("index.json") => {
                    let mut index: Value = serde_json::from_slice(content).expect("index");
                    index["manifests"][0]["annotations"] = json!({
                        "io.containerd.image.name": name,
                        "org.opencontainers.image.ref.name": name.rsplit(':').next(),
                    });
                    index.to_string().into_bytes()
                }
                _ => content.clone(),
            };
            let mut header = header.clone();
            header.set_size(content.len() as u64);
            if header.entry_type().is_symlink() {
                let target = header.link_name().expect("link").expect("link").into_owned();
                tar.append_link(&mut header, path, target).expect("link");
            } else {
                tar.append_data(&mut header, path, content.as_slice()).expect("file");
            }
        }
        tar.into_inner().expect("archive")
    }
}

/// The image of the repository's commit, built and tested before, and taken away again.
fn saved(lab: &Lab, repo: &crate::support::lab::Repo<'_>) -> Saved {
    let built = repo.imgbuild(&["ci", "--push", "never", "--format", "json"]).expect(0).json();
    Saved::of(lab, built["image"]["id"].as_str().expect("id"))
}

/// Whether the engine has an image of that name.
fn is_there(lab: &Lab, name: &str) -> bool {
    lab.docker_output(&["image", "inspect", name]).status.success()
}

#[test]
fn the_image_of_a_builder_elsewhere_is_tested_and_pushed() {
    let lab = Lab::new("remote");
    let repo = lab.hello();
    let image = saved(&lab, &repo);
    let config = image.config.clone();
    let remote = Remote::start(image, Course::HandsOver);
    let ran = repo.imgbuild(&["ci", "--builder", &remote.address(), "--format", "json"]).expect(0).json();
    assert_eq!(ran["image"]["config_digest"].as_str(), Some(config.as_str()), "{ran:#}");
    assert_eq!(lab.manifest("main").1, config);
    let name = remote.names.recv().expect("a name");
    assert!(name.starts_with("localhost/imgbuild-run/") && !is_there(&lab, &name), "{name}");
    assert_eq!(lab.journals(), Vec::<String>::new());

    let planned = repo.imgbuild(&["plan"]).env("IMGBUILD_BUILDER", remote.address()).expect(0);
    assert!(planned.stdout.contains(&format!("builder     {}", remote.address())), "{}", planned.stdout);
    let looked = repo.imgbuild(&["doctor"]).env("IMGBUILD_BUILDER", remote.address()).run();
    let told = format!("BuildKit v0.25.1 at {} (from IMGBUILD_BUILDER)", remote.address());
    assert!(looked.stdout.contains(&told), "{}", looked.stdout);
}

/// What the engine has under the name of the base says nothing of what another builder takes.
#[test]
fn the_base_is_the_one_that_the_builder_takes() {
    let lab = Lab::new("remote-base");
    let base = format!("{}/t/{}-base:1", lab.registry, lab.name());
    lab.docker(&["pull", "-q", &lab.base]);
    let old = lab.docker(&["image", "inspect", "-f", "{{.Id}}", &lab.base]);
    let container = lab.docker(&["create", &lab.base, "true"]);
    let new = lab.docker(&["commit", "-c", "LABEL newer=yes", &container]);
    lab.docker(&["rm", &container]);
    let digests = [&old, &new].map(|id| {
        lab.docker(&["tag", id, &base]);
        let told = lab.docker(&["push", &base]);
        let digest = told.split("digest: ").nth(1).and_then(|rest| rest.split(' ').next());
        digest.unwrap_or_else(|| panic!("no digest in {told}")).to_owned()
    });
    lab.docker(&["tag", &old, &base]);
    let repo = lab.repo("repo");
    repo.write("Dockerfile", &format!("FROM {base}\nCMD [\"true\"]\n"));
    repo.write("imgbuild.toml", "schema = 1\n[image]\nkind = \"job\"\nprobes = \"off\"\n");
    repo.commit("first");
    let planned = |arguments: &[&str]| {
        let plan = repo.imgbuild(&[&["plan", "--format", "json"], arguments].concat()).expect(0).json();
        plan["labels"]["org.opencontainers.image.base.digest"].as_str().expect("digest").to_owned()
    };
    assert_ne!(digests[0], digests[1]);
    assert_eq!([planned(&[]), planned(&["--builder", "unix:///run/elsewhere.sock"])], digests);
    lab.docker(&["rmi", "-f", &base, &new]);
}

#[test]
fn an_image_is_not_held_in_memory() {
    let lab = Lab::new("remote-large");
    let repo = lab.repo("repo");
    let large = "RUN dd if=/dev/urandom of=/large bs=1M count=128 2>/dev/null";
    repo.write("Dockerfile", &format!("FROM {}\n{large}\nCMD [\"true\"]\n", lab.base));
    repo.write("imgbuild.toml", "schema = 1\n[image]\nkind = \"job\"\nprobes = \"off\"\n");
    repo.commit("first");
    let remote = Remote::start(saved(&lab, &repo), Course::HandsOver);
    let (ran, most, _) = repo.imgbuild(&["ci", "--push", "never", "--builder", &remote.address()]).measured();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(most < 80 << 20, "{most} bytes for an image of 128 MiB");
}

#[test]
fn an_image_that_never_came_leaves_nothing() {
    let lab = Lab::new("broken");
    let repo = lab.hello();
    let image = saved(&lab, &repo);
    for (course, code, words) in [
        (Course::Vanishes, 8, "was lost in the middle of the build"),
        (Course::Lies, 8, "says that it built \"sha256:0000"),
        (Course::Fails, 5, "buildctl --addr unix:///"),
    ] {
        let remote = Remote::start(image.clone(), course);
        let ran = repo.imgbuild(&["ci", "--builder", &remote.address()]).run();
        assert_eq!(ran.code, Some(code), "{course:?}: {}", ran.stderr);
        ran.says(words);
        let name = remote.names.recv().expect("a name");
        assert!(!is_there(&lab, &name) && !is_there(&lab, &image.config), "{course:?}");
        assert_eq!(lab.journals(), Vec::<String>::new(), "{course:?}");
        assert_eq!(lab.tags().len(), 0, "{course:?}");
    }
}

#[test]
fn a_signal_in_the_middle_of_the_image_leaves_nothing() {
    let lab = Lab::new("remote-signal");
    let repo = lab.hello();
    let image = saved(&lab, &repo);
    let remote = Remote::start(image.clone(), Course::Stalls);
    let running = repo.imgbuild(&["ci", "--builder", &remote.address(), "--format", "ndjson"]).start();
    let name = remote.names.recv().expect("a name");
    running.signal(Signal::INT);
    let (code, _, stderr) = running.end();
    assert_eq!(code, Some(130), "{stderr}");
    lab.clean_leaves_nothing(&repo);
    assert!(!is_there(&lab, &name) && !is_there(&lab, &image.config));
}

#[test]
fn who_may_name_a_builder() {
    let lab = Lab::new("remote-config");
    let repo = lab.hello();
    let config = std::fs::read_to_string(repo.path.join("imgbuild.toml")).expect("configuration");
    repo.write("imgbuild.toml", &format!("{config}[image.build]\nbuilder = \"tcp://attacker:1234\"\n"));
    repo.commit("a builder of somebody's");
    let ran = repo.imgbuild(&["ci"]).run();
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    ran.says("is taken from --builder and IMGBUILD_BUILDER alone");
    repo.write("imgbuild.toml", &config);
    repo.commit("none");
    let ran = repo.imgbuild(&["build", "--builder", "kaniko"]).run();
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let ran = repo.imgbuild(&["plan", "--builder", "tcp://box"]).run();
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    ran.says("cannot use the builder from --builder: \"tcp://box\" names no port");
    let ran = repo.imgbuild(&["build"]).env("IMGBUILD_BUILDER", "unix:///nowhere").run();
    assert_eq!(ran.code, Some(8), "{}", ran.stderr);
    ran.says("no builder at unix:///nowhere (from IMGBUILD_BUILDER): there is no such socket");
}
