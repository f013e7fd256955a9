//! Tags: where they may go, where they stay, and back again. Through the binary, on a real engine and registry.

#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;
use support::engine_proxy::meddle;
use support::fault_proxy::{BEGINNINGS, Fault, FaultProxy, Often};
use support::lab::{self, Lab, Repo, setting};

fn sha256(bytes: &[u8]) -> String {
    imgbuild::image::Digest::of(bytes).to_string()
}

/// What every tag of the repository resolves to.
fn resolved(lab: &Lab) -> BTreeMap<String, String> {
    lab.tags().into_iter().map(|tag| (tag.clone(), sha256(&lab.manifest(&tag).0))).collect()
}

/// Another page, committed, and tagged where a tag is given.
fn change(repo: &Repo<'_>, text: &str, tag: &str) {
    repo.write("www/index.html", &format!("hello {text}\n"));
    repo.commit(text);
    if !tag.is_empty() {
        repo.git(&["tag", tag]);
    }
}

#[test]
fn undo_puts_every_tag_back_and_refuses_what_moved_since() {
    let lab = Lab::new("undo");
    let repo = lab.hello();
    repo.git(&["tag", "v1.0.0"]);
    repo.imgbuild(&["ci"]).expect(0);
    let before = resolved(&lab);
    change(&repo, "again", "v1.1.0");
    let report = lab.path("report.json");
    let report = report.to_str().expect("path");
    repo.imgbuild(&["ci", "--report", report]).expect(0);
    let after = resolved(&lab);
    assert_ne!(before["latest"], after["latest"]);

    // Somebody moves one of them.
    let latest = format!("{}:latest", lab.repository());
    repo.imgbuild(&["copy", &lab.base, &latest]).expect(0);
    let moved = resolved(&lab);
    let ran = repo.imgbuild(&["publish", "--undo", report]).expect(4);
    ran.says("latest").says("somebody moved").says("nothing was changed");
    assert_eq!(resolved(&lab), moved, "nothing was touched");
    repo.imgbuild(&["copy", &format!("{}@{}", lab.repository(), after["latest"]), &latest]).expect(0);
    assert_eq!(resolved(&lab), after);

    let ran = repo.imgbuild(&["publish", "--undo", report, "--format", "json"]).expect(0);
    let states: Vec<String> =
        ran.json()["tags"].as_array().expect("tags").iter().map(|tag| tag["state"].to_string()).collect();
    assert!(states.contains(&"\"removed\"".to_owned()), "{states:?}");
    assert_eq!(
        resolved(&lab),
        before,
        "this registry deletes no tags, and the image went with all of its own"
    );
    // Twice is once.
    repo.imgbuild(&["publish", "--undo", report]).expect(0).says("is what it was before");
    assert_eq!(resolved(&lab), before);
}

#[test]
fn undo_reads_reports_and_nothing_else() {
    let lab = Lab::new("undo-bad");
    let repo = lab.hello();
    let file = |text: &str| {
        let path = lab.path("report.json");
        fs::write(&path, text).expect("write");
        path.display().to_string()
    };
    repo.imgbuild(&["publish", "--undo", "/nowhere"]).expect(74).says("/nowhere");
    repo.imgbuild(&["publish", "--undo", &file("{}")]).expect(2).says("no report of a run");
    repo.imgbuild(&["publish", "--undo", &file("<html>")]).expect(2);
    repo.imgbuild(&["publish"]).expect(2);
    let path = lab.path("never.json");
    let never = path.to_str().expect("path");
    repo.imgbuild(&["ci", "--push", "never", "--report", never]).expect(0);
    repo.imgbuild(&["publish", "--undo", never]).expect(0).says("nothing to undo");
}

#[test]
fn an_old_pipeline_that_is_run_again_does_not_take_its_branch_back() {
    let lab = Lab::new("backwards");
    let repo = lab.hello();
    repo.imgbuild(&["ci"]).expect(0);
    let old = repo.head();
    change(&repo, "newer", "");
    repo.imgbuild(&["ci"]).expect(0);
    let newer = resolved(&lab)["main"].clone();
    // As a CI checks out: the commit, with the branch's name from the environment.
    repo.git(&["checkout", "-q", &old]);
    let again = || repo.imgbuild(&["ci", "--format", "json"]).env("IMGBUILD_BRANCH", "main");
    let ran = again().expect(0);
    ran.says("main is not moved").says("comes after this commit");
    assert_eq!(resolved(&lab)["main"], newer);
    // A shallow clone knows nothing of the newer commit, but when that was.
    let shallow = lab.path("shallow");
    let url = format!("file://{}", repo.path.display());
    repo.git(&["branch", "old", &old]);
    let target = shallow.to_str().expect("path");
    repo.git(&["clone", "-q", "--depth", "1", "--branch", "old", &url, target]);
    let plan = lab.imgbuild(&shallow, &["plan"]).env("IMGBUILD_BRANCH", "main").expect(0);
    assert!(plan.stdout.contains("main"), "{}", plan.stdout);
    assert_eq!(resolved(&lab)["main"], newer);
}

#[test]
fn a_plan_says_where_each_tag_points_and_will_point() {
    let lab = Lab::new("plan");
    let repo = lab.hello();
    repo.git(&["tag", "v1.3.0"]);
    repo.imgbuild(&["ci"]).expect(0);
    let first = resolved(&lab);
    let short = |digest: &str| digest["sha256:".len()..][..12].to_owned();
    let now = short(&first["latest"]);
    // The same release once more is adopted.
    let plan = repo.imgbuild(&["plan"]).expect(0).stdout;
    assert!(plan.contains(&format!("adopts      {now}")), "{plan}");
    assert!(plan.contains(&format!("{now} already")), "{plan}");
    // A back-port leaves what is newer.
    change(&repo, "fix", "v1.2.9");
    let plan = repo.imgbuild(&["plan"]).expect(0).stdout;
    assert!(plan.contains("version   1.2.9") && plan.contains("new -> this image"), "{plan}");
    let line = plan.lines().find(|line| line.contains(" latest ")).expect("latest");
    assert!(line.contains("stays") && line.contains(&now) && line.contains("1.3.0 is newer"), "{line}");
    assert!(
        plan.lines().filter(|line| line.starts_with("  ")).take(5).all(|line| line.len() <= 80),
        "{plan}"
    );
    let json = repo.imgbuild(&["plan", "--format", "json"]).expect(0).json();
    let kept: Vec<&Value> = json["kept"].as_array().expect("kept").iter().map(|kept| &kept["tag"]).collect();
    assert_eq!(kept, ["1", "latest"]);
    // And a newer one moves them.
    change(&repo, "more", "v1.4.0");
    let plan = repo.imgbuild(&["plan"]).expect(0).stdout;
    assert!(plan.contains(&format!("{now} -> this image")), "{plan}");
    assert_eq!(resolved(&lab), first, "a plan changes nothing");
}

#[test]
fn extra_tags_of_the_configuration() {
    let lab = Lab::new("extra");
    let repo = lab.hello();
    let config = lab::config(&lab.repository()).replace(
        "[image]\n",
        "[image]\ntags = [\"nightly\", \"edge-{sha}\", \"{branch}\", \"v{version}\"]\n",
    );
    repo.write("imgbuild.toml", &config);
    repo.commit("extra tags");
    let ran = repo.imgbuild(&["ci"]).expect(0);
    ran.says("v{version} is not set");
    let tags = resolved(&lab);
    let edge = format!("edge-{}", &repo.head()[..7]);
    for tag in ["main", "nightly", &edge] {
        assert_eq!(tags[tag], tags["main"], "{tag}");
    }
    assert_eq!(tags.len(), 4, "{tags:?}");
    // What only looks like a version is a mistake, and found before anything is built.
    repo.write("imgbuild.toml", &config.replace("\"nightly\"", "\"latest\""));
    repo.commit("latest");
    repo.imgbuild(&["ci"]).expect(3).says("latest");
    let again = ["plan", "--tag", "1.2.3"];
    repo.write("imgbuild.toml", &config);
    repo.commit("back");
    repo.imgbuild(&again).expect(2).says("1.2.3");
}

#[test]
fn development_images_go_to_the_sandbox_alone() {
    let lab = Lab::new("roles");
    let repo = lab.hello();
    let (prefix, name) = (format!("{}/t", lab.registry), lab.name());
    let roles = lab::config(name)
        + &format!(
            "[registries]\nsandbox = \"{prefix}\"\nintegration = \"{prefix}/int\"\nrelease = \"{prefix}/rel\"\n"
        );
    repo.write("imgbuild.toml", &roles);
    repo.commit("roles");
    repo.git(&["tag", "v1.0.0"]);
    let report = repo.imgbuild(&["build", "--push", "always", "--format", "json"]).expect(0).json();
    let pushed = report["tags"][0]["reference"].as_str().expect("reference").to_owned();
    assert!(pushed.starts_with(&format!("{prefix}/{name}:")) && pushed.ends_with("-dev"), "{pushed}");
    assert_eq!(lab.tags().len(), 1, "a development build has its unique tag alone");

    // Under another name it is still a development image.
    let innocent = format!("{prefix}/{name}:innocent");
    repo.imgbuild(&["copy", &pushed, &innocent]).expect(0);
    let to = |role: &str| format!("{prefix}/{role}/{name}:innocent");
    let copy = |role: &str| repo.imgbuild(&["copy", &innocent, &to(role)]);
    copy("int").expect(4).says("from a CI only");
    copy("int").env("CI", "true").env("IMGBUILD_BRANCH", "main").expect(4).says("is a development image");
    copy("rel").env("CI", "true").expect(4).says("only promotion");
    for role in ["int", "rel"] {
        let (status, _) = lab::get(&lab.registry, &format!("/v2/t/{role}/{name}/tags/list"), "*/*");
        assert_eq!(status, 404, "{role}");
    }
    // A CI pushes to integration, and sets no version there.
    let ci =
        repo.imgbuild(&["ci", "--format", "json"]).env("CI", "true").env("IMGBUILD_TAG", "v1.0.0").expect(0);
    let references: Vec<String> =
        ci.json()["tags"].as_array().expect("tags").iter().map(|tag| tag["reference"].to_string()).collect();
    assert_eq!(references.len(), 1, "{references:?}");
    assert!(references[0].contains(&format!("{prefix}/int/{name}:tag-v1.0.0-")), "{references:?}");
}

#[test]
fn a_copy_keeps_its_hands_off_versions() {
    let lab = Lab::new("copy-guard");
    let repo = lab.hello();
    repo.git(&["tag", "v1.0.0"]);
    repo.imgbuild(&["ci"]).expect(0);
    let version = format!("{}:1.0.0", lab.repository());
    repo.imgbuild(&["copy", &lab.base, &version]).expect(4).says("never changes its content");
    // The same content is no change.
    repo.imgbuild(&["copy", &format!("{}:latest", lab.repository()), &version]).expect(0);
    repo.imgbuild(&["copy", &format!("{}:nothing", lab.repository()), &version])
        .expect(7)
        .says("there is no");
    repo.imgbuild(&["copy", "not a reference", &version]).expect(2);
    let digest = format!("{}@sha256:{}", lab.repository(), "0".repeat(64));
    repo.imgbuild(&["copy", &lab.base, &digest]).expect(2).says("has the digest that it has");
}

#[test]
fn tags_are_listed_with_what_they_stand_for() {
    let lab = Lab::new("tags");
    let repo = lab.hello();
    repo.git(&["tag", "v1.9.0"]);
    repo.imgbuild(&["ci"]).expect(0);
    change(&repo, "ten", "v1.10.0");
    repo.imgbuild(&["ci"]).expect(0);
    let ran = repo.imgbuild(&["tags", &lab.repository()]).expect(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[1].contains("version   1.10.0"), "{}", ran.stdout);
    assert!(lines.iter().any(|line| line.contains("latest") && line.ends_with("1.10.0")), "{}", ran.stdout);
    assert!(ran.stdout.contains("and 2 unique tags"), "{}", ran.stdout);
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    let json = repo.imgbuild(&["tags", &lab.repository(), "--all", "--format", "json"]).expect(0).json();
    assert_eq!(json["tags"].as_array().expect("tags").len(), lab.tags().len());
    let latest =
        json["tags"].as_array().expect("tags").iter().find(|tag| tag["tag"] == "latest").expect("latest");
    assert_eq!(latest["digest"], resolved(&lab)["latest"]);
    assert_eq!(latest["versions"][0], "1.10.0");
    repo.imgbuild(&["tags", &format!("{}/t/nothing-here", lab.registry)]).expect(7).says("has no tags");
    repo.imgbuild(&["tags", "UPPER/case:tag"]).expect(2);
}

#[test]
fn a_tag_that_this_run_put_on_something_else_is_taken_back() {
    let lab = Lab::new("take-back");
    let repo = lab.hello();
    // Between the last look at the engine and the push, somebody gives the name to another image.
    let (engine, docker, base) = (lab.engine.clone(), setting("IMGBUILD_TEST_DOCKER"), lab.base.clone());
    lab.docker(&["pull", "-q", &base]);
    let name = lab.repository();
    let proxy = meddle(&lab.path("engine.sock"), &lab.engine, "/push?", move |line| {
        let tag = line.split("tag=").nth(1).and_then(|rest| rest.split(['&', ' ']).next()).expect("a tag");
        let status = Command::new(&docker)
            .args(["-H", &engine, "tag", &base, &format!("{name}:{tag}")])
            .status()
            .expect("docker");
        assert!(status.success());
    });
    let ran = repo.imgbuild(&["ci", "--format", "json"]).env("DOCKER_HOST", proxy).expect(4);
    ran.says("holds other content than what was tested").says("the tag was taken back");
    assert_eq!(lab.tags().len(), 0, "nothing that was not tested stays in the registry");
    assert_eq!(ran.json()["tags"][0]["state"], "removed");
}

#[test]
fn a_pull_request_whose_login_only_reads_builds_and_tests_and_says_why() {
    let lab = Lab::new("read-only");
    let repo = lab.hello();
    let proxy = FaultProxy::start(&lab.registry);
    proxy.fails(BEGINNINGS, Fault::Status(403), Often::Ever);
    let repository = format!("{}/t/{}", proxy.address, lab.name());
    let pull = |arguments: &[&str]| {
        let arguments = [&["ci", "--format", "json", "--repository", &repository], arguments].concat();
        let run = repo.imgbuild(&arguments).env("CI", "true").env("IMGBUILD_PR", "12");
        run.env("IMGBUILD_FORK", "false").env("IMGBUILD_BRANCH", "feature")
    };
    let report = pull(&[]).expect(0).json();
    let why = report["not_pushed_because"].as_str().expect("why");
    assert!(why.contains("no push permission"), "{why}");
    assert_eq!(
        (&report["pushed"], &report["tests"][0]["outcome"]),
        (&Value::Bool(false), &Value::from("ok"))
    );
    // Whoever was meant to publish is told at once, before the build.
    let ran = pull(&["--push", "always"]).expect(7);
    assert_eq!(ran.json()["image"], Value::Null);
    let branch =
        repo.imgbuild(&["ci", "--repository", &repository]).env("CI", "true").env("IMGBUILD_BRANCH", "main");
    branch.expect(7).says("no push permission").says("--push never");
    assert_eq!(lab.tags().len(), 0);
}
