//! What stays on an engine after runs and clean-ups, and what a registry keeps.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;

use imgbuild::image::Digest;
use imgbuild::registry::{Manifest, Registry, RegistryOptions};
use serde_json::{Value, json};
use support::engine_proxy::meddle;
use support::lab::{self, Lab, Repo, get};
use support::private::PrivateEngine;
use support::private_registry::PrivateRegistry;

/// When the first run of a test begins.
const BEGAN: i64 = 1_700_000_000;
const DAY: i64 = 86_400;

/// A job that is over at once, with a step before the one that changes: its stamp tells whether the step came out of the cache.
fn dockerfile(base: &str) -> String {
    format!("FROM {base}\nRUN head -c 16 /dev/urandom | md5sum > /stamp\nCOPY www /www\nCMD [\"true\"]\n")
}

/// A repository of that job.
fn stamped<'a>(lab: &'a Lab, builder: &str) -> Repo<'a> {
    let repo = lab.repo("repo");
    repo.write("Dockerfile", &dockerfile(&lab.base));
    let repository = lab.repository();
    let config = format!(
        "[image]\nrepository = \"{repository}\"\nkind = \"job\"\nprobes = \"off\"\n[image.build]\nbuilder = \"{builder}\"\n\
         network = \"none\"\n"
    );
    repo.write("imgbuild.toml", &config);
    repo.write("www/index.html", "hello\n");
    repo.commit("first");
    repo
}

/// Builds as the `nth` run of the test, on content of its own; gives the image's reference.
fn build(repo: &Repo<'_>, nth: i64) -> String {
    repo.write("www/changing.txt", &format!("{nth}\n"));
    let run = repo.imgbuild(&["build", "--format", "json"]).env("IMGBUILD_NOW", (BEGAN + nth).to_string());
    let report = run.expect(0).json();
    report["tags"][0]["reference"].as_str().expect("a reference").to_owned()
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

/// The names of the test's images.
fn names(lab: &Lab) -> BTreeSet<String> {
    lines(&lab.docker(&["images", "--format", "{{.Repository}}:{{.Tag}}", &lab.repository()]))
}

fn dangling(lab: &Lab) -> BTreeSet<String> {
    lines(&lab.docker(&["images", "-q", "--no-trunc", "--filter", "dangling=true"]))
}

fn stamp(lab: &Lab, image: &str) -> String {
    lab.docker(&["run", "--rm", "--network", "none", image, "cat", "/stamp"])
}

/// Twenty runs on changing content.
fn many_runs(name: &str, builder: &str) {
    let engine = PrivateEngine::start(name);
    let lab = Lab::on(name, &engine.url);
    let repo = stamped(&lab, builder);
    let first = build(&repo, 0);
    let stamped = stamp(&lab, &first);
    let mut counts = Vec::new();
    let mut last = first;
    for nth in 1..20 {
        last = build(&repo, nth);
        counts.push(lab.docker(&["images", "-aq"]).lines().count());
    }
    assert_eq!(dangling(&lab), BTreeSet::new());
    assert_eq!(lab.docker(&["ps", "-aq"]), "");
    let all = names(&lab);
    assert!(all.len() == 3 && all.contains(&last), "{all:?}");
    // As many images after the fourth run as after the last, the builder's own among them.
    assert_eq!(counts.iter().skip(3).collect::<BTreeSet<_>>().len(), 1, "{counts:?}");
    assert_eq!(stamp(&lab, &last), stamped, "the step before the one that changes came out of the cache");
    // Nothing changed: the same image.
    let id = |name: &str| lab.docker(&["image", "inspect", "-f", "{{.Id}}", name]);
    let before = id(&last);
    let same = repo.imgbuild(&["build", "--format", "json"]).env("IMGBUILD_NOW", (BEGAN + 100).to_string());
    let same = same.expect(0).json();
    assert_eq!(id(same["tags"][0]["reference"].as_str().expect("a reference")), before);
    assert_eq!(lab.journals(), Vec::<String>::new());
}

#[test]
fn forty_builds_leave_nothing_dangling_and_the_next_one_its_cache_classic() {
    many_runs("classic", "classic");
}

#[test]
fn forty_builds_leave_nothing_dangling_and_the_next_one_its_cache_buildkit() {
    many_runs("buildkit", "auto");
}

#[test]
fn stages_of_the_classic_builder_stay_with_the_image_that_they_are_the_cache_of() {
    let engine = PrivateEngine::start("stages");
    let lab = Lab::on("stages", &engine.url);
    let repo = stamped(&lab, "classic");
    let base = &lab.base;
    let stage = "RUN head -c 16 /dev/urandom | md5sum > /stamp\nCOPY www/changing.txt /\n";
    let last = "COPY --from=made /stamp /stamp\nCOPY www /www\nCMD [\"true\"]\n";
    repo.write("Dockerfile", &format!("FROM {base} AS made\n{stage}FROM {base}\n{last}"));
    let stamped = stamp(&lab, &build(&repo, 0));
    let mut left = Vec::new();
    for nth in 1..8 {
        assert_eq!(stamp(&lab, &build(&repo, nth)), stamped, "run {nth}");
        left.push(dangling(&lab).len());
    }
    // One for each image that is still there: no fewer, which would cost the cache, and no more.
    assert_eq!(left[3..], [3; 4], "{left:?}");
    let later = (BEGAN + 100 * DAY).to_string();
    repo.imgbuild(&["clean", "--yes", "--dev-older-than", "1d"]).env("IMGBUILD_NOW", &later).expect(0);
    assert_eq!((names(&lab), dangling(&lab)), (BTreeSet::new(), BTreeSet::new()));
}

#[test]
fn ci_keeps_the_newest_of_its_local_tags() {
    let lab = Lab::new("newest");
    let repo = lab.hello();
    let ci = |nth: i64| {
        repo.write("www/changing.txt", &format!("{nth}\n"));
        repo.commit("more");
        let run = repo.imgbuild(&["ci", "--format", "json"]).env("IMGBUILD_NOW", (BEGAN + nth).to_string());
        run.expect(0).json()["tags"][0]["reference"].as_str().expect("a reference").to_owned()
    };
    let (first, second) = (ci(1), ci(2));
    assert_eq!(names(&lab), [second.clone()].into());
    // One that a container uses stays.
    let used = lab.docker(&["create", "--network", "none", &second]);
    let third = ci(3);
    assert_eq!(names(&lab), [second.clone(), third.clone()].into());
    lab.docker(&["rm", &used]);
    // Without a push, what is nowhere else stays beside it.
    repo.write("www/changing.txt", "4\n");
    repo.commit("more");
    let held = repo.imgbuild(&["ci", "--push", "never"]).env("IMGBUILD_NOW", (BEGAN + 4).to_string());
    held.expect(0);
    let fifth = ci(5);
    let left = names(&lab);
    assert!(left.contains(&fifth) && !left.contains(&second) && !left.contains(&third), "{left:?}");
    assert!(left.iter().any(|name| name.ends_with(&(BEGAN + 4).to_string())), "{left:?}");
    let tag = |reference: &str| reference.rsplit(':').next().expect("a tag").to_owned();
    assert!(lab.tags().is_superset(&[first, second, third, fifth].map(|name| tag(&name)).into()));
}

#[test]
fn superseded_images_are_listed_with_their_bytes_and_those_in_use_stay() {
    let lab = Lab::new("superseded");
    let repo = stamped(&lab, "auto");
    let built: Vec<String> = (0..3).map(|nth| build(&repo, nth)).collect();
    let used = lab.docker(&["create", "--network", "none", &built[0]]);
    let later = (BEGAN + 8 * DAY).to_string();
    let clean = |arguments: &[&str]| {
        let arguments = [&["clean", "--format", "json"], arguments].concat();
        repo.imgbuild(&arguments).env("IMGBUILD_NOW", &later).expect(0).json()
    };
    let things = |cleaned: &Value, verdict: &str| -> BTreeSet<String> {
        let things = cleaned["things"].as_array().expect("things").iter();
        let of = things.filter(|thing| thing["verdict"] == verdict && thing["kind"] == "tag");
        let names = of.map(|thing| thing["id"].as_str().expect("an id").to_owned());
        // What deployments of others kept there may be beside it.
        names.filter(|name| name.contains(lab.name())).collect()
    };
    assert_eq!(things(&clean(&[]), "remove"), BTreeSet::new(), "three are kept");
    let dry = clean(&["--dev-older-than", "7d"]);
    assert_eq!(things(&dry, "remove"), built[1..].iter().cloned().collect());
    assert_eq!(things(&dry, "keep"), [built[0].clone()].into());
    assert!(dry["bytes"].as_u64().expect("bytes") > 0 && dry["removed"] == false, "{dry:#}");
    assert_eq!(names(&lab), built.iter().cloned().collect(), "a dry run removes nothing");
    let text =
        repo.imgbuild(&["clean", "--dev-older-than", "7d"]).env("IMGBUILD_NOW", &later).expect(0).stdout;
    for part in ["would remove tag", "a development image older than 7 d", "uses its image", "give --yes"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    clean(&["--dev-older-than", "7d", "--yes"]);
    assert_eq!(names(&lab), [built[0].clone()].into());
    lab.docker(&["rm", &used]);
    clean(&["--dev-older-than", "7d", "--yes"]);
    assert_eq!(names(&lab), BTreeSet::new());
}

#[test]
fn a_clean_up_that_fails_goes_on_and_says_what_is_left() {
    let engine = PrivateEngine::start("failing");
    let mut lab = Lab::on("failing", &engine.url);
    let repo = stamped(&lab, "auto");
    let built: Vec<String> = (0..2).map(|nth| build(&repo, nth)).collect();
    drop(repo);
    // The engine dies when the first image is to go.
    let socket = lab.path("proxy.sock");
    let name = engine.url.clone();
    let engine = std::sync::Arc::new(std::sync::Mutex::new(Some(engine)));
    let victim = std::sync::Arc::clone(&engine);
    lab.engine = meddle(&socket, &name, "DELETE /", move |_| {
        if let Some(engine) = victim.lock().expect("lock").as_ref() {
            engine.kill();
        }
    });
    let later = (BEGAN + 8 * DAY).to_string();
    let path = lab.path("repo");
    let ran = lab
        .imgbuild(&path, &["clean", "--yes", "--dev-older-than", "7d"])
        .env("IMGBUILD_NOW", &later)
        .expect(8);
    for name in &built {
        assert!(ran.stderr.contains(name.as_str()), "{name} is not in:\n{}", ran.stderr);
    }
    ran.says("the clean-up stayed incomplete");
    drop(engine.lock().expect("lock").take());
}

#[test]
fn bystanders_survive_every_clean() {
    let engine = PrivateEngine::start("everyone");
    let lab = Lab::on("everyone", &engine.url);
    let repo = stamped(&lab, "auto");
    lab.docker(&["pull", "-q", &lab.base]);
    let running =
        lab.docker(&["run", "-d", "--network", "none", "-v", "theirs:/data", &lab.base, "sleep", "600"]);
    let stopped = lab.docker(&["create", "--network", "none", &lab.base, "true"]);
    let ended = lab.docker(&["run", "-d", "--network", "none", &lab.base, "true"]);
    lab.docker(&["wait", &ended]);
    // A deployment's former container, which it may go back to.
    let label = "--label=dev.imgbuild.deploy.name=web";
    let previous = lab.docker(&["run", "-d", "--network", "none", label, &lab.base, "true"]);
    lab.docker(&["wait", &previous]);
    lab.docker(&["network", "create", "theirs"]);
    lab.docker(&["volume", "create", "unused"]);
    let used = lab.docker(&["commit", &running]);
    let user = lab.docker(&["create", "--network", "none", &used, "true"]);
    let untagged = lab.docker(&["commit", "-m", "untagged", &running]);
    lab.docker(&["commit", "-m", "tagged", &running, "theirs:1"]);
    // Looks like ours, and is nothing that a run of this repository gave a name.
    lab.docker(&["tag", &lab.base, &format!("{}:main-abc1234-1-dev", lab.repository())]);
    lab.docker(&["tag", &lab.base, &format!("{}:mine", lab.repository())]);
    build(&repo, 0);
    let later = (BEGAN + 100 * DAY).to_string();
    let clean = |arguments: &[&str]| {
        let arguments = [&["clean", "--yes"], arguments].concat();
        repo.imgbuild(&arguments).env("IMGBUILD_NOW", &later).expect(0);
    };
    let containers = || lines(&lab.docker(&["ps", "-aq", "--no-trunc"]));
    let images = || lines(&lab.docker(&["images", "-aq", "--no-trunc"]));
    let everything = || {
        let names = lab.docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
        assert!(
            names.contains("theirs:1") && names.contains("main-abc1234-1-dev") && names.contains(":mine")
        );
        assert!(lab.docker(&["network", "ls", "--format", "{{.Name}}"]).lines().any(|name| name == "theirs"));
        let volumes = lines(&lab.docker(&["volume", "ls", "-q"]));
        assert!(volumes.is_superset(&["theirs".to_owned(), "unused".to_owned()].into()), "{volumes:?}");
        assert!(containers().is_superset(&[&running, &stopped, &previous, &user].map(Clone::clone).into()));
        assert!(images().contains(&used));
    };
    for arguments in [&[][..], &["--dev-older-than", "1d"], &["--cache-max", "1GB"], &["--cache-max", "1kB"]]
    {
        clean(arguments);
        everything();
        assert!(containers().contains(&ended) && images().contains(&untagged), "{arguments:?}");
    }
    assert!(!names(&lab).iter().any(|name| name.contains(&BEGAN.to_string())), "{:?}", names(&lab));
    let dry = repo.imgbuild(&["clean", "--all-dangling"]).expect(0).stdout;
    assert!(dry.contains(&ended) && dry.contains(&untagged), "{dry}");
    assert!(containers().contains(&ended) && images().contains(&untagged), "a dry run removes nothing");
    clean(&["--all-dangling"]);
    everything();
    assert!(!containers().contains(&ended) && !images().contains(&untagged));
    // What nobody named, and a container uses, is there still.
    assert_eq!(dangling(&lab), [used].into());
}

/// What the builder's cache takes, in bytes, by the engine's own word; without what images share with it.
fn cache(lab: &Lab) -> u64 {
    let socket = lab.engine.strip_prefix("unix://").expect("a socket");
    let output = std::process::Command::new("curl")
        .args(["-sS", "--fail", "--unix-socket", socket, "http://engine/system/df"])
        .output()
        .expect("curl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let records = told["BuildCache"].as_array().expect("the cache").iter();
    let own = records.filter(|record| record["Shared"] != true);
    own.map(|record| record["Size"].as_u64().expect("a size")).sum()
}

#[test]
fn the_build_cache_takes_no_more_than_it_may_after_a_clean() {
    let engine = PrivateEngine::start("cache");
    let lab = Lab::on("cache", &engine.url);
    let repo = stamped(&lab, "auto");
    let base = &lab.base;
    // A stage of which the image has nothing: it is in the cache alone.
    let made = "COPY www/changing.txt /\nRUN head -c 3000000 /dev/urandom > /large && echo made > /stamp\n";
    repo.write(
        "Dockerfile",
        &format!("FROM {base} AS made\n{made}FROM {base}\nCOPY --from=made /stamp /stamp\nCMD [\"true\"]\n"),
    );
    for nth in 0..6 {
        build(&repo, nth);
    }
    let before = cache(&lab);
    assert!(before > 17_000_000, "{before}");
    let clean = |arguments: &[&str]| {
        repo.imgbuild(&[&["clean", "--format", "json"], arguments].concat()).expect(0).json()
    };
    let thing = |json: &Value| {
        let things = json["things"].as_array().expect("things").iter();
        things.clone().find(|thing| thing["kind"] == "build cache").expect("the cache").clone()
    };
    let dry = thing(&clean(&["--cache-max", "8MB"]));
    assert!(dry["verdict"] == "remove" && dry["bytes"].as_u64() >= Some(before - 8_000_000), "{dry:#}");
    assert_eq!(cache(&lab), before, "a dry run removes nothing");
    let removed = clean(&["--cache-max", "8MB", "--yes"]);
    let after = cache(&lab);
    println!("--cache-max 8MB: {before} bytes before, {after} after");
    assert!(after <= 8_000_000, "{after} of {before}: {removed:#}");
    assert!(after > 0, "what was used last stays");
    let again = thing(&clean(&["--cache-max", "8MB", "--yes"]));
    assert_eq!((again["verdict"].as_str(), cache(&lab)), (Some("keep"), after), "{again:#}");
    clean(&["--cache-max", "1kB", "--yes"]);
    assert!(cache(&lab) <= 1000, "{}", cache(&lab));
}

/// A repository with a remote, which it has pushed its branches to.
fn with_remote(lab: &Lab) -> Repo<'_> {
    let repo = lab.hello();
    let origin = lab.path("origin.git");
    let origin = origin.to_str().expect("path");
    repo.git(&["init", "-q", "--bare", "-b", "main", origin]);
    repo.git(&["remote", "add", "origin", origin]);
    repo.git(&["push", "-q", "origin", "--all"]);
    repo.git(&["fetch", "-q", "--prune", "origin"]);
    repo
}

/// Publishes the checked-out commit of `repo` after `days`, on content of its own; gives the unique tag.
fn publish(repo: &Repo<'_>, days: i64) -> String {
    repo.write("www/changing.txt", &format!("{days}\n"));
    repo.commit("more");
    let now = (BEGAN + days * DAY).to_string();
    let report = repo.imgbuild(&["ci", "--format", "json"]).env("IMGBUILD_NOW", now).expect(0).json();
    let reference = report["tags"][0]["reference"].as_str().expect("a reference");
    reference.rsplit(':').next().expect("a tag").to_owned()
}

#[tokio::test]
async fn a_registry_is_cleaned_up_by_what_git_knows() {
    let lab = Lab::new("retention");
    let repo = with_remote(&lab);
    let config = lab::config(&lab.repository()) + "[retention]\nkeep-newest = 2\nkeep = [\"*-keep\"]\n";
    repo.write("imgbuild.toml", &config);
    let main: Vec<String> = (1..=4).map(|days| publish(&repo, days)).collect();
    repo.git(&["checkout", "-q", "-b", "gone"]);
    let gone: Vec<String> = (11..=13).map(|days| publish(&repo, days)).collect();
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["branch", "-q", "-D", "gone"]);
    repo.git(&["fetch", "-q", "--prune", "origin"]);

    let registry = Registry::new(&lab.registry, None, RegistryOptions::default()).expect("a client");
    let path = format!("t/{}", lab.name());
    let manifest =
        async |tag: &str| registry.manifest(&path, tag).await.expect("an answer").expect("a manifest");
    let put = async |tag: &str, document: &Value| {
        let made = Manifest::new(document.to_string().into_bytes(), "").expect("a manifest");
        registry.put_manifest(&path, tag, &made).await.expect("put");
        made
    };
    // A release of the oldest, an index of somebody's that has one of the dead branch, and what belongs to images.
    let oldest = manifest(&main[0]).await;
    registry.put_manifest(&path, "1.0.0", &oldest).await.expect("put");
    let children: Vec<Value> = vec![manifest(&gone[0]).await.descriptor().expect("a descriptor").to_json()];
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": children});
    put("multi", &index).await;
    let empty = manifest(&main[0]).await.blobs().expect("blobs").remove(0).to_json();
    let attach = async |subject: &Manifest| {
        let document = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": "test/sbom",
            "config": empty, "layers": [], "subject": subject.descriptor().expect("a descriptor").to_json(),
        });
        let made = Manifest::new(document.to_string().into_bytes(), "").expect("a manifest");
        registry.add_referrer(&path, &made).await.expect("attached");
        made.digest
    };
    let kept_sbom = attach(&oldest).await;
    let gone_sbom = attach(&manifest(&gone[1]).await).await;
    let third = manifest(&gone[2]).await;
    registry.put_manifest(&path, "third-keep", &third).await.expect("put");

    let later = (BEGAN + 100 * DAY).to_string();
    let clean = |arguments: &[&str]| {
        let repository = lab.repository();
        let arguments = [&["clean", "--format", "json", "--registry", &repository], arguments].concat();
        repo.imgbuild(&arguments).env("IMGBUILD_NOW", &later)
    };
    let before = lab.tags();
    let dry = clean(&[]).expect(0).json();
    assert_eq!(lab.tags(), before, "a dry run deletes nothing");
    let tags = |list: &Value| -> BTreeSet<String> {
        let all =
            list.as_array().expect("a list").iter().flat_map(|one| one["tags"].as_array().expect("tags"));
        all.map(|tag| tag.as_str().expect("a tag").to_owned()).collect()
    };
    let fallback = |digest: &Digest| format!("sha256-{}", digest.hex());
    let second = manifest(&gone[1]).await.digest;
    let expected: BTreeSet<String> = [main[1].clone(), gone[1].clone(), fallback(&second)].into();
    assert_eq!(tags(&dry["deleted"]), expected, "{dry:#}");
    let held =
        clean(&["--keep", &gone[1], "--keep", manifest(&main[1]).await.digest.as_str()]).expect(0).json();
    assert_eq!(tags(&held["deleted"]), BTreeSet::new(), "{held:#}");

    let done = clean(&["--yes"]).expect(0).json();
    assert_eq!(tags(&done["deleted"]), expected, "{done:#}");
    assert!(done["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{done:#}");
    let left: BTreeSet<String> = before.difference(&expected).cloned().collect();
    assert_eq!(lab.tags(), left);
    let there = async |reference: &str| registry.head(&path, reference).await.expect("an answer").is_some();
    assert!(there(kept_sbom.as_str()).await && !there(gone_sbom.as_str()).await);
    assert!(there(children[0]["digest"].as_str().expect("a digest")).await);
    for tag in &left {
        assert!(there(tag).await, "{tag}");
    }
    assert_eq!(tags(&clean(&["--yes"]).expect(0).json()["deleted"]), BTreeSet::new(), "twice is once");
}

#[test]
fn a_clone_that_does_not_know_every_branch_judges_no_image() {
    let lab = Lab::new("branches");
    let repo = with_remote(&lab);
    let repository = lab.repository();
    let clean = |folder: &std::path::Path| {
        lab.imgbuild(folder, &["clean", "--registry", &repository, "--yes"])
            .expect(4)
            .says("which branches live");
    };
    let origin = format!("file://{}", lab.path("origin.git").display());
    for (name, options) in
        [("shallow", &["--depth", "1", "--no-single-branch"][..]), ("single", &["--single-branch"])]
    {
        let folder = lab.path(name);
        let arguments =
            [&["clone", "-q"], options, &[origin.as_str(), folder.to_str().expect("path")]].concat();
        repo.git(&arguments);
        clean(&folder);
    }
    repo.git(&["remote", "remove", "origin"]);
    clean(&repo.path);
    lab.imgbuild(&repo.path, &["clean", "--registry", "no/such:tag"]).expect(2);
    lab.imgbuild(&repo.path, &["clean", "--registry", &repository, "--all-dangling"]).expect(2);
}

#[test]
fn a_registry_that_deletes_nothing_is_told_of_in_clear_words() {
    let lab = Lab::new("nodelete");
    let registry = PrivateRegistry::start("nodelete", &["--set", "REGISTRY_STORAGE_DELETE_ENABLED=false"]);
    let repo = with_remote(&lab);
    let repository = format!("{}/t/{}", registry.host, lab.name());
    repo.write("imgbuild.toml", &lab::config(&repository));
    repo.git(&["checkout", "-q", "-b", "gone"]);
    let tag = publish(&repo, 1);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["branch", "-q", "-D", "gone"]);
    repo.write("imgbuild.toml", &lab::config(&repository));
    let later = (BEGAN + 100 * DAY).to_string();
    let arguments = ["clean", "--registry", &repository, "--yes"];
    // What a deployment runs is not known without its engine.
    let deploys = format!("{}[deploy.web]\nimage = \"{repository}:1\"\n", lab::config(&repository));
    repo.write("imgbuild.toml", &deploys);
    let nowhere = format!("unix://{}", lab.path("nowhere").display());
    repo.imgbuild(&arguments)
        .env("IMGBUILD_NOW", &later)
        .env("DOCKER_HOST", nowhere)
        .expect(8)
        .says("--keep");
    repo.write("imgbuild.toml", &lab::config(&repository));
    let ran = repo.imgbuild(&arguments).env("IMGBUILD_NOW", later).expect(7);
    ran.says("lets nothing be deleted");
    let (_, listed) = get(&registry.host, &format!("/v2/t/{}/tags/list", lab.name()), "*/*");
    assert!(String::from_utf8_lossy(&listed).contains(&tag), "{tag}");
}
