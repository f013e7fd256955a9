//! What is sent, and what is noticed.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::image;
use crate::support::lab::{Lab, Repo};

const CONFIG: &str = "schema = 1\n[image]\nkind = \"base\"\nprobes = \"off\"\n[image.build]\nbuilder = \"buildkit\"\n\
    [[image.test]]\nname = \"data\"\nfiles = [{ path = \"/data\", exists = true }]\n";

/// By which clones of one repository are known as such.
const URL: &str = "https://git.example.org/acme/fresh.git";

/// Bytes of content that a local build of `repo` sends.
fn sent(repo: &Repo<'_>) -> u64 {
    let ran = repo.imgbuild(&["build", "--format", "ndjson"]).expect(0);
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("event"));
    events
        .filter(|event| event["type"] == "context-sent")
        .filter_map(|event| event["bytes"].as_u64())
        .max()
        .unwrap_or(0)
}

/// The id of the image that a local build of `repo` makes.
fn built(repo: &Repo<'_>) -> String {
    let ran = repo.imgbuild(&["build", "--format", "json"]).expect(0);
    ran.json()["image"]["id"].as_str().expect("id").to_owned()
}

fn clone(lab: &Lab, from: &Path, to: &str) {
    let to = lab.path(to);
    let ran = Command::new("git")
        .args(["clone", "-q"])
        .args([from, &to])
        .env_clear()
        .envs(lab.environment())
        .status()
        .expect("git");
    assert!(ran.success());
}

#[test]
fn a_fresh_clone_sends_what_changed() {
    let lab = Lab::new("fresh");
    let repo = lab.repo("origin");
    repo.write("Dockerfile", "FROM scratch\nCOPY data /data\n");
    repo.write("imgbuild.toml", CONFIG);
    for number in 0..100 {
        repo.write(&format!("data/{number}"), &format!("{number:0>20000}"));
    }
    repo.commit("first");
    clone(&lab, &repo.path, "one");
    let one = lab.repo("one");
    one.git(&["remote", "set-url", "origin", URL]);
    let first = sent(&one);
    assert!(first >= 2_000_000, "{first}");
    // Another folder, all times new, one file changed.
    repo.write("data/7", "changed");
    repo.commit("second");
    clone(&lab, &repo.path, "two");
    let two = lab.repo("two");
    two.git(&["remote", "set-url", "origin", URL]);
    let second = sent(&two);
    assert!(second > 0 && second < first / 100, "{second} of {first}");
    assert_eq!(image::file(&lab, &built(&two), Path::new("data/7")), b"changed");
    // A pull request shares nothing with others.
    let ran = two.imgbuild(&["build", "--format", "ndjson"]).env("CI", "true").env("IMGBUILD_PR", "7").run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let bytes = ran.stdout.lines().filter_map(|line| {
        let event: Value = serde_json::from_str(line).expect("event");
        (event["type"] == "context-sent").then(|| event["bytes"].as_u64()).flatten()
    });
    assert!(bytes.max().unwrap_or(0) > first / 2);
}

/// Size and time on the disk say nothing about it.
#[test]
fn edits_of_one_size_are_noticed() {
    let lab = Lab::new("edits");
    let repo = lab.repo("repo");
    repo.write("Dockerfile", "FROM scratch\nCOPY data /data\n");
    repo.write("imgbuild.toml", CONFIG);
    let name = |number: usize| format!("data/{number}");
    let mut contents: Vec<String> = (0..50).map(|number| format!("{number:0>64}")).collect();
    let write = |contents: &[String]| {
        for (number, content) in contents.iter().enumerate() {
            repo.write(&name(number), content);
            // What tools do that restore times: all alike.
            let file = fs::File::options().write(true).open(repo.path.join(name(number))).expect("file");
            file.set_modified(
                std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000),
            )
            .expect("time");
        }
    };
    write(&contents);
    repo.commit("first");
    built(&repo);
    // Two files swap their contents; then every file gets another of the same size, four times.
    contents.swap(3, 4);
    let mut seed = 88_172_645_463_325_252_u64;
    for round in 0..5 {
        if round > 0 {
            for content in &mut contents {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                *content = format!("{seed:0>64}");
            }
        }
        write(&contents);
        let all = image::entries(&lab, &built(&repo));
        for (number, content) in contents.iter().enumerate() {
            let found = &all[&name(number)].content;
            assert_eq!(String::from_utf8_lossy(found), *content, "round {round}, file {number}");
        }
    }
}
