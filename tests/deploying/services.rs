//! Services of a real swarm: of one node, and of three.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::site::{HEALTHCHECK, SERVES, Site, is_step};
use crate::support::private_registry::PrivateRegistry;
use crate::swarm::Swarm;

/// Healthy within a second, as a swarm runs it.
const QUICK: &str = "HEALTHCHECK --interval=500ms CMD [\"wget\", \"-q\", \"-O\", \"/dev/null\", \"http://127.0.0.1:8080/\"]\n";

fn good(swarm: &Swarm, tag: &str) {
    swarm.site.version(tag, &format!("{QUICK}{SERVES}"));
}

#[test]
fn a_service_is_updated_and_a_broken_version_is_rolled_back_while_the_old_one_serves() {
    let swarm = Swarm::new("roll", 1, None);
    swarm.configure("replicas = 2\nenv = { TOKEN = { env = \"TOKEN\" } }");
    good(&swarm, "1");
    good(&swarm, "2");
    let deploy = |tag: &str| {
        let arguments = ["deploy", "web", tag, "--format", "ndjson"];
        swarm.site.imgbuild(&arguments).env("TOKEN", "hunter2-secret").run()
    };
    let first = deploy("1");
    assert_eq!(first.code, Some(0), "{}\n{}", first.stdout, first.stderr);
    for step in ["create", "task-running"] {
        assert!(first.stdout.contains(&format!("\"step\":\"{step}\"")), "{}", first.stdout);
    }
    assert!(!format!("{}{}", first.stdout, first.stderr).contains("hunter2"));
    assert_eq!(swarm.tasks(), ["node-1 Running", "node-1 Running"]);

    swarm.client();
    let second = deploy("2");
    assert_eq!(second.code, Some(0), "{}\n{}", second.stdout, second.stderr);
    assert!(second.stdout.contains("\"task\":\"") && second.stdout.contains("\"node\":\"node-1\""));
    assert_eq!(swarm.running(), swarm.digest_of("2"));
    let answers = swarm.answers();
    let count = |text: &str| answers.iter().filter(|line| line.as_str() == text).count();
    println!(
        "update: version 1 {}, version 2 {}, failed {}",
        count("version 1"),
        count("version 2"),
        count("failed")
    );
    assert!(count("version 1") > 0 && count("version 2") > 0, "{answers:?}");

    // Each of them is broken in a way of its own: the tasks of before are not touched, and answer all the time.
    let nowhere = format!("sha256:{}", "0".repeat(64));
    swarm.site.version("exits", &format!("{QUICK}CMD [\"sh\", \"-c\", \"exit 3\"]\n"));
    swarm
        .site
        .version("sick", &format!("HEALTHCHECK --interval=500ms --retries=2 CMD [\"false\"]\n{SERVES}"));
    swarm.site.version("no-command", &format!("{QUICK}CMD [\"/nope\"]\n"));
    let before = swarm.running();
    swarm.client();
    for (reference, says) in
        [("exits", "(3)"), ("sick", "unhealthy"), ("no-command", "/nope"), (nowhere.as_str(), "cannot get")]
    {
        let ran = deploy(reference);
        assert_eq!(ran.code, Some(9), "{reference}: {}\n{}", ran.stdout, ran.stderr);
        let last: Value = serde_json::from_str(ran.stdout.lines().last().expect("a line")).expect("JSON");
        assert!(
            ran.stderr.contains(says) || last.to_string().contains(says),
            "{says}: {last}\n{}",
            ran.stderr
        );
        assert_eq!(swarm.running(), before, "{reference}");
        assert_eq!(swarm.tasks(), ["node-1 Running", "node-1 Running"], "{reference}");
    }
    let answers = swarm.answers();
    let wrong: Vec<&String> = answers.iter().filter(|line| *line != "version 2").collect();
    println!("broken versions: version 2 {}, else {}", answers.len(), wrong.len());
    assert!(answers.len() > 20 && wrong.is_empty(), "{wrong:?} of {}", answers.len());

    let labels =
        swarm.site.lab.docker(&["service", "inspect", "-f", "{{json .Spec.Labels}}", swarm.service()]);
    assert!(labels.contains("dev.imgbuild.deploy.run") && !labels.contains("hunter2"), "{labels}");
}

#[test]
fn a_service_goes_back_to_what_it_was_and_tells_what_ran() {
    let swarm = Swarm::new("past", 1, None);
    for tag in ["1", "2", "3"] {
        good(&swarm, tag);
        swarm.deployed(tag);
    }
    let list = swarm.site.imgbuild(&["rollback", "web", "--list", "--format", "json"]).expect(0).json();
    let ran: Vec<String> =
        list["kept"].as_array().expect("list").iter().map(|one| one["digest"].to_string()).collect();
    let digests = ["3", "2", "1"].map(|tag| format!("\"{}\"", swarm.digest_of(tag)));
    assert_eq!(ran, digests);
    // No variable and no registry is needed: the swarm has it all.
    let back = swarm.site.imgbuild(&["rollback", "web", "--format", "json"]).expect(0).json();
    assert_eq!(back["deploy"]["digest"].as_str(), Some(swarm.digest_of("2").as_str()));
    assert_eq!(back["deploy"]["before"].as_str(), Some(swarm.digest_of("3").as_str()));
    assert!(back["deploy"].get("gap_ms").is_none(), "{back}");
    assert_eq!(swarm.running(), swarm.digest_of("2"));
    swarm.site.imgbuild(&["rollback", "web", "--to", "1"]).expect(0);
    assert_eq!(swarm.running(), swarm.digest_of("1"));
    // It is known by its tag as before.
    swarm.site.imgbuild(&["rollback", "web", "--to", "2"]).expect(0);
    swarm.site.imgbuild(&["rollback", "web", "--to", "1"]).expect(0);
    assert_eq!(swarm.running(), swarm.digest_of("1"));
    swarm.site.imgbuild(&["rollback", "web", "--to", "9"]).expect(4).says("--list");
    let all = swarm.site.imgbuild(&["deployments", "--format", "json"]).expect(0).json();
    let one = &all["deployments"][0];
    assert_eq!((&one["service"], one["container"].as_str()), (&true.into(), Some(swarm.service())));
    assert!(one["status"].to_string().contains("1 of 1 running"), "{one}");

    // The same image again replaces the tasks, as containers are replaced.
    let task =
        swarm.site.lab.docker(&["service", "ps", "-q", "--filter", "desired-state=running", swarm.service()]);
    swarm.deployed("1");
    let again =
        swarm.site.lab.docker(&["service", "ps", "-q", "--filter", "desired-state=running", swarm.service()]);
    assert_ne!(task, again);
}

#[test]
fn a_first_version_that_does_not_work_leaves_no_service() {
    let swarm = Swarm::new("first", 1, None);
    swarm.site.version("exits", &format!("{QUICK}CMD [\"false\"]\n"));
    swarm.site.version("sick", &format!("HEALTHCHECK --interval=30s CMD [\"false\"]\n{SERVES}"));
    swarm.fails("exits", 9, "non-zero exit (1)");
    swarm.configure("ready = { within = \"3s\" }");
    let text = fs::read_to_string(swarm.site.folder().join("imgbuild.toml")).expect("configuration");
    let quick = text.replacen("ready = { healthcheck = true, within = \"60s\" }\n", "", 1);
    fs::write(swarm.site.folder().join("imgbuild.toml"), quick).expect("configuration");
    swarm.fails("sick", 9, "is not healthy after");
    assert_eq!(swarm.site.lab.docker(&["service", "ls", "-q"]), "");
    let filter = format!("name=^{}", swarm.service());
    assert_eq!(swarm.site.lab.docker(&["ps", "-q", "--filter", &filter]), "", "no task is left either");
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_overwritten() {
    let swarm = Swarm::new("race", 1, None);
    for tag in ["1", "2", "3"] {
        good(&swarm, tag);
    }
    swarm.deployed("1");
    let pipe = swarm.site.lab.path("gate");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let waits = format!("before = [{{ cmd = [\"cat\", \"{}\"], within = \"60s\" }}]", pipe.display());
    swarm.configure(&waits);
    let mut slow =
        swarm.site.imgbuild(&["deploy", "web", "2", "--format", "ndjson"]).env("USER", "slow").start();
    let run = slow.run_id();
    slow.wait_for("the command", |event| {
        event["type"] == "test-started" && event["name"].to_string().contains("before")
    });
    // Through the same manager the lock tells of the first one.
    swarm.configure("");
    swarm.site.imgbuild(&["deploy", "web", "3"]).expect(4).says(&run).says("slow@");
    // Somebody at another manager, or with another tool, has no such lock.
    let ran = swarm.site.deploy(&["3", "--break-lock"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    fs::write(&pipe, "go on\n").expect("pipe");
    let (code, _, stderr) = slow.end();
    assert_eq!(code, Some(4), "{stderr}");
    assert!(stderr.contains("somebody else changed it meanwhile"), "{stderr}");
    assert_eq!(swarm.running(), swarm.digest_of("3"));

    // A service of somebody else's is replaced when that is said.
    swarm.site.lab.docker(&[
        "service",
        "update",
        "-q",
        "--label-rm",
        "dev.imgbuild.deploy.name",
        swarm.service(),
    ]);
    swarm.fails("2", 4, "was not made by imgbuild");
    let adopted = swarm.site.deploy(&["2", "--adopt"]);
    assert_eq!(adopted.code, Some(0), "{}", adopted.stderr);
}

#[test]
fn a_signal_in_the_middle_of_an_update_brings_back_what_ran() {
    let swarm = Swarm::new("sig", 1, None);
    good(&swarm, "1");
    swarm.deployed("1");
    let before = swarm.running();
    swarm.site.version("slow", &format!("HEALTHCHECK --interval=30s CMD [\"true\"]\n{SERVES}"));
    let mut running = swarm.site.imgbuild(&["deploy", "web", "slow", "--format", "ndjson"]).start();
    running.wait_for("a new task", |event| is_step(event, "task-starting"));
    running.signal(Signal::INT);
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(130), "{stderr}");
    assert!(events.iter().any(|event| is_step(event, "rollback") && event["back"] == true), "{events:#?}");
    assert!(stderr.contains("what ran before was brought back"), "{stderr}");
    assert_eq!((swarm.running(), swarm.tasks()), (before, vec!["node-1 Running".to_owned()]));
}

#[test]
fn an_engine_that_is_no_manager_is_told() {
    let site = Site::new("alone");
    site.version("1", &format!("{HEALTHCHECK}{SERVES}"));
    let text = format!("[deploy.web]\nimage = \"{}:1\"\nservice = true\n", site.lab.repository());
    fs::write(site.folder().join("imgbuild.toml"), text).expect("configuration");
    let ran = site.imgbuild(&["deploy", "web"]).run();
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    ran.says("is in no swarm").says("docker swarm init");
    site.imgbuild(&["deployments"]).expect(0);
}

#[test]
fn an_update_spreads_over_three_nodes_which_get_the_login() {
    let registry = PrivateRegistry::start("swarm", &["--login", "me"]);
    let (user, password) = registry.login.clone().expect("a login");
    let swarm = Swarm::new("three", 3, Some(&registry.host));
    let repository = format!("{}/t/web", registry.host);
    swarm.site.lab.docker(&["login", "-u", &user, "-p", &password, &registry.host]);
    for tag in ["1", "2"] {
        let made = swarm.site.version(tag, &format!("{QUICK}{SERVES}"));
        let name = format!("{repository}:{tag}");
        swarm.site.lab.docker(&["tag", &made, &name]);
        swarm.site.lab.docker(&["push", "-q", &name]);
    }
    swarm.configure_of(
        &repository,
        &format!("replicas = 3\nparallelism = 1\npublish = \"host\"\nports = [\"{}:8080\"]", swarm.site.port),
    );
    for tag in ["1", "2"] {
        let arguments = ["deploy", "web", tag, "--format", "ndjson"];
        let ran = swarm.site.imgbuild(&arguments).run();
        assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
        let events: Vec<Value> =
            ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let up = events.iter().filter(|event| is_step(event, "task-running"));
        let places: BTreeSet<(String, String)> =
            up.map(|event| (event["task"].to_string(), event["node"].to_string())).collect();
        let nodes: BTreeSet<&str> = places.iter().map(|(_, node)| node.as_str()).collect();
        assert_eq!(nodes, BTreeSet::from(["\"node-1\"", "\"node-2\"", "\"node-3\""]), "{places:?}");
        let tasks: BTreeSet<&str> = places.iter().map(|(task, _)| task.as_str()).collect();
        assert_eq!(tasks.len(), 3, "{places:?}");
    }
    let mut tasks = swarm.tasks();
    tasks.sort();
    assert_eq!(tasks, ["node-1 Running", "node-2 Running", "node-3 Running"]);
    assert_eq!(swarm.nodes.len(), 3);
    // A worker takes no services, and says who does.
    let worker = swarm.nodes[1].url.clone();
    let ran = swarm.site.imgbuild(&["deploy", "web", "1", "--host", &worker]).run();
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    ran.says("is a worker").says(":2377");
}
