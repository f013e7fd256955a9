//! Versions that are broken and versions that work, counted by a client.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::site::{Client, HEALTHCHECK, SERVES, Site};

#[test]
fn ten_ways_to_be_bad_and_the_old_version_serves() {
    let mut site = Site::new("bad");
    site.more = "memory = \"24MB\"\n".to_owned();
    site.configure("", "");
    site.good("1");
    site.deployed("1");
    let mut started = site.inspect("{{.State.StartedAt}}");
    let nowhere = format!("sha256:{}", "0".repeat(64));
    let down = "127.0.0.1:1/t/web:1";
    let quick = "ready = { healthcheck = true, within = \"4s\" }";
    let slow = fs::read_to_string(site.folder().join("imgbuild.toml")).expect("configuration");
    let impatient = slow.replace("ready = { healthcheck = true, within = \"20s\" }", quick);
    assert_ne!(slow, impatient);
    let long_watch = slow.replace("watch = \"300ms\"", "watch = \"12s\"");
    let bad_mount = format!("{slow}mounts = [{{ bind = \"/nowhere/at/all:/x:ro\" }}]\n");
    let no_health = slow.replace("ready = { healthcheck = true, within = \"20s\" }\n", "");
    let refused = "CMD [\"sh\", \"-c\", \"while :; do printf 'HTTP/1.0 500 No\\\\r\\\\n\\\\r\\\\n' | nc -l -p 8080; done\"]\n";
    let sick = "HEALTHCHECK --interval=1s CMD [\"false\"]\n";
    let with = |command: &str| format!("{HEALTHCHECK}CMD {command}\n");
    let cases: [(&str, &str, String, &str, bool); 10] = [
        ("exits-at-once", &slow, with("[\"false\"]"), "exit code 1", true),
        (
            "exits-after-8-s",
            &long_watch,
            with("[\"sh\", \"-c\", \"httpd -p 8080 -h /www; sleep 8\"]"),
            "it ended",
            false,
        ),
        ("never-healthy", &impatient, format!("{sick}{SERVES}"), "healthy within", true),
        (
            "wrong-port",
            &impatient,
            with("[\"httpd\", \"-f\", \"-p\", \"8081\", \"-h\", \"/www\"]"),
            "healthy within",
            true,
        ),
        ("says-500", &no_health, refused.to_owned(), "500", true),
        ("no-command", &slow, with("[\"/nope\"]"), "/nope", true),
        ("bad-mount", &bad_mount, with("[\"true\"]"), "/nowhere/at/all", true),
        ("out-of-memory", &slow, with("[\"tail\", \"/dev/zero\"]"), "memory", true),
        ("no-digest", &slow, String::new(), "cannot get", true),
        ("registry-down", &slow, String::new(), "cannot get", true),
    ];
    for (name, config, body, says, never_stopped) in cases {
        fs::write(site.folder().join("imgbuild.toml"), config).expect("configuration");
        let reference = match name {
            "no-digest" => nowhere.clone(),
            "registry-down" => down.to_owned(),
            _ => {
                site.version(name, &body);
                name.to_owned()
            }
        };
        let client = Client::start(site.port);
        let ran = site.deploy(&[&reference]);
        let counted = client.end();
        let what = format!("{name}: {}\n{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, Some(9), "{what}");
        assert!(ran.json()["error"]["message"].to_string().contains(says), "{what}");
        assert_eq!(site.answer(), "version 1\n", "{what}");
        site.is_tidy(&what);
        let again = site.inspect("{{.State.StartedAt}}");
        if never_stopped {
            assert_eq!(again, started, "it was stopped: {what}");
            assert_eq!(counted.failed, 0, "{counted:?} {what}");
        } else {
            // The log of the new one is told before it goes.
            assert!(ran.json()["tests"].to_string().contains("reproduce"), "{what}");
            started = again;
        }
        println!("{name}: {counted:?}");
    }
    let kept = site.lab.docker(&[
        "images",
        "--format",
        "{{.Repository}}:{{.Tag}}",
        &format!("imgbuild-keep/{}", site.name()),
    ]);
    assert!(kept.lines().count() <= 3, "{kept}");
}

/// The script that everybody has.
fn script(site: &Site, reference: &str) {
    site.lab.docker(&["pull", "-q", reference]);
    site.lab.docker(&["stop", "-t", "2", site.name()]);
    site.lab.docker(&["rm", site.name()]);
    site.run_by_hand(reference);
}

/// The same, until its service answers.
fn script_until_it_answers(site: &Site, reference: &str) {
    script(site, reference);
    let since = Instant::now();
    while site.answer().is_empty() {
        assert!(since.elapsed() < Duration::from_secs(30), "the script's service does not answer");
    }
}

#[test]
fn with_a_fixed_port_the_gap_is_measured_beside_the_scripts() {
    let site = Site::new("gap");
    // Somebody else's, which is no release of imgbuild's.
    let two = site.version_of("2", &[], &format!("{HEALTHCHECK}{SERVES}"));
    site.good("1");
    site.good("3");
    site.deployed("1");
    let client = Client::start(site.port);
    let report = site.deployed("3");
    let ours = client.end();
    site.is_tidy("after a swap");
    let client = Client::start(site.port);
    script_until_it_answers(&site, &two);
    let theirs = client.end();
    println!(
        "fixed port: imgbuild {ours:?}, the script {theirs:?}, the report says {} ms",
        report["deploy"]["gap_ms"]
    );
    assert!(ours.answered > 0 && theirs.answered > 0);
    // What is made before anything is stopped is not in the gap; a busy machine may add to either.
    assert!(ours.gap < theirs.gap * 2 + Duration::from_secs(1), "{ours:?} {theirs:?}");
    // The script's container is nobody's that is known, and is replaced when somebody says so.
    let refused = site.deploy(&["1"]);
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
    refused.says("--adopt");
    assert_eq!(site.answer(), "version 2\n");
    let adopted = site.deploy(&["1", "--adopt"]);
    assert_eq!(adopted.code, Some(0), "{}", adopted.stderr);
    site.is_tidy("adopted");
    let back = site.imgbuild(&["rollback", "web"]).run();
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    assert_eq!(site.answer(), "version 2\n", "what ran before imgbuild is kept as well");
    // What the script makes of a version that is broken, and how one gets out of it.
    script(&site, &site.version("broken", "CMD [\"false\"]\n"));
    assert_eq!(site.answer(), "", "the script leaves the site down");
    let mended = site.deploy(&["3", "--adopt"]);
    assert_eq!(mended.code, Some(0), "{}", mended.stderr);
    assert_eq!(site.answer(), "version 3\n");
    site.is_tidy("mended");
}

/// Nanoseconds of an RFC 3339 time.
fn nanos(text: &str) -> i128 {
    text.parse::<jiff::Timestamp>().expect("time").as_nanosecond()
}

#[test]
fn behind_an_alias_no_request_fails_that_begins_after_the_switch() {
    let site = Site::new("alias");
    site.configure("", "ports = []");
    for tag in ["1", "2"] {
        site.good(tag);
    }
    let first = site.deploy(&["1"]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let client = format!("client-{}", site.name());
    let script = "while :; do echo begin; if wget -q -O /dev/null http://api:8080/; then echo ok; else echo failed; fi; usleep 10000; done";
    let network = site.network();
    site.lab.docker(&[
        "run",
        "-d",
        "--name",
        &client,
        "--network",
        &network,
        &site.lab.base,
        "sh",
        "-c",
        script,
    ]);
    let since = site.lab.engine_time();
    let ran = site.deploy(&["2"]);
    let until = site.lab.engine_time();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["deploy"]["gap_ms"], 0);
    let log = site.lab.docker(&["logs", "-t", &client]);
    site.is_tidy("after the switch");
    assert_eq!(site.lab.docker(&["exec", &client, "wget", "-q", "-O", "-", "http://api:8080/"]), "version 2");

    let events = site.lab.events(&since, &until);
    let left = |event: &&Value| event["Type"] == "network" && event["Action"] == "disconnect";
    // The last one to leave the network while both run is the old one: the new one leaves before, to come back by its name.
    let times: Vec<i128> =
        events.iter().filter(left).map(|event| event["timeNano"].as_i64().expect("time").into()).collect();
    assert!(times.len() >= 2, "{events:#?}");
    let switched = times[1];
    let (mut begun, mut answered, mut in_flight, mut failed) = (0i128, 0, 0, 0);
    for line in log.lines() {
        let (time, word) = line.split_once(' ').expect("a line with its time");
        match word {
            "begin" => begun = nanos(time),
            "ok" => answered += 1,
            "failed" if begun <= switched => in_flight += 1,
            "failed" => failed += 1,
            _ => {}
        }
    }
    println!(
        "alias: {answered} answered, {in_flight} failed in flight, {failed} that began after the switch"
    );
    assert!(answered > 20, "{log}");
    assert_eq!(failed, 0, "{log}");
    assert!(in_flight <= 1, "{log}");
}
