//! Who may deploy what and when, ways back, and what is shown of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::site::{HEALTHCHECK, RELEASE, SERVES, Site};
use crate::support::engine_proxy;
use crate::support::lab::Running;

/// Makes a pipe that a command before the swap waits at.
fn gate(site: &Site) -> PathBuf {
    let pipe = site.lab.path("gate");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    pipe
}

/// Keys of tests alone.
const TRUSTED: &str = include_str!("../../src/evidence/key/public.pem");
const TRUSTING: &str = include_str!("../../src/evidence/key/sec1.pem");

#[test]
fn of_two_deployments_at_once_the_second_is_told_who_is_first() {
    let site = Site::new("two");
    site.good("1");
    site.good("2");
    site.deployed("1");
    let pipe = gate(&site);
    site.configure(
        &format!("before = [{{ cmd = [\"cat\", \"{}\"], within = \"60s\" }}]", pipe.display()),
        "",
    );
    let mut running: Running =
        site.imgbuild(&["deploy", "web", "2", "--format", "ndjson"]).env("USER", "first").start();
    let run = running.run_id();
    running.wait_for("the command", |event| {
        event["type"] == "test-started" && event["name"].to_string().contains("before")
    });
    let second = site.imgbuild(&["deploy", "web", "1"]).run();
    assert_eq!(second.code, Some(4), "{}", second.stderr);
    second.says(&run).says("first@");
    let third = site.imgbuild(&["rollback", "web"]).run();
    assert!(third.code == Some(4) && third.stderr.contains(&run), "{}", third.stderr);
    fs::write(&pipe, "go on\n").expect("pipe");
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(0), "{events:#?}\n{stderr}");
    assert_eq!(site.answer(), "version 2\n");
    site.is_tidy("after both");

    // One that was killed holds it no longer, and whose process cannot be seen is asked for by force.
    let volume = format!("imgbuild-deploy-{}", site.name());
    let labels = [
        "dev.imgbuild.deploy.lock=x",
        "dev.imgbuild.deploy.by=elsewhere",
        "dev.imgbuild.deploy.at=1",
        "dev.imgbuild.owner.run=far",
        "dev.imgbuild.owner.host=another",
        "dev.imgbuild.owner.boot=another",
        "dev.imgbuild.owner.pid=1",
        "dev.imgbuild.owner.pid-start=1",
        "dev.imgbuild.owner.deadline=4000000000",
    ];
    let mut arguments = vec!["volume", "create"];
    labels.iter().for_each(|label| arguments.extend(["--label", label]));
    arguments.push(&volume);
    site.lab.docker(&arguments);
    site.configure("", "");
    let held = site.imgbuild(&["deploy", "web", "1"]).run();
    assert_eq!(held.code, Some(4), "{}", held.stderr);
    held.says("--break-lock").says("elsewhere");
    let broken = site.deploy(&["1", "--break-lock"]);
    assert_eq!(broken.code, Some(0), "{}", broken.stderr);
    site.is_tidy("broken");
}

#[test]
fn a_run_whose_lock_is_lost_swaps_nothing() {
    let site = Site::new("lost");
    site.good("1");
    site.good("2");
    site.deployed("1");
    let started = site.inspect("{{.State.StartedAt}}");
    let pipe = gate(&site);
    site.configure(
        &format!("before = [{{ cmd = [\"cat\", \"{}\"], within = \"60s\" }}]", pipe.display()),
        "",
    );
    let mut running = site.imgbuild(&["deploy", "web", "2", "--format", "ndjson"]).start();
    running.wait_for("the command", |event| {
        event["type"] == "test-started" && event["name"].to_string().contains("before")
    });
    site.lab.docker(&["volume", "rm", &format!("imgbuild-deploy-{}", site.name())]);
    fs::write(&pipe, "go on\n").expect("pipe");
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(4), "{events:#?}\n{stderr}");
    assert!(format!("{events:?}").contains("is lost"), "{events:#?}");
    assert_eq!((site.answer().as_str(), site.inspect("{{.State.StartedAt}}")), ("version 1\n", started));
    site.is_tidy("lost");
}

#[test]
fn a_command_before_the_swap_that_fails_swaps_nothing() {
    let site = Site::new("before");
    site.good("1");
    site.good("2");
    site.deployed("1");
    let started = site.inspect("{{.State.StartedAt}}");
    for (command, says) in [
        ("{ cmd = \"echo dumped $IMGBUILD_DEPLOY_NAME >&2; exit 3\" }", "dumped web"),
        ("{ cmd = [\"sh\", \"-c\", \"echo no migration; exit 4\"], inside = true }", "exit code 4"),
    ] {
        site.configure(&format!("before = [{command}]"), "");
        let ran = site.deploy(&["2"]);
        assert_eq!(ran.code, Some(9), "{}", ran.stderr);
        assert!(ran.stdout.contains(says), "{}", ran.stdout);
        assert_eq!(
            (site.answer(), site.inspect("{{.State.StartedAt}}")),
            ("version 1\n".to_owned(), started.clone())
        );
        site.is_tidy(command);
    }
    site.configure(
        "before = [{ cmd = [\"test\", \"-s\", \"/www/index.html\"], inside = true }, { cmd = [\"true\"] }]",
        "",
    );
    site.deployed("2");
    site.is_tidy("done");
}

#[test]
fn what_ran_before_is_kept_and_comes_back_without_a_registry() {
    let site = Site::new("back");
    site.configure("keep = 2", "");
    let digests: Vec<String> = ["1", "2", "3"]
        .iter()
        .map(|tag| {
            site.good(tag);
            let report = site.deployed(tag);
            report["deploy"]["digest"].as_str().expect("digest").to_owned()
        })
        .collect();
    let list = site.imgbuild(&["rollback", "web", "--list", "--format", "json"]).expect(0).json();
    let kept: Vec<&str> = list["kept"]
        .as_array()
        .expect("kept")
        .iter()
        .map(|one| one["digest"].as_str().expect("digest"))
        .collect();
    assert_eq!(kept, [&digests[2], &digests[1]], "two are kept");
    // Dangling images go, and what is kept is none.
    site.lab.docker(&["rmi", &format!("{}:2", site.lab.repository())]);
    site.lab.docker(&["image", "prune", "-f"]);
    let ran = site.imgbuild(&["rollback", "web"]).run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(site.answer(), "version 2\n");
    site.is_tidy("back");
    let there = site.imgbuild(&["rollback", "web", "--to", &digests[2]]).run();
    assert_eq!(there.code, Some(0), "{}", there.stderr);
    assert_eq!(site.answer(), "version 3\n");
    let gone = site.imgbuild(&["rollback", "web", "--to", &digests[0]]).run();
    assert_eq!(gone.code, Some(4), "{}", gone.stderr);
    gone.says("--list");

    let all = site.imgbuild(&["deployments", "--format", "json"]).expect(0).json();
    let mine = all["deployments"]
        .as_array()
        .expect("deployments")
        .iter()
        .find(|one| one["container"] == site.name());
    let mine = mine.expect("the deployment");
    assert_eq!((mine["name"].as_str(), mine["digest"].as_str()), (Some("web"), Some(digests[2].as_str())));
    assert!(site.imgbuild(&["deployments"]).expect(0).stdout.contains(site.name()));
}

#[test]
fn what_a_deployment_keeps_no_longer_is_cleaned_up() {
    let site = Site::new("less");
    // Images of its own: what containers of other tests use stays.
    let labels = [RELEASE.as_slice(), &["site=less"]].concat();
    for tag in ["1", "2", "3"] {
        site.version_of(tag, &labels, &format!("{HEALTHCHECK}{SERVES}"));
        site.deployed(tag);
    }
    let images = format!("imgbuild-keep/{}", site.name());
    let kept = || {
        let names = site.lab.docker(&["images", "--format", "{{.Repository}}:{{.Tag}}", &images]);
        names.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let before = kept();
    assert_eq!(before.len(), 3, "{before:?}");
    // The first is on the host by its kept name alone.
    site.lab.docker(&["rmi", &format!("{}:1", site.lab.repository())]);
    let id = |name: &str| site.lab.docker(&["image", "inspect", "-f", "{{.Id}}", name]);
    let going = |json: &Value| {
        let things = json["things"].as_array().expect("things").iter();
        // In containerd's store each tag has a name with a digest beside it, which goes along.
        let ours = things.filter(|thing| thing["id"].to_string().contains(&format!("{images}:")));
        let ours = ours.filter(|thing| thing["verdict"] == "remove");
        ours.map(|thing| thing["id"].as_str().expect("id").to_owned()).collect::<BTreeSet<_>>()
    };
    let clean = |arguments: &[&str]| {
        site.imgbuild(&[&["clean", "--format", "json"], arguments].concat()).expect(0).json()
    };
    assert_eq!(going(&clean(&[])), BTreeSet::new(), "as many are kept as are to be");
    site.configure("keep = 1", "");
    let listed = clean(&[]);
    assert_eq!((going(&listed).len(), kept().len()), (2, 3), "{listed:#}");
    let removed = clean(&["--yes"]);
    assert_eq!(going(&removed), going(&listed), "{removed:#}");
    let left = kept();
    assert_eq!(left, before.difference(&going(&listed)).cloned().collect::<BTreeSet<_>>());
    let one = left.first().expect("one is left");
    assert_eq!(id(one), site.inspect("{{.Image}}"));
    site.is_tidy("cleaned");
    assert_eq!(site.answer(), "version 3\n");
}

#[test]
fn what_a_deployment_kept_that_is_no_more_is_given_back_when_asked() {
    let (site, other) = (Site::new("gone"), Site::new("stays"));
    for tag in ["1", "2"] {
        site.good(tag);
        site.deployed(tag);
    }
    other.good("1");
    other.deployed("1");
    let kept = |site: &Site| {
        let names = site.lab.docker(&[
            "images",
            "--format",
            "{{.Repository}}:{{.Tag}}",
            &format!("imgbuild-keep/{}", site.name()),
        ]);
        names.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (all, of_other) = (kept(&site), kept(&other));
    assert_eq!((all.len(), of_other.len()), (2, 1), "{all:?}");
    let id = |name: &str| site.lab.docker(&["image", "inspect", "-f", "{{.Id}}", name]);
    let ids: BTreeSet<String> = all.iter().map(|name| id(name)).collect();
    let things = |arguments: &[&str], verdict: &str| {
        let json = site.imgbuild(&[&["clean", "--format", "json"], arguments].concat()).expect(0).json();
        let things = json["things"].as_array().expect("things").iter();
        let of = things.filter(|thing| thing["verdict"] == verdict);
        of.map(|thing| (thing["id"].as_str().expect("id").to_owned(), thing["why"].to_string()))
            .filter(|(id, _)| all.contains(id) || of_other.contains(id))
            .collect::<BTreeMap<_, _>>()
    };
    let names = |found: &BTreeMap<String, String>| found.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(things(&["--gone-deployments"], "remove"), BTreeMap::new(), "it runs");
    // Somebody removes it by hand; the images are on the host by their kept names alone.
    site.lab.docker(&["rm", "-f", site.name()]);
    for tag in ["1", "2"] {
        site.lab.docker(&["rmi", &format!("{}:{tag}", site.lab.repository())]);
    }
    let held = things(&[], "keep");
    assert_eq!(names(&held), all);
    assert!(held.values().all(|why| why.contains("--gone-deployments")), "{held:?}");
    assert_eq!(things(&["--yes"], "remove"), BTreeMap::new(), "nobody asked for it");
    assert_eq!(names(&things(&["--gone-deployments"], "remove")), all);
    // A run that deploys it at this moment, or was killed there, has it.
    let volume = format!("imgbuild-deploy-{}", site.name());
    let label = format!("dev.imgbuild.deploy.lock={}", site.name());
    site.lab.docker(&["volume", "create", "--label", &label, &volume]);
    assert_eq!(things(&["--gone-deployments", "--yes"], "remove"), BTreeMap::new());
    site.lab.docker(&["volume", "rm", &volume]);
    assert_eq!(names(&things(&["--gone-deployments", "--yes"], "remove")), all);
    assert_eq!((kept(&site), kept(&other)), (BTreeSet::new(), of_other.clone()));
    for id in &ids {
        assert!(!site.lab.docker_output(&["image", "inspect", id]).status.success(), "{id} is there still");
    }
}

#[test]
fn values_of_variables_are_shown_nowhere() {
    let site = Site::new("env");
    fs::write(site.folder().join("key"), "hush-from-a-file\n").expect("key");
    let env = "env = { PLAIN = \"plain\", TOKEN = { env = \"THE_TOKEN\" }, KEY = { file = \"key\" } }";
    site.configure(env, "");
    site.version(
        "1",
        &format!("{HEALTHCHECK}CMD [\"sh\", \"-c\", \"echo $TOKEN $KEY; exec httpd -f -p 8080 -h /www\"]\n"),
    );
    site.version("2", &format!("{HEALTHCHECK}CMD [\"sh\", \"-c\", \"echo $TOKEN $KEY; exit 1\"]\n"));
    let missing = site.deploy(&["1"]);
    assert_eq!(missing.code, Some(4), "{}", missing.stderr);
    missing.says("THE_TOKEN");
    let report = site.lab.path("report.json");
    let mut said = String::new();
    for (tag, code) in [("1", 0), ("2", 9)] {
        let arguments =
            ["deploy", "web", tag, "--format", "ndjson", "--report", report.to_str().expect("path")];
        let ran = site.imgbuild(&arguments).env("THE_TOKEN", "hush-from-a-variable").run();
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        said += &(ran.stdout + &ran.stderr + &fs::read_to_string(&report).expect("report"));
    }
    said += &site.imgbuild(&["config", "--origin"]).expect(0).stdout;
    said += &site.imgbuild(&["deployments", "--format", "json"]).expect(0).stdout;
    said += &site.inspect("{{json .Config.Labels}}");
    assert!(!said.contains("hush"), "{said}");
    assert!(site.inspect("{{json .Config.Env}}").contains("hush-from-a-file"), "the container has them");
}

#[test]
fn what_may_not_run_here_is_refused_before_anything_is_done() {
    let site = Site::new("admit");
    // Nothing served before the first, and nothing is left of one that is broken.
    site.version("broken", &format!("{HEALTHCHECK}CMD [\"false\"]\n"));
    for ports in ["", "ports = []"] {
        site.configure("restart = \"no\"", ports);
        let ran = site.deploy(&["broken"]);
        assert_eq!(ran.code, Some(9), "{}", ran.stderr);
        let filter = format!("name=^{}", site.name());
        assert_eq!(site.lab.docker(&["ps", "-aq", "--filter", &filter]), "", "{}", ran.stderr);
    }
    site.configure("", "");
    site.good("1");
    site.deployed("1");
    let body = format!("{HEALTHCHECK}{SERVES}");
    let dev = [RELEASE.as_slice(), &["dev.imgbuild.dev=true"]].concat();
    let forged = [RELEASE.as_slice(), &["dev.imgbuild.deploy.name=web"]].concat();
    let owned = [RELEASE.as_slice(), &["dev.imgbuild.owner.run=x"]].concat();
    for (tag, labels, says) in [
        ("dev", dev.as_slice(), "development image"),
        ("bare", &[], "none of imgbuild's"),
        ("forged", &forged, "dev.imgbuild.deploy.name"),
        ("owned", &owned, "dev.imgbuild.owner.run"),
    ] {
        site.version_of(tag, labels, &body);
        let ran = site.deploy(&[tag]);
        assert_eq!(ran.code, Some(4), "{tag}: {}", ran.stderr);
        assert!(ran.stdout.contains(says), "{tag}: {}", ran.stdout);
        assert_eq!(site.answer(), "version 1\n");
        site.is_tidy(tag);
    }
    site.configure("labels = { \"org.opencontainers.image.title\" = \"web\" }", "");
    let ran = site.deploy(&["1"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    site.configure("accept = \"any\"", "");
    site.deployed("bare");
    // A container of an image with our labels is no deployment, whatever it is called.
    let forged = format!("{}:forged", site.lab.repository());
    let client = format!("client-{}", site.name());
    site.lab.docker(&["run", "-d", "--name", &client, "--network", "none", &forged]);
    let all = site.imgbuild(&["deployments", "--format", "json"]).expect(0).json();
    assert!(!all.to_string().contains(&client), "{all}");

    for (arguments, code) in [
        (&["deploy", "nothing"][..], 2),
        (&["deploy", "web", "a tag"], 2),
        (&["rollback", "web", "--to", "nothing"], 4),
        (&["deploy", "web", "--host", "ftp://x"], 2),
    ] {
        let ran = site.imgbuild(arguments).run();
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn only_what_a_trusted_key_signed_is_deployed() {
    let mut site = Site::new("trusted");
    site.good("1");
    site.more = format!("[evidence]\nverify-keys = ['''\n{TRUSTED}''']\n");
    site.configure("", "");
    let ran = site.deploy(&["1"]);
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stdout.contains("signature: there is none"), "{}", ran.stdout);
    assert_eq!(site.lab.docker(&["ps", "-aq", "--filter", &format!("name=^{}", site.name())]), "");

    let key = site.lab.path("key.pem");
    let repo = site.lab.hello();
    let other = rcgen::KeyPair::generate().expect("key").serialize_pem();
    for (signed_by, code) in [(other.as_str(), 4), (TRUSTING, 0)] {
        fs::write(&key, signed_by).expect("key");
        let arguments = ["ci", "--sign-key", key.to_str().expect("path"), "--format", "json"];
        let report = repo.imgbuild(&arguments).expect(0).json();
        let digest = report["image"]["digest"].as_str().expect("digest").to_owned();
        let ran = site.deploy(&[&digest]);
        assert_eq!(ran.code, Some(code), "{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stdout.contains("is of none of the keys"), code == 4, "{}", ran.stdout);
        repo.write("more", "more\n");
        repo.commit("more");
    }
}

#[test]
fn a_pull_request_of_a_fork_deploys_nothing() {
    let site = Site::new("fork");
    site.good("1");
    let ran = site
        .imgbuild(&["deploy", "web"])
        .env("CI", "true")
        .env("IMGBUILD_FORK", "true")
        .env("IMGBUILD_PR", "7")
        .run();
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    ran.says("deploys nothing");
}

#[test]
fn an_engine_on_another_machine_is_asked_where_a_port_leads_to_it() {
    let mut site = Site::new("far");
    // An address of this machine that is not loopback: that of the network's bridge.
    let network = site.network();
    let gateway =
        site.lab.docker(&["network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", &network]);
    let gateway = gateway.split('/').next().expect("address").to_owned();
    let host = engine_proxy::over_tcp(&gateway, &site.lab.engine);
    let ports = format!("ports = [\"{}:8080\"]", site.port);
    site.more = "preflight = true\n".to_owned();
    site.configure("", &ports);
    site.good("1");
    site.good("2");
    site.version("teapot", "CMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/\"]\n");
    for tag in ["1", "2"] {
        let ran = site.imgbuild(&["deploy", "web", tag, "--host", &host]).without("DOCKER_HOST").run();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(site.answer(), format!("version {tag}\n"));
        // Nothing leads to the one that is tried beside what runs.
        assert_eq!(ran.stderr.contains("port 8080 is not asked"), tag == "2", "{}", ran.stderr);
    }
    let ready = "ready = { http = { path = \"/\", port = 8080 }, within = \"3s\" }";
    let config = fs::read_to_string(site.folder().join("imgbuild.toml")).expect("configuration");
    let config = config.replace("ready = { healthcheck = true, within = \"20s\" }", ready);
    fs::write(site.folder().join("imgbuild.toml"), config).expect("configuration");
    let ran = site.imgbuild(&["deploy", "web", "teapot", "--host", &host]).without("DOCKER_HOST").run();
    assert_eq!(ran.code, Some(9), "{}", ran.stderr);
    ran.says("404");
    assert_eq!(site.answer(), "version 2\n");
    site.is_tidy("far");
}
