//! What a build is asked for: one stage, another platform, an image that carries its own cache, a secret that stays nowhere.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::image;
use crate::newer::{is_cached, steps};
use crate::support::lab::Lab;
use crate::support::private::PrivateEngine;

const CONFIG: &str = "schema = 1\n[image]\nkind = \"base\"\nprobes = \"off\"\n";

fn report(stdout: &str) -> Value {
    serde_json::from_str(stdout).expect("JSON")
}

/// Only the stage that is asked for, and what it needs, is built.
#[test]
fn one_stage_of_several() {
    let lab = Lab::new("stage");
    let repo = lab.repo("repo");
    let dockerfile = format!(
        "FROM {base} AS one\nRUN echo of the first >/one\nFROM {base} AS broken\nRUN exit 9\n\
         FROM broken AS last\nCOPY --from=one /one /last\n",
        base = lab.base
    );
    repo.write("Dockerfile", &dockerfile);
    repo.write("imgbuild.toml", &format!("{CONFIG}target = \"one\"\n[[image.test]]\nname = \"one\"\nfiles = [{{ path = \"/one\", exists = true }}]\n"));
    repo.commit("first");
    let built = repo.imgbuild(&["build", "--builder", "buildkit", "--format", "json"]).expect(0);
    let id = report(&built.stdout)["image"]["id"].as_str().expect("id").to_owned();
    let held = image::entries(&lab, &id);
    assert_eq!(held.get("one").map(|entry| entry.content.as_slice()), Some(&b"of the first\n"[..]));
    assert!(!held.contains_key("last"), "{:?}", held.keys());
    // The flag wins, and its stage needs the one that fails.
    let ran = repo.imgbuild(&["build", "--builder", "buildkit", "--target", "last"]).expect(5);
    ran.says("RUN exit 9").says("Dockerfile:4");
    repo.imgbuild(&["build", "--target", "none"]).expect(3).says("none");
}

/// An image for another machine is built where no step has to run there, and says so.
#[test]
fn another_platform() {
    let lab = Lab::new("foreign");
    let repo = lab.repo("repo");
    repo.write("Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY data /data-of-$TARGETARCH\n");
    repo.write("data", "the same everywhere\n");
    repo.write(
        "imgbuild.toml",
        &format!("{CONFIG}[[image.test]]\nname = \"data\"\nfiles = [{{ path = \"/data-of-s390x\", exists = true }}]\n"),
    );
    repo.commit("first");
    let arguments = ["build", "--builder", "buildkit", "--platform", "linux/s390x", "--format", "json"];
    let built = repo.imgbuild(&arguments).expect(0);
    let id = report(&built.stdout)["image"]["id"].as_str().expect("id").to_owned();
    assert_eq!(
        lab.docker(&["image", "inspect", "-f", "{{.Os}}/{{.Architecture}}", &id]).trim(),
        "linux/s390x"
    );
}

/// The next runner has nothing but the registry: the image that was pushed last is its cache.
#[test]
fn an_image_that_carries_its_cache() {
    let lab = Lab::new("inline");
    let repo = lab.repo("repo");
    repo.write(
        "Dockerfile",
        &format!("FROM {}\nRUN head -c 9 /dev/urandom >/made\nCOPY data /data\nCMD [\"true\"]\n", lab.base),
    );
    repo.write("data", "one\n");
    let head = CONFIG.replace("[image]\n", &format!("[image]\nrepository = \"{}\"\n", lab.repository()));
    let cache = format!(
        "[image.build]\nbuilder = \"buildkit\"\ncache-from = [\"type=registry,ref={}:main\"]\ncache-to = [\"type=inline\"]\n",
        lab.repository()
    );
    let test = "[[image.test]]\nname = \"made\"\nfiles = [{ path = \"/made\", exists = true }]\n";
    repo.write("imgbuild.toml", &format!("{head}{cache}{test}"));
    repo.commit("first");
    repo.imgbuild(&["ci"]).expect(0);
    let first = lab.manifest("main").0;

    repo.write("data", "two\n");
    repo.commit("second");
    let engine = PrivateEngine::start("inline");
    let second = repo.imgbuild(&["ci", "--format", "ndjson"]).env("DOCKER_HOST", &engine.url).expect(0);
    let steps = steps(&second.stdout);
    let cached = |begin| is_cached(&steps, begin);
    assert_eq!((cached("RUN head"), cached("COPY data")), (Some(true), Some(false)), "{steps:?}");
    // What was not cached would be other bytes.
    let layers = |manifest: &[u8]| -> Vec<String> {
        let manifest: Value = serde_json::from_slice(manifest).expect("manifest");
        let layers = manifest["layers"].as_array().expect("layers").clone();
        layers.iter().map(|layer| layer["digest"].as_str().expect("digest").to_owned()).collect()
    };
    let (first, second) = (layers(&first), layers(&lab.manifest("main").0));
    assert_eq!((first.len(), first.get(..2)), (second.len(), second.get(..2)));
    assert_ne!(first.last(), second.last());
}

/// Nothing below the folder of the engine's data, its build cache included, has the secret that a step read.
#[test]
fn a_secret_is_nowhere_on_the_engines_disk() {
    let engine = PrivateEngine::start("secret");
    let lab = Lab::on("secret", &engine.url);
    let repo = lab.repo("repo");
    let (secret, plain) = ("S3cr3t-of-the-disk-Zq9", "plain-of-the-disk-Xy7");
    repo.write(
        "Dockerfile",
        &format!(
            "FROM {}\nRUN --mount=type=secret,id=token cp /run/secrets/token /dev/null && echo {plain} >/plain\n",
            lab.base
        ),
    );
    let test = "[[image.test]]\nname = \"plain\"\nfiles = [{ path = \"/plain\", exists = true }]\n";
    repo.write("imgbuild.toml", &format!("{CONFIG}[image.build]\nsecrets = [\"token\"]\n{test}"));
    repo.commit("first");
    repo.imgbuild(&["build"]).env("TOKEN", secret).expect(0);
    let folder = engine.data();
    assert!(holding(&folder, plain.as_bytes()).is_some(), "{} is not where it writes", folder.display());
    assert_eq!(holding(&folder, secret.as_bytes()), None);
}

/// The first file below `folder` that holds `wanted`.
fn holding(folder: &Path, wanted: &[u8]) -> Option<std::path::PathBuf> {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        // What goes meanwhile is no place where something stays.
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type().expect("type"));
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file()
                && fs::read(&path).is_ok_and(|bytes| bytes.windows(wanted.len()).any(|part| part == wanted))
            {
                return Some(path);
            }
        }
    }
    None
}
