//! The context through the binary: the same commit gives the same digest anywhere, and memory does not grow with it.

#![cfg(test)]

mod support;

use std::io::Read;
use std::process::{Command, Stdio};

use support::lab::{Lab, held};

/// Runs `context --tar` and gives the bytes of the stream and the most memory that it held, in bytes, looked at with every
/// megabyte.
fn tar_of(lab: &Lab, folder: &std::path::Path) -> (u64, u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_imgbuild"))
        .args(["context", "--tar"])
        .current_dir(folder)
        .env_clear()
        .envs(lab.environment())
        .stdout(Stdio::piped())
        .spawn()
        .expect("imgbuild");
    let mut stdout = child.stdout.take().expect("stdout");
    let (mut bytes, mut most, mut buffer) = (0u64, 0, vec![0; 1 << 20]);
    loop {
        let read = stdout.read(&mut buffer).expect("read");
        most = held(child.id()).unwrap_or(0).max(most);
        if read == 0 {
            break;
        }
        bytes += read as u64;
    }
    assert!(child.wait().expect("wait").success());
    (bytes, most)
}

/// A folder in memory where the system has one: making 100,000 files on a disk takes longer than the test.
fn fast_folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let shared = std::path::Path::new("/dev/shm");
    let base = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    let folder = tempfile::Builder::new().prefix("imgbuild-test-").tempdir_in(base).expect("tempdir");
    let path = folder.path().to_owned();
    (folder, path)
}

#[test]
fn a_gigabyte_in_130_files_streams_in_16_mb() {
    let lab = Lab::new("large");
    let (_kept, folder) = fast_folder();
    std::fs::write(folder.join("Dockerfile"), "FROM scratch\n").expect("write");
    for n in 0..130 {
        let file = std::fs::File::create(folder.join(format!("file-{n}"))).expect("create");
        // Sparse: what counts is what is read and sent.
        file.set_len(8 * 1024 * 1024).expect("size");
    }
    let (bytes, peak) = tar_of(&lab, &folder);
    assert!(bytes > 1_000_000_000, "{bytes}");
    assert!(peak > 0 && peak <= 16_000_000, "{peak} bytes of memory");
}

#[test]
fn a_hundred_thousand_files_stream_in_48_mb() {
    let lab = Lab::new("many");
    let (_kept, folder) = fast_folder();
    for d in 0..100 {
        let sub = folder.join(format!("folder-{d:03}"));
        std::fs::create_dir_all(&sub).expect("folder");
        for n in 0..1000 {
            std::fs::write(sub.join(format!("a-file-of-some-name-{n:04}.txt")), "x").expect("write");
        }
    }
    std::fs::write(folder.join("Dockerfile"), "FROM scratch\n").expect("write");
    let (bytes, peak) = tar_of(&lab, &folder);
    assert!(bytes > 100_000 * 1024, "{bytes}");
    assert!(peak > 0 && peak <= 48_000_000, "{peak} bytes of memory");
}

#[test]
fn the_same_commit_gives_the_same_digest_anywhere() {
    let lab = Lab::new("clones");
    let repo = lab.hello();
    repo.write("run.sh", "#!/bin/sh\n");
    std::os::unix::fs::symlink("run.sh", repo.path.join("link")).expect("link");
    repo.git(&["add", "-A"]);
    repo.git(&["update-index", "--chmod=+x", "run.sh"]);
    repo.git(&["commit", "-q", "-m", "more"]);
    let digest = |folder: &str, umask: &str| {
        let target = lab.path(folder);
        let script = format!(
            "umask {umask} && git clone -q \"$1\" \"$2\" && find \"$2\" -path '*/.git' -prune -o -exec touch -h -d '{umask} days ago' {{}} +"
        );
        let status = Command::new("sh")
            .args(["-c", &script, "sh"])
            .args([&repo.path, &target])
            .env_clear()
            .envs(lab.environment())
            .status()
            .expect("clone");
        assert!(status.success());
        lab.imgbuild(&target, &["context", "--digest"]).expect(0).stdout
    };
    let first = digest("one", "022");
    assert_eq!(first, digest("a/folder/elsewhere", "077"));
    assert!(first.starts_with("sha256:"), "{first}");
    repo.write("www/index.html", "hellp\n");
    assert_ne!(first, repo.imgbuild(&["context", "--digest"]).expect(0).stdout);
}

#[test]
fn a_second_engine_builds_the_same_files() {
    let lab = Lab::new("layers");
    let repo = lab.hello();
    let files = |lab: &Lab| {
        let report = repo_build(lab, &repo.path);
        let id = report["image"]["id"].as_str().expect("id").to_owned();
        let container = lab.docker(&["create", &id]);
        let listing = Command::new("sh")
            .args(["-c", "\"$1\" -H \"$2\" export \"$3\" | tar tv --full-time --numeric-owner", "sh"])
            .args([&support::lab::setting("IMGBUILD_TEST_DOCKER"), &lab.engine, &container])
            .output()
            .expect("export");
        lab.docker(&["rm", "-f", &container]);
        let text = String::from_utf8_lossy(&listing.stdout).into_owned();
        // The builder makes the folder itself, and stamps it with its own time.
        text.lines()
            .filter(|line| line.starts_with('-') && line.contains(" www/"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let first = files(&lab);
    assert!(!first.is_empty());
    let engine = support::private::PrivateEngine::start("layers");
    let second = Lab::on("layers2", &engine.url);
    assert_eq!(first, files(&second));
}

fn repo_build(lab: &Lab, folder: &std::path::Path) -> serde_json::Value {
    lab.imgbuild(folder, &["build", "--format", "json"]).expect(0).json()
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let lab = Lab::new("head");
    let repo = lab.hello();
    let status = Command::new("sh")
        .args(["-c", "\"$1\" context --tar | head -c 1 >/dev/null", "sh", env!("CARGO_BIN_EXE_imgbuild")])
        .current_dir(&repo.path)
        .env_clear()
        .envs(lab.environment())
        .status()
        .expect("sh");
    assert!(status.success());
}

#[test]
fn a_name_with_a_line_break_is_one_entry() {
    let lab = Lab::new("break");
    let repo = lab.hello();
    repo.write("www/a\n000644            1  b", "x");
    let list = repo.imgbuild(&["context", "--list"]).expect(0).stdout;
    let digest = repo.imgbuild(&["context", "--format", "json"]).expect(0).json();
    assert_eq!(Some(list.lines().count() as u64), digest["entries"].as_u64(), "{list}");
    let summary = repo.imgbuild(&["context"]).expect(0).stdout;
    assert!(!summary.lines().any(|line| line.starts_with("000644")), "{summary}");
}

#[test]
fn hashes_are_kept_for_the_next_run_and_change_nothing() {
    let lab = Lab::new("hashes");
    let folder = lab.path("context");
    let caches = folder.join("caches");
    std::fs::create_dir_all(&caches).expect("folder");
    for (name, text) in [("Dockerfile", "FROM scratch\n"), ("data", "one"), ("caches/other", "")] {
        std::fs::write(folder.join(name), text).expect("write");
    }
    let digest = || {
        let run = lab.imgbuild(&folder, &["context", "--digest"]).env("XDG_CACHE_HOME", &caches);
        run.expect(0).stdout
    };
    let first = digest();
    let hashes = caches.join("imgbuild/hashes-v1");
    // Files have to be two seconds old.
    let kept = (0..1000).any(|_| {
        assert_eq!(digest(), first);
        hashes.is_dir()
    });
    assert!(kept, "{} was not made", hashes.display());
    assert_eq!(digest(), first, "what lies in the context of it is no part of it");
    std::fs::write(folder.join("data"), "two").expect("write");
    assert_ne!(digest(), first);
    let nowhere = lab.imgbuild(&folder, &["context", "--digest"]).without("HOME").without("XDG_CACHE_HOME");
    nowhere.expect(0);
}
