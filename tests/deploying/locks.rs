//! Two runs at one container: a lock that is broken, or lost, in the middle of a swap.

use rustix::process::Signal;
use serde_json::Value;

use crate::site::{HEALTHCHECK, Site, is_step};
use crate::support::lab::Running;

/// What the run says at its end.
fn error(events: &[Value]) -> String {
    events.last().expect("an end")["error"].to_string()
}

/// A deployment of `tag` that stands still in its watch.
fn stopped_at_its_watch(site: &Site, tag: &str) -> Running {
    let mut running = site.imgbuild(&["deploy", "web", tag, "--format", "ndjson"]).start();
    running.wait_for("watch", |event| is_step(event, "watch"));
    running.signal(Signal::STOP);
    running
}

#[test]
fn a_lock_that_is_broken_in_the_middle_of_a_swap_leaves_all_to_the_other_run() {
    let site = Site::new("broken");
    for tag in ["1", "2"] {
        site.good(tag);
    }
    // It serves once somebody lets it.
    let waits = "until [ -e /go ]; do usleep 20000; done; exec httpd -f -p 8080 -h /www";
    site.version("3", &format!("{HEALTHCHECK}CMD [\"sh\", \"-c\", \"{waits}\"]\n"));
    site.deployed("1");
    site.reconfigure("watch = \"300ms\"", "watch = \"60s\"");
    let mut first = stopped_at_its_watch(&site, "2");
    let run = first.run_id();

    site.configure("preflight = false", "");
    site.reconfigure("within = \"20s\"", "within = \"60s\"");
    let deploy = ["deploy", "web", "3", "--break-lock", "--format", "ndjson"];
    let mut second = site.imgbuild(&deploy).env("USER", "second").start();
    let other = second.run_id();
    second.wait_for("the gates of its own", |event| is_step(event, "ready") && event["back"] == false);
    // What the first one watches was stopped: it would bring back what served before, and stop what is about to serve.
    first.signal(Signal::CONT);
    let (code, events, stderr) = first.end();
    assert_eq!(code, Some(4), "{events:#?}\n{stderr}");
    let said = error(&events);
    assert!(said.contains("is left to") && said.contains(&other) && said.contains("second@"), "{said}");
    assert!(
        events.last().expect("an end")["hints"].to_string().contains("imgbuild deployments"),
        "{events:#?}"
    );

    site.lab.docker(&["exec", site.name(), "touch", "/go"]);
    let (code, events, stderr) = second.end();
    assert_eq!(code, Some(0), "{events:#?}\n{stderr}");
    assert!(format!("{events:?}").contains(&run), "whose lock it was: {events:#?}");
    assert_eq!(site.answer(), "version 3\n");
    site.is_tidy("after both");
}

#[test]
fn a_lock_that_is_lost_in_the_middle_of_a_swap_brings_back_what_served() {
    let site = Site::new("pruned");
    for tag in ["1", "2"] {
        site.good(tag);
    }
    site.deployed("1");
    site.reconfigure("watch = \"300ms\"", "watch = \"3s\"");
    let running = stopped_at_its_watch(&site, "2");
    site.lab.docker(&["volume", "rm", &format!("imgbuild-deploy-{}", site.name())]);
    running.signal(Signal::CONT);
    let (code, events, stderr) = running.end();
    assert_eq!(code, Some(4), "{events:#?}\n{stderr}");
    assert!(error(&events).contains("is lost"), "{events:#?}");
    assert_eq!(site.answer(), "version 1\n");
    site.is_tidy("after the loss");
}
