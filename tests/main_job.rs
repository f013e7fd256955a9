//! The main job, through the binary, on a real engine and a real registry.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::lab::{self, Lab, Ran};
use support::proxy::DyingRegistry;

fn sha256(bytes: &[u8]) -> String {
    imgbuild::image::Digest::of(bytes).to_string()
}

/// Fails if the run left a container, a network, a volume or a journal.
fn nothing_left(lab: &Lab, ran: &Ran) {
    let run = ran.json()["run"].as_str().expect("run id").to_owned();
    assert_eq!(lab.owned(&run), BTreeSet::new(), "left on the engine");
    assert_eq!(lab.journals(), Vec::<String>::new(), "left in the journal");
}

fn tag_of<'a>(tags: &'a BTreeSet<String>, start: &str) -> &'a str {
    tags.iter().find(|tag| tag.starts_with(start)).unwrap_or_else(|| panic!("no {start} in {tags:?}"))
}

#[test]
fn ci_builds_tests_tags_and_pushes() {
    let lab = Lab::new("main");
    let repo = lab.hello();
    repo.write("imgbuild.toml", &lab::config_with_probes(&lab.repository()));
    repo.commit("all that a run does by itself");
    let ran = repo.imgbuild(&["ci", "--format", "json"]).expect(0);
    let report = ran.json();
    let short = &repo.head()[..7];

    let tags = lab.tags();
    let unique = tag_of(&tags, &format!("main-{short}-")).to_owned();
    assert_eq!(tags, BTreeSet::from([unique.clone(), "main".to_owned()]));

    // Every tag resolves to the image that was tested: bytes hashed here, config digest compared.
    // The engine's id is that config digest, or in the containerd store the manifest's.
    let image = &report["image"];
    assert!(image["id"] == image["config_digest"] || image["id"] == image["digest"], "{image}");
    for tag in &tags {
        let (bytes, config) = lab.manifest(tag);
        assert_eq!(config, image["config_digest"], "{tag}");
        assert_eq!(sha256(&bytes), report["image"]["digest"], "{tag}");
    }
    assert_eq!(report["pushed"], true);
    assert_eq!(report["tags"][0]["reference"], format!("{}:{unique}", lab.repository()), "unique first");
    assert_eq!(report["tags"][1]["state"], "verified");

    let labels = lab.labels("main");
    assert_eq!(labels["org.opencontainers.image.revision"], repo.head());
    assert_eq!(labels["org.opencontainers.image.created"], "2024-01-02T03:04:05Z");
    assert_eq!(labels["dev.imgbuild.git.clean"], "true");
    assert_eq!(labels["dev.imgbuild.git.branch"], "main");
    assert_eq!(labels["dev.imgbuild.context.digest"], report["context"]["digest"]);
    assert_eq!(labels["org.opencontainers.image.base.name"], lab.base);
    assert!(labels["org.opencontainers.image.base.digest"].as_str().expect("digest").starts_with("sha256:"));
    assert_eq!(labels["dev.imgbuild.dev"], Value::Null);
    let owner = labels.as_object().expect("labels").keys().find(|key| key.starts_with("dev.imgbuild.owner"));
    assert_eq!(owner, None, "owner labels never reach an image");
    nothing_left(&lab, &ran);
}

#[test]
fn the_published_image_was_started_before_its_first_push() {
    let lab = Lab::new("started");
    let repo = lab.hello();
    let since = lab.engine_time();
    let report = repo.imgbuild(&["ci", "--format", "json"]).expect(0).json();
    let id = report["image"]["id"].as_str().expect("id").to_owned();
    let until = lab.engine_time();
    let events = lab.events(&since, &until);
    let at = |what: &str, fits: &dyn Fn(&Value) -> bool| {
        let found = events.iter().find(|event| event["Action"] == what && fits(event));
        found.unwrap_or_else(|| panic!("no {what} in {events:#?}"))["timeNano"].as_u64().expect("time")
    };
    // Podman tells the name in another place, and ids without their algorithm.
    let pushed = at("push", &|event| {
        let actor = &event["Actor"];
        let named = [&actor["ID"], &actor["Attributes"]["name"]];
        named.iter().any(|name| name.as_str().is_some_and(|name| name.contains(lab.name())))
    });
    let bare = id.trim_start_matches("sha256:");
    let image_of = |event: &Value| {
        let image = event["Actor"]["Attributes"]["image"].as_str();
        image.is_some_and(|image| image.trim_start_matches("sha256:") == bare)
    };
    let started = at("start", &image_of);
    assert!(started < pushed, "started at {started}, pushed at {pushed}");
    let died = at("die", &image_of);
    assert!(died < pushed, "the test's container was gone before the push");
}

#[test]
fn a_git_tag_releases() {
    let lab = Lab::new("release");
    let repo = lab.hello();
    repo.git(&["tag", "v1.2.3"]);
    let ran = repo.imgbuild(&["ci", "--format", "json"]).expect(0);
    let tags = lab.tags();
    for tag in ["1.2.3", "1.2", "1", "latest"] {
        assert!(tags.contains(tag), "{tag} in {tags:?}");
    }
    tag_of(&tags, "tag-v1.2.3-");
    assert_eq!(lab.labels("latest")["org.opencontainers.image.version"], "1.2.3");
    let order: Vec<String> =
        ran.json()["tags"].as_array().expect("tags").iter().map(|tag| tag["reference"].to_string()).collect();
    assert!(order.last().expect("tags").ends_with(":latest\""), "latest is last: {order:?}");

    // A back-port moves its own line and nothing else; `latest` and `1` stay.
    let digest = |tag: &str| sha256(&lab.manifest(tag).0);
    let (latest, one) = (digest("latest"), digest("1"));
    repo.write("www/index.html", "hello again\n");
    repo.commit("fix");
    repo.git(&["tag", "v1.1.9"]);
    repo.imgbuild(&["ci"]).expect(0);
    assert_eq!((digest("latest"), digest("1")), (latest.clone(), one));
    assert_ne!(digest("1.1"), latest);
    assert_eq!(digest("1.1"), digest("1.1.9"));

    // A version never gets other content.
    repo.git(&["tag", "-d", "v1.1.9"]);
    repo.write("www/index.html", "hello, once more\n");
    repo.commit("other");
    repo.git(&["tag", "v1.2.3", "-f"]);
    let before = lab.tags();
    repo.imgbuild(&["ci"]).expect(4).says("1.2.3").says("never changes its content");
    assert_eq!(lab.tags(), before);
}

#[test]
fn a_failing_test_pushes_nothing() {
    let lab = Lab::new("red");
    let repo = lab.hello();
    repo.write(
        "imgbuild.toml",
        &lab::config(&lab.repository()).replace("body = \"hello\"", "body = \"goodbye\", within = \"5s\""),
    );
    repo.write("www/index.html", "hello\n");
    repo.commit("expect something else");
    let ran = repo.imgbuild(&["ci", "--format", "json"]).expect(6);
    ran.says("goodbye");
    assert_eq!(lab.tags(), BTreeSet::new());
    let report = ran.json();
    assert_eq!(report["error"]["kind"], "tests");
    assert_eq!(report["tests"][0]["outcome"], "failed");
    let run = report["run"].as_str().expect("run");
    assert_eq!(lab.owned(run), BTreeSet::new());
    let tests = report["scorecard"].as_array().expect("scores").iter().find(|score| score["number"] == 13);
    assert_eq!(tests.expect("the score of tests")["state"], "failed");
    // The image stays as cache until `clean`; the journal knows it.
    lab.clean_leaves_nothing(&repo);
}

/// BuildKit dates an image by its last layer, which an earlier build may have made.
#[test]
fn an_image_whose_tests_failed_goes_although_its_layers_are_older() {
    let lab = Lab::new("red-cached");
    let repo = lab.hello();
    repo.imgbuild(&["ci"]).expect(0);
    repo.write("Dockerfile", &(lab::dockerfile(&lab.base) + "LABEL com.example.try=\"2\"\n"));
    repo.write(
        "imgbuild.toml",
        &lab::config(&lab.repository()).replace("body = \"hello\"", "body = \"goodbye\", within = \"5s\""),
    );
    repo.commit("expect something else");
    let report = repo.imgbuild(&["ci", "--format", "json"]).expect(6).json();
    let id = report["image"]["id"].as_str().expect("id");
    let is_there = || lab.docker_output(&["image", "inspect", id]).status.success();
    assert!(is_there(), "it stays to be looked at");
    lab.clean_leaves_nothing(&repo);
    assert!(!is_there(), "clean leaves {id}");
}

#[test]
fn a_failing_build_names_the_line_and_pushes_nothing() {
    let lab = Lab::new("broken");
    let repo = lab.hello();
    repo.write(
        "Dockerfile",
        &format!("FROM {}\n\n# a comment\nRUN echo before && \\\n    exit 3\n", lab.base),
    );
    repo.commit("break it");
    let ran = repo.imgbuild(&["ci", "--format", "json"]).expect(5);
    ran.says("Dockerfile:4").says("exit code 3");
    assert_eq!(lab.tags(), BTreeSet::new());
    assert_eq!(ran.json()["build"]["failed_step"]["line"], 4);
    lab.clean_leaves_nothing(&repo);
}

#[test]
fn a_registry_that_is_not_there_is_found_out_before_the_build() {
    let lab = Lab::new("absent");
    let repo = lab.hello();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("address");
    let config = lab::config(&format!("{gone}/x"));
    repo.write("imgbuild.toml", &config);
    repo.commit("elsewhere");
    let ran = repo.imgbuild(&["ci", "--format", "json"]).expect(7);
    ran.says(&gone.to_string());
    assert_eq!(ran.json()["image"], Value::Null, "nothing was built");
}

#[test]
fn a_registry_that_dies_in_the_middle_leaves_only_what_the_report_names() {
    let lab = Lab::new("dying");
    let repo = lab.hello();
    repo.git(&["tag", "v1.0.0"]);
    // The third manifest is that of `1.0`.
    let registry = DyingRegistry::start(&lab.registry, "PUT /v2/t/", 0);
    drop(registry);
    let registry = DyingRegistry::start(&lab.registry, "/manifests/1.0 ", 3);
    let repository = format!("{}/t/{}", registry.address, lab.name());
    repo.write("imgbuild.toml", &lab::config(&repository));
    repo.commit("through the proxy");
    repo.git(&["tag", "-f", "v1.0.0"]);
    let ran = repo.imgbuild(&["ci", "--format", "json"]).expect(7);
    assert!(registry.has_died());
    let report = ran.json();
    let named: BTreeSet<String> = report["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .filter(|tag| tag["state"] == "verified" || tag["state"] == "pushed")
        .map(|tag| tag["reference"].as_str().expect("reference").rsplit(':').next().expect("tag").to_owned())
        .collect();
    let there = lab.tags();
    assert!(there.is_subset(&named), "{there:?} is not within {named:?}");
    assert!(there.contains("1.0.0"), "{there:?}");
    ran.says("running again adopts this image and completes the rest");
    assert!(!there.contains("latest"), "{there:?}");
    assert_eq!(lab.owned(report["run"].as_str().expect("run")), BTreeSet::new());
}

#[test]
fn without_a_registry_it_builds_tests_and_tags_on_the_engine() {
    let lab = Lab::new("local");
    let repo = lab.repo(&format!("local-{}", std::process::id()));
    repo.write("Dockerfile", &lab::dockerfile(&lab.base));
    repo.write("www/index.html", "hello\n");
    repo.commit("no configuration at all");
    let ran = repo.imgbuild(&["ci", "--format", "json"]).env("CI", "true").expect(0);
    ran.says("no registry is named");
    let report = ran.json();
    assert_eq!(report["pushed"], false);
    let reference = report["tags"][0]["reference"].as_str().expect("reference");
    let id = lab.docker(&["image", "inspect", "-f", "{{.Id}}", reference]);
    assert_eq!(id, report["image"]["id"]);
    lab.docker(&["rmi", "-f", &id]);
    nothing_left(&lab, &ran);
}

#[test]
fn a_development_build_says_so_in_tag_and_label() {
    let lab = Lab::new("dev");
    let repo = lab.hello();
    repo.write("www/index.html", "hello, not committed\n");
    let report = repo.imgbuild(&["build", "--format", "json"]).expect(0).json();
    let reference = report["tags"][0]["reference"].as_str().expect("reference").to_owned();
    assert!(reference.ends_with("-dev"), "{reference}");
    assert_eq!(lab.tags(), BTreeSet::new(), "a development build stays on the engine");
    assert_eq!(report["labels"]["dev.imgbuild.dev"], "true");
    assert_eq!(report["labels"]["dev.imgbuild.git.clean"], "false");
    assert_eq!(report["labels"]["dev.imgbuild.build.time"], Value::Null);

    // On it, a CI refuses to build.
    repo.write("Dockerfile", &lab::dockerfile(&reference));
    repo.commit("on a development base");
    let ran = repo.imgbuild(&["ci"]).expect(4);
    ran.says("development image");
    assert!(!ran.stderr.contains("build: started"), "refused before the build: {}", ran.stderr);
    assert_eq!(lab.tags(), BTreeSet::new());

    // Nor may the Dockerfile take the mark off, or set any other label that imgbuild states.
    for label in ["dev.imgbuild.dev=", "dev.imgbuild.owner.run=x", "\"dev.imgbuild.git.merge-commit\"=x"] {
        repo.write("Dockerfile", &format!("{}LABEL a=b {label}\n", lab::dockerfile(&reference)));
        repo.commit("a forged label");
        repo.imgbuild(&["ci"]).expect(4).says("Dockerfile:7: LABEL dev.imgbuild.");
    }
    assert_eq!(lab.tags(), BTreeSet::new());
    lab.docker(&["rmi", "-f", &reference]);
}

#[test]
fn the_dockerfiles_own_labels_stay() {
    let lab = Lab::new("labels");
    let repo = lab.hello();
    // The base has a title and a version; what it leaks is blanked, what the Dockerfile says is not.
    let labels = "LABEL org.opencontainers.image.title=Mine org.opencontainers.image.version=9 \
                  org.opencontainers.image.description=text\n";
    repo.write("Dockerfile", &(lab::dockerfile(&lab.base) + labels));
    repo.commit("labels");
    let ran = repo.imgbuild(&["ci"]).expect(0);
    assert!(!ran.stderr.contains("inherits"), "{}", ran.stderr);
    let labels = lab.labels("main");
    assert_eq!(labels["org.opencontainers.image.title"], "Mine");
    assert_eq!(labels["org.opencontainers.image.version"], "9");
}

/// What two images have to have in common to be the same: the id; on podman, which writes the labels of a build anew each
/// time, and when it did, layers and configuration.
fn same(lab: &Lab, id: &str) -> String {
    if !lab::is_podman() {
        return id.to_owned();
    }
    // It stumbles over images that other tests remove meanwhile.
    for _ in 0..50 {
        let output =
            lab.docker_output(&["image", "inspect", "-f", "{{json .RootFS.Layers}} {{json .Config}}", id]);
        if output.status.success() {
            return String::from_utf8_lossy(&output.stdout).into_owned();
        }
    }
    panic!("podman cannot look at {id}");
}

#[test]
fn the_same_commit_gives_the_same_image() {
    let lab = Lab::new("same");
    let repo = lab.hello();
    let id = |extra: &[&str], now: &str| {
        let arguments: Vec<&str> = ["build", "--format", "json"].iter().chain(extra).copied().collect();
        let report = repo.imgbuild(&arguments).env("IMGBUILD_NOW", now).expect(0).json();
        same(&lab, report["image"]["id"].as_str().expect("id"))
    };
    assert_eq!(id(&[], "1700000000"), id(&[], "1700009999"));
    let ci = |now: &str| {
        let ran = repo.imgbuild(&["ci", "--reproducible", "--push", "never", "--format", "json"]);
        let ran = ran
            .env("CI", "true")
            .env("IMGBUILD_CI_PROVIDER", "other")
            .env("IMGBUILD_BUILD_URL", now)
            .env("IMGBUILD_NOW", now);
        same(&lab, ran.expect(0).json()["image"]["id"].as_str().expect("id"))
    };
    assert_eq!(ci("1700000000"), ci("1700009999"));
}

#[test]
fn declared_arguments_are_injected_and_others_are_not() {
    let lab = Lab::new("args");
    let repo = lab.hello();
    let dockerfile = lab::dockerfile(&lab.base)
        + "ARG GIT_SHA\nARG IMGBUILD\nARG BUILD_DATE\nRUN test -n \"$IMGBUILD\" && echo \"$GIT_SHA $BUILD_DATE\" > /www/commit\n";
    repo.write("Dockerfile", &dockerfile);
    repo.write(
        "imgbuild.toml",
        &format!(
            "{}\n[[image.test]]\nname = \"knows its commit\"\nrun = [{{ cmd = [\"cat\", \"/www/commit\"], stdout = \"^[0-9a-f]{{40}} 2024-01-02T03:04:05Z\" }}]\n",
            lab::config(&lab.repository())
        ),
    );
    repo.commit("arguments");
    let report = repo.imgbuild(&["ci", "--format", "json"]).expect(0).json();
    assert_eq!(report["tests"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_slow_start_is_waited_for_and_a_dead_one_is_explained() {
    let lab = Lab::new("slow");
    let repo = lab.hello();
    // Three quick failures would make this unhealthy if only the interval were shortened.
    let slow = lab::dockerfile(&lab.base).replace(
        "CMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/www\"]\n",
        "CMD [\"sh\", \"-c\", \"sleep 4; exec httpd -f -p 8080 -h /www\"]\n",
    );
    assert_ne!(slow, lab::dockerfile(&lab.base));
    repo.write("Dockerfile", &slow);
    repo.commit("needs 4 s");
    repo.imgbuild(&["ci"]).expect(0);

    let never = slow.replace("sleep 4; exec httpd -f -p 8080 -h /www", "sleep 600");
    repo.write("Dockerfile", &never);
    repo.write("imgbuild.toml", &lab::config(&lab.repository()).replace("30s", "3s"));
    repo.commit("never healthy");
    let before = lab.tags();
    let ran = repo.imgbuild(&["ci"]).expect(6);
    ran.says("not healthy within 3 s").says("healthcheck exit 1");
    assert_eq!(lab.tags(), before);
}

#[test]
fn any_image_can_be_tested() {
    let lab = Lab::new("any");
    let repo = lab.hello();
    let report = repo.imgbuild(&["build", "--format", "json"]).expect(0).json();
    let reference = report["tags"][0]["reference"].as_str().expect("reference");
    let tested = repo.imgbuild(&["test", reference, "--format", "json"]).expect(0);
    assert_eq!(tested.json()["tests"][0]["name"], "serves");
    nothing_left(&lab, &tested);
    // The base has no such service.
    repo.imgbuild(&["test", &lab.base]).expect(6);
}

#[test]
fn the_report_is_written_whatever_happens() {
    let lab = Lab::new("report");
    let repo = lab.hello();
    let path = lab.path("report.json");
    let path = path.to_str().expect("path");
    repo.write("untracked", "x");
    repo.imgbuild(&["ci", "--report", path]).expect(4).says("untracked");
    let read = |path: &str| -> Value {
        serde_json::from_slice(&std::fs::read(path).expect("report")).expect("json")
    };
    assert_eq!(read(path)["error"]["kind"], "refused");
    assert_eq!(read(path)["exit_code"], 4);
    std::fs::remove_file(repo.path.join("untracked")).expect("remove");
    repo.imgbuild(&["ci", "--report", path]).expect(0);
    let report = read(path);
    assert_eq!(report["schema"], 1);
    assert_eq!(report["source"]["commit"], repo.head());
    let stages: Vec<&str> = report["timings"]
        .as_array()
        .expect("timings")
        .iter()
        .map(|t| t["stage"].as_str().expect("stage"))
        .collect();
    assert_eq!(stages, ["source", "context", "plan", "check", "build", "smoke", "publish", "teardown"]);
    // A report that cannot be written is found out before the build.
    repo.imgbuild(&["ci", "--report", "/nowhere/report.json"]).expect(74);
}

#[test]
fn a_tag_that_somebody_moves_during_the_run_is_not_moved_back() {
    let lab = Lab::new("race");
    let repo = lab.hello();
    let slow = lab::config(&lab.repository()).replace("run = [", "run = [{ cmd = [\"sleep\", \"3\"] }, ");
    repo.write("imgbuild.toml", &slow);
    repo.commit("slow");
    let mut running = repo.imgbuild(&["ci", "--format", "ndjson"]).start();
    running.wait_for_type("test-started");
    // The planned state is that there is no `main`; a newer run is faster.
    let other = format!("{}:main", lab.repository());
    lab.docker(&["pull", "-q", &lab.base]);
    lab.docker(&["tag", &lab.base, &other]);
    lab.docker(&["push", "-q", &other]);
    let (newer, _) = lab.manifest("main");
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(4), "{events:#?}\n{stderr}");
    assert!(stderr.contains("was moved by somebody else"), "{stderr}");
    assert_eq!(lab.manifest("main").0, newer, "moved back");
    assert_eq!(lab.tags().len(), 2, "the unique tag and `main`");
}

#[test]
fn an_untracked_file_that_was_sent_is_found_after_the_build() {
    let lab = Lab::new("late");
    let repo = lab.hello();
    repo.write("Dockerfile", &(lab::dockerfile(&lab.base) + "RUN sleep 3\n"));
    repo.commit("slow");
    // Hidden from the first look, as a file that comes right after it would be.
    repo.write(".git/info/exclude", "/www/late.html\n");
    repo.write("www/late.html", "not of this commit\n");
    let mut running = repo.imgbuild(&["ci", "--format", "ndjson"]).start();
    running.wait_for_type("build-step");
    repo.write(".git/info/exclude", "");
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(4), "{events:#?}\n{stderr}");
    assert!(stderr.contains("untracked: www/late.html"), "{stderr}");
    assert_eq!(lab.tags(), BTreeSet::new());
}

#[test]
fn a_report_that_cannot_be_written_does_not_hide_the_tags() {
    let lab = Lab::new("full");
    let repo = lab.hello();
    let ran = repo.imgbuild(&["ci", "--quiet", "--report", "/dev/full"]).expect(74);
    for tag in lab.tags() {
        ran.says(&format!("{}:{tag}", lab.repository()));
    }
}

#[test]
fn a_quiet_run_prints_repository_and_digest() {
    let lab = Lab::new("quiet-ok");
    let repo = lab.hello();
    let ran = repo.imgbuild(&["ci", "--quiet"]).expect(0);
    let (bytes, _) = lab.manifest("main");
    let digest = imgbuild::image::Digest::of(&bytes);
    assert_eq!((ran.stdout, ran.stderr), (format!("{}@{digest}\n", lab.repository()), String::new()));
    // What stays on the engine has no digest of a registry: it is its tag that names it.
    let ran = repo.imgbuild(&["build", "-q"]).expect(0);
    let tag = ran.stdout.trim_end();
    assert!(tag.starts_with(&format!("{}:main-", lab.repository())) && tag.ends_with("-dev"), "{tag}");
    assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""));
    assert!(lab.docker(&["image", "inspect", "-f", "{{.Id}}", tag]).starts_with("sha256:"));
}

#[test]
fn a_quiet_run_that_fails_says_why() {
    let lab = Lab::new("quiet");
    let repo = lab.hello();
    repo.write("www/index.html", "not committed\n");
    let ran = repo.imgbuild(&["ci", "--quiet"]).expect(4);
    ran.says("modified: www/index.html");
    assert_eq!(ran.stdout, "");
}

#[test]
fn an_image_for_another_platform_is_not_published() {
    let lab = Lab::new("platform");
    let repo = lab.hello();
    // The base is there for this machine. The classic builder takes it for any other, and imgbuild says so after the
    // build; the containerd store refuses to.
    lab.docker(&["pull", "-q", &lab.base]);
    let ran = repo.imgbuild(&["ci", "--platform", "linux/s390x"]).expect(5);
    ran.says("platform").says("linux/s390x");
    assert_eq!(lab.tags(), BTreeSet::new());
}

#[test]
fn what_is_no_name_of_an_image_is_a_usage_error() {
    let lab = Lab::new("names");
    let repo = lab.hello();
    for name in ["bad ref!", "UPPER", "a:b:c", ""] {
        repo.imgbuild(&["test", name]).expect(2);
    }
    let id = lab.docker(&["image", "inspect", "-f", "{{.Id}}", &lab.base]);
    repo.write("imgbuild.toml", "");
    repo.imgbuild(&["test", &id]).expect(0);
    repo.imgbuild(&["test", &id[7..19]]).expect(0);
}

#[test]
fn a_release_is_of_the_commit_that_its_tag_names() {
    let lab = Lab::new("moved");
    let repo = lab.hello();
    repo.git(&["tag", "v1.0.0"]);
    let plan = || repo.imgbuild(&["plan"]).env("CI", "true").env("IMGBUILD_TAG", "v1.0.0");
    plan().expect(0);
    repo.commit("a later one");
    plan().expect(4).says("v1.0.0, which names another commit");
    // A clone without the tag cannot tell.
    repo.git(&["tag", "-d", "v1.0.0"]);
    plan().expect(0);
}
