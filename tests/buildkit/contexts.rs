//! Images of many contexts, built here and by the docker client, hold the same.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use imgbuild::context::{ListOptions, list};
use imgbuild::engine::{
    BuildKit, BuildKitRequest, BuildObserver, BuildRequest, Endpoint, Engine, FileTimes, Origin,
};
use imgbuild::error::Result;
use imgbuild::event::Events;
use imgbuild::stop::Stop;
use serde_json::Value;

use crate::image;
use crate::support::lab::{Lab, setting};

/// Contexts under way at once.
const AT_ONCE: usize = 3;

/// Makes the files of a context in a folder.
type Make = fn(&Path);

struct Case {
    name: String,
    dockerfile: &'static str,
    /// The Dockerfile's path.
    file: &'static str,
    ignore: Option<String>,
    make: Make,
}

fn write(root: &Path, path: &str, content: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("parent")).expect("folder");
    fs::write(path, content).expect("write");
}

/// Files and folders that most contexts have.
fn usual(root: &Path) {
    for path in
        ["a.txt", "b.txt", "src/main.rs", "src/lib/x.rs", "src/lib/deep/y.rs", "docs/a b.md", "docs/ä.md"]
    {
        write(root, path, path.as_bytes());
    }
    write(root, "src/run.sh", b"#!/bin/sh\n");
    fs::set_permissions(root.join("src/run.sh"), Permissions::from_mode(0o755)).expect("mode");
    fs::create_dir_all(root.join("empty/inside")).expect("folder");
    write(root, "nothing", b"");
}

fn links(root: &Path) {
    usual(root);
    for (to, at) in [
        ("src", "to-folder"),
        ("a.txt", "to-file"),
        ("/src/lib", "absolute"),
        ("nowhere", "dangling"),
        ("loop-b", "loop-a"),
        ("loop-a", "loop-b"),
        ("../a.txt", "src/up"),
        ("to-folder/lib", "chain"),
        ("../../../../../a.txt", "src/far-up"),
    ] {
        symlink(to, root.join(at)).expect("link");
    }
}

fn hard_links(root: &Path) {
    usual(root);
    fs::hard_link(root.join("a.txt"), root.join("same.txt")).expect("link");
    fs::hard_link(root.join("a.txt"), root.join("src/same.txt")).expect("link");
}

fn large(root: &Path) {
    usual(root);
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    write(root, "large.bin", &bytes);
    // As long as a piece, and one more.
    write(root, "piece.bin", &bytes[..128 * 1024]);
    write(root, "more.bin", &bytes[..=128 * 1024]);
}

fn many(root: &Path) {
    usual(root);
    for number in 0..700 {
        write(root, &format!("many/{}/{number}", number % 7), number.to_string().as_bytes());
    }
}

/// The tree of the vectors: each file holds its path.
fn vectors(root: &Path) {
    for path in document()["tree"].as_array().expect("tree") {
        let path = path.as_str().expect("path");
        match path.strip_suffix('/') {
            Some(folder) => fs::create_dir_all(root.join(folder)).expect("folder"),
            None => write(root, path, path.as_bytes()),
        }
    }
}

fn document() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/dockerignore_engine.json");
    serde_json::from_slice(&fs::read(path).expect("vectors")).expect("JSON")
}

fn cases() -> Vec<Case> {
    let copies: [(&str, &str, Make); 25] = [
        ("all", "COPY . /\n", usual),
        ("folder", "COPY src /dst\n", usual),
        ("folder-slash", "COPY src/ /dst/\n", usual),
        ("wildcard", "COPY *.txt /t/\n", usual),
        ("wildcard-folder", "COPY src/*/x.* /x/\n", usual),
        ("wildcard-class", "COPY [ab].txt /x/\n", usual),
        ("two", "COPY a.txt b.txt /two/\n", usual),
        ("chmod", "COPY --chmod=0700 a.txt /a\n", usual),
        ("chown", "COPY --chown=1:2 src /src\n", usual),
        ("add", "ADD src /src\nADD a.txt /b/\n", usual),
        ("json", "COPY [\"docs/a b.md\", \"docs/ä.md\", \"/d/\"]\n", usual),
        ("empty", "COPY empty /empty\nCOPY nothing /n\n", usual),
        ("links", "COPY . /all/\n", links),
        ("link-to-folder", "COPY to-folder /x\n", links),
        ("link-to-file", "COPY to-file /x\n", links),
        ("link-on-the-way", "COPY to-folder/lib/x.rs /x\n", links),
        ("link-chain", "COPY chain /x\n", links),
        ("link-absolute", "COPY absolute /x\n", links),
        ("link-up", "COPY src/up src/far-up /x/\n", links),
        ("hard-links", "COPY . /all/\n", hard_links),
        ("large", "COPY large.bin piece.bin more.bin /x/\n", large),
        ("many", "COPY many /x\n", many),
        (
            "of-another-stage",
            "COPY src /src\nFROM scratch AS last\nCOPY --from=0 /src/lib /lib\nCOPY a.txt /\n",
            usual,
        ),
        ("workdir", "WORKDIR /work/dir\nCOPY a.txt .\nCOPY src/lib lib\n", usual),
        ("question-mark", "COPY docs/?.md src/r??.sh /x/\n", usual),
    ];
    let mut all: Vec<Case> = copies
        .into_iter()
        .map(|(name, dockerfile, make)| Case {
            name: name.to_owned(),
            dockerfile,
            file: "Dockerfile",
            ignore: None,
            make,
        })
        .collect();
    for (name, ignore) in [
        ("ignored-all-but", "*\n!src/lib\n"),
        ("ignored-deep", "**/*.rs\n!src/main.rs\n"),
        ("ignored-folder-slash", "/src/\nempty/inside\n"),
        ("ignored-itself", ".dockerignore\nDockerfile\n"),
    ] {
        all.push(Case {
            name: name.to_owned(),
            dockerfile: "COPY . /ctx/\n",
            file: "Dockerfile",
            ignore: Some(ignore.to_owned()),
            make: usual,
        });
    }
    all.push(Case {
        name: "renamed".to_owned(),
        dockerfile: "COPY . /ctx/\n",
        file: "docker/Dockerfile.prod",
        ignore: Some("docs\n".to_owned()),
        make: usual,
    });
    // What the docker client refuses as well.
    let builds = |case: &&Value| case["buildkit_cli20"]["files"].is_array();
    for case in document()["cases"].as_array().expect("cases").iter().filter(builds) {
        all.push(Case {
            name: format!("vector-{}", case["name"].as_str().expect("name")),
            dockerfile: "COPY . /ctx/\n",
            file: "Dockerfile",
            ignore: Some(case["dockerignore"].as_str().expect("dockerignore").to_owned()),
            make: vectors,
        });
    }
    all
}

struct Nobody;

impl BuildObserver for Nobody {
    fn on_image(&mut self, _: &str, _: Origin) -> Result<()> {
        Ok(())
    }
    fn on_container(&mut self, _: &str) -> Result<()> {
        Ok(())
    }
}

fn here(lab: &Lab, root: &Path, case: &Case, tag: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let stop = Stop::default();
    let options = ListOptions {
        root,
        dockerfile: Path::new(case.file),
        own: &[],
        known_blob: None,
        cache: None,
        stop: &stop,
    };
    let listing = Arc::new(list(&options).expect("listing"));
    let request = BuildKitRequest {
        build: BuildRequest { dockerfile: case.file.to_owned(), ..BuildRequest::default() },
        name: Some(tag.to_owned()),
        landing: None,
        source_date_epoch: None,
        rewrite_timestamp: false,
        entitlements: Vec::new(),
        shared_key: format!("{}-{}", lab.name(), case.name),
        times: FileTimes::Content,
        secrets: BTreeMap::new(),
        agents: BTreeMap::new(),
        contexts: BTreeMap::new(),
        cache_from: Vec::new(),
        cache_to: Vec::new(),
        stage_line: Box::new(|_, _, _, _| None),
    };
    runtime.block_on(async {
        let endpoint = Endpoint::parse(&lab.engine, "the test").expect("endpoint");
        let engine = Engine::connect(&endpoint).await.expect("engine");
        let mut builder = BuildKit::find(&engine).await.expect("engine").expect("BuildKit");
        let (events, mut receiver) = Events::channel();
        let build = async {
            let built = builder.build(&request, listing, &stop, &mut Nobody, &events).await;
            drop(events);
            built
        };
        let (built, ()) = tokio::join!(build, async { while receiver.recv().await.is_some() {} });
        built.unwrap_or_else(|error| panic!("{}: {error}", case.name));
    });
}

/// Newer docker clients build with a plugin, which scripts/test-matrix has beside them, and look for it in folders of their
/// own.
fn give_client_its_plugin(lab: &Lab) {
    let plugins = lab.path("docker/cli-plugins");
    let plugin = Path::new(&setting("IMGBUILD_TEST_DOCKER")).with_file_name("docker-buildx");
    if plugin.exists() {
        fs::create_dir_all(&plugins).expect("folder");
        symlink(plugin, plugins.join("docker-buildx")).expect("link");
    }
}

fn there(lab: &Lab, root: &Path, case: &Case, tag: &str) {
    let output = Command::new(setting("IMGBUILD_TEST_DOCKER"))
        .args(["build", "-q", "-t", tag, "-f", case.file, "."])
        .current_dir(root)
        .env_clear()
        .envs(lab.environment())
        .env("DOCKER_BUILDKIT", "1")
        .env("DOCKER_CONFIG", lab.path("docker"))
        .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
        .output()
        .expect("docker build");
    assert!(output.status.success(), "{}: {}", case.name, String::from_utf8_lossy(&output.stderr));
}

fn compare(lab: &Lab, case: &Case) {
    let root = lab.path(&case.name);
    fs::create_dir_all(&root).expect("folder");
    (case.make)(&root);
    write(&root, case.file, format!("FROM scratch\n{}", case.dockerfile).as_bytes());
    if let Some(ignore) = &case.ignore {
        let own = format!("{}.dockerignore", case.file);
        write(&root, if case.file == "Dockerfile" { ".dockerignore" } else { &own }, ignore.as_bytes());
    }
    let tags = ["here", "there"].map(|who| format!("{}-{}:{who}", lab.name(), case.name.to_lowercase()));
    here(lab, &root, case, &tags[0]);
    there(lab, &root, case, &tags[1]);
    let [ours, theirs] = tags.each_ref().map(|tag| image::entries(lab, tag));
    assert!(!theirs.is_empty() || case.name.contains("all_star"), "{}: an empty image", case.name);
    let names = |all: &BTreeMap<String, image::Entry>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs), "{}", case.name);
    for (path, entry) in &theirs {
        assert!(ours.get(path) == Some(entry), "{}: {path} is another", case.name);
    }
    tags.iter().for_each(|tag| drop(lab.docker(&["rmi", tag])));
}

#[test]
fn images_hold_what_the_docker_client_puts_there() {
    let lab = Lab::new("contexts");
    give_client_its_plugin(&lab);
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    let (cases, failed) = (Mutex::new(cases.into_iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(case) = cases.lock().unwrap().next() else { break };
                    let compared =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| compare(&lab, &case)));
                    if let Err(cause) = compared {
                        let text = cause.downcast_ref::<String>().cloned().unwrap_or_default();
                        failed.lock().unwrap().push(format!("── {}\n{text}", case.name));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
