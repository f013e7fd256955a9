//! A context that is the commit's: what is in the image, and what a run says and refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::image;
use crate::support::lab::{Lab, Repo};

const CONFIG: &str =
    "schema = 1\n[image]\nkind = \"base\"\nprobes = \"off\"\n[image.build]\ncontext = \"commit\"\n";
const TEST: &str = "[[image.test]]\nname = \"data\"\nfiles = [{ path = \"/data\", exists = true }]\n";
const DOCKERFILE: &str = "FROM scratch\nCOPY . /data/\n";

/// A repository with two files, an ignore file, and a commit.
fn committed(lab: &Lab) -> Repo<'_> {
    let repo = lab.repo("repo");
    repo.write("Dockerfile", DOCKERFILE);
    repo.write(".dockerignore", "*.md\n");
    repo.write("imgbuild.toml", &format!("{CONFIG}{TEST}"));
    repo.write("src/main", "as it was committed\n");
    repo.write("src/gone", "deleted later\n");
    repo.write("README.md", "ignored\n");
    repo.commit("first");
    repo
}

/// What lies in the folder for temporary files, but for what the test itself put there.
fn temporary(lab: &Lab) -> BTreeSet<String> {
    let names = fs::read_dir(lab.path("")).expect("folder").map(|entry| entry.expect("entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// The files below `/data` by their path, with their content.
fn data(lab: &Lab, image: &str) -> BTreeMap<String, Vec<u8>> {
    let all = image::entries(lab, image).into_iter();
    let files = all.filter(|(path, _)| path.starts_with("data/") && !path.ends_with('/'));
    files.map(|(path, entry)| (path, entry.content)).collect()
}

#[test]
fn the_image_has_the_commits_bytes_and_nothing_else() {
    let lab = Lab::new("commit");
    let repo = committed(&lab);
    let expected: BTreeMap<String, Vec<u8>> = [
        ("data/.dockerignore", "*.md\n"),
        ("data/Dockerfile", DOCKERFILE),
        ("data/imgbuild.toml", &format!("{CONFIG}{TEST}")),
        ("data/src/gone", "deleted later\n"),
        ("data/src/main", "as it was committed\n"),
    ]
    .into_iter()
    .map(|(path, content)| (path.to_owned(), content.as_bytes().to_vec()))
    .collect();
    let clean = repo.imgbuild(&["context", "--format", "json"]).expect(0).json()["digest"].clone();
    repo.write("src/main", "edited\n");
    repo.write("src/untracked", "new\n");
    repo.write("Dockerfile", "FROM scratch\nCOPY src/untracked /data/\n");
    repo.write(".dockerignore", "src\n");
    fs::remove_file(repo.path.join("src/gone")).expect("remove");
    let before = temporary(&lab);
    for builder in ["buildkit", "classic"] {
        let arguments = ["build", "--builder", builder, "--no-cache", "--format", "json"];
        let ran = repo.imgbuild(&arguments).expect(0);
        ran.says("is not in the image");
        let report = ran.json();
        assert_eq!(report["context"]["commit"], Value::from(repo.head()));
        assert_eq!((&report["context"]["digest"], &report["source"]["clean"]), (&clean, &Value::from(true)));
        assert_eq!(report["labels"]["dev.imgbuild.git.clean"], "true", "{report:#}");
        let id = report["image"]["id"].as_str().expect("id");
        assert_eq!(data(&lab, id), expected, "{builder}");
    }
    let mut after = temporary(&lab);
    after.remove("state");
    assert_eq!(after, &before - &BTreeSet::from(["state".to_owned()]));
}

#[test]
fn changes_that_are_not_built_stop_no_run_but_those_of_the_configuration() {
    let lab = Lab::new("steering");
    let repo = committed(&lab);
    repo.write("src/main", "edited\n");
    repo.write("src/untracked", "new\n");
    let plan = repo.imgbuild(&["plan", "--format", "json"]).expect(0);
    plan.says("what 2 files of the work tree are by now is not in the image, src/main for one");
    // What runs write themselves is never in an image.
    repo.write("cache/index.json", "{}");
    let cached = ["plan", "--cache-from", "type=local,src=cache"];
    repo.imgbuild(&cached).expect(0).says("what 2 files of the work tree are by now");
    fs::remove_dir_all(repo.path.join("cache")).expect("remove");
    let head = repo.head();
    assert_eq!(plan.json()["context_commit"], Value::from(head.clone()));
    let text = repo.imgbuild(&["plan"]).expect(0).stdout;
    assert!(text.contains(&format!(", the files of the commit {}", &head[..7])), "{text}");
    repo.imgbuild(&["ci", "--push", "never"]).expect(0);

    repo.write("imgbuild.toml", &format!("{CONFIG}no-cache = true\n{TEST}"));
    let refused = repo.imgbuild(&["ci", "--push", "never"]).expect(4);
    refused.says("the tree is not what the commit").says("modified: imgbuild.toml");
    let report = repo.imgbuild(&["build", "--format", "json"]).expect(0).json();
    assert_eq!(report["source"]["clean"], false);
    assert_eq!(report["labels"]["dev.imgbuild.git.clean"], "false");
}

#[test]
fn a_script_that_tests_the_image_has_to_be_the_commits() {
    let lab = Lab::new("script");
    let repo = committed(&lab);
    let test =
        "[[image.test]]\nname = \"smoke\"\nexec = [{ cmd = [\"sh\", \"smoke.sh\"], folder = \"tests\" }]\n";
    repo.write("imgbuild.toml", &format!("{CONFIG}{test}"));
    repo.write("tests/smoke.sh", "exit 1\n");
    repo.commit("second");
    repo.write("tests/smoke.sh", "exit 0\n");
    let refused = repo.imgbuild(&["ci", "--push", "never"]).expect(4);
    refused.says("modified: tests/smoke.sh").says("every change of the folder counts");
    repo.git(&["checkout", "-q", "tests/smoke.sh"]);
    repo.write("tests/lib.sh", "");
    repo.imgbuild(&["ci", "--push", "never"]).expect(4).says("untracked: tests/lib.sh");
    repo.imgbuild(&["plan"]).expect(4).says("untracked: tests/lib.sh");
}

#[test]
fn a_step_that_fails_is_shown_with_a_command_for_the_same_files() {
    let lab = Lab::new("byhand");
    let repo = committed(&lab);
    repo.write("app/Dockerfile.dev", &format!("FROM {}\nCOPY x /x\nRUN exit 3\n", lab.base));
    repo.write("app/x", "x");
    let config = CONFIG.replace("[image]", "[image]\ncontext = \"app\"\ndockerfile = \"app/Dockerfile.dev\"");
    repo.write("imgbuild.toml", &config);
    repo.commit("second");
    fs::remove_file(repo.path.join("app/x")).expect("remove");
    let head = repo.head();
    for (builder, words) in
        [("buildkit", "docker build --progress=plain"), ("classic", "DOCKER_BUILDKIT=0 docker build")]
    {
        let ran = repo.imgbuild(&["build", "--builder", builder]).expect(5);
        ran.says(&format!("git archive {head}:app | {words} -f Dockerfile.dev")).says("Dockerfile.dev:3");
    }
}

#[test]
fn what_the_commit_does_not_hold_is_named() {
    let lab = Lab::new("lacking");
    let repo = committed(&lab);
    let pointer =
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n", "ab".repeat(32));
    repo.write("model.bin", &pointer);
    repo.write(".gitattributes", "*.bin filter=lfs -text\n");
    let lib = lab.repo("lib");
    lib.write("lib.txt", "lib");
    lib.commit("lib");
    let url = lib.path.to_str().expect("path");
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "lib"]);
    repo.commit("second");
    for arguments in [&["context"][..], &["plan"], &["build"], &["ci", "--push", "never"]] {
        let ran = repo.imgbuild(arguments).expect(4);
        ran.says("`lib` is a submodule; `model.bin` is a pointer of git-lfs");
        ran.says("fetched = [\"submodules\"]").says("fetched = [\"lfs\"]");
    }
    repo.write("imgbuild.toml", &format!("{CONFIG}fetched = [\"submodules\", \"lfs\"]\n{TEST}"));
    repo.imgbuild(&["context"])
        .expect(4)
        .says("`model.bin` (its content was not fetched) is a pointer of git-lfs");
    repo.git(&["rm", "-q", "-f", "model.bin"]);
    repo.commit("third");
    let ran = repo.imgbuild(&["build", "--format", "json"]).expect(0);
    let image = ran.json()["image"]["id"].as_str().expect("id").to_owned();
    assert_eq!(data(&lab, &image).get("data/lib/lib.txt").map(Vec::as_slice), Some(&b"lib"[..]));
}

#[test]
fn what_says_how_to_build_is_no_pointer() {
    let lab = Lab::new("pointers");
    let repo = committed(&lab);
    repo.write("imgbuild.toml", &format!("{CONFIG}fetched = [\"lfs\"]\n{TEST}"));
    let pointer =
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n", "ab".repeat(32));
    // What is sent is chosen without the Dockerfile.
    for (file, before, commands) in
        [("Dockerfile", DOCKERFILE, &["plan"][..]), (".dockerignore", "*.md\n", &["context", "plan"])]
    {
        repo.write(file, &pointer);
        repo.commit("a pointer");
        for command in commands {
            let ran = repo.imgbuild(&[*command]).expect(4);
            ran.says(&format!("`{file}` of the commit {}", &repo.head()[..7]))
                .says("is a pointer of git-lfs");
            ran.says(&format!("git lfs untrack {file}"));
        }
        repo.write(file, before);
    }
}

#[test]
fn what_is_not_committed_cannot_be_built() {
    let lab = Lab::new("uncommitted");
    let repo = lab.repo("repo");
    repo.write("imgbuild.toml", CONFIG);
    repo.imgbuild(&["context"]).expect(4).says("the repository has no commit yet");
    repo.imgbuild(&["check", "--offline"]).expect(4).says("the repository has no commit yet");
    repo.commit("first");
    repo.write("Dockerfile", DOCKERFILE);
    for arguments in [&["context"][..], &["plan"], &["check", "--offline"]] {
        let ran = repo.imgbuild(arguments).expect(3);
        ran.says("there is no Dockerfile").says("it is looked for in the commit");
    }
    repo.write("imgbuild.toml", &CONFIG.replace("[image]", "[image]\ncontext = \"app\""));
    repo.write("app/Dockerfile", DOCKERFILE);
    let ran = repo.imgbuild(&["plan"]).expect(3);
    ran.says("cannot find the build context").says("it is looked for in the commit");
    repo.write("imgbuild.toml", CONFIG);
    let elsewhere = lab.path("elsewhere");
    fs::create_dir(&elsewhere).expect("folder");
    let ran = repo.imgbuild(&["plan", "--context", elsewhere.to_str().expect("path")]).expect(3);
    ran.says("lies outside of the repository, and so in no commit");
    repo.write("imgbuild.toml", &format!("{CONFIG}mtime = \"real\"\n"));
    repo.imgbuild(&["plan"]).expect(3).says("a commit has none");
}

#[test]
fn a_check_judges_the_files_that_are_built() {
    let lab = Lab::new("judged");
    let repo = committed(&lab);
    let codes = |arguments: &[&str]| {
        let ran = repo.imgbuild(arguments).run();
        let findings = ran.json()["findings"].as_array().expect("findings").clone();
        findings.iter().map(|finding| finding["rule"].to_string()).collect::<BTreeSet<String>>()
    };
    let check = ["check", "--offline", "--no-shellcheck", "--format", "json"];
    let before = codes(&check);
    repo.write("Dockerfile", "FROM scratch\nMAINTAINER nobody\nADD src /src\nENV TOKEN=abc\n");
    repo.write("id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    assert_eq!(codes(&check), before);
    repo.imgbuild(&check).run().says("Dockerfile has changes that are not committed, and not judged");
    assert_ne!(codes(&["check", "--offline", "--no-shellcheck", "--format", "json", "Dockerfile"]), before);
    repo.commit("second");
    assert_ne!(codes(&check), before);
}
