//! Hosts elsewhere, over ssh: a real sshd, and docker's own client behind it.

use crate::site::{HEALTHCHECK, SERVES, Site, is_step};
use crate::support::lab::{Invocation, Ran};
use crate::support::sshd::Sshd;

/// A site of which the engine is on the other side of `sshd`.
struct Far {
    site: Site,
    sshd: Sshd,
}

impl Far {
    fn new(name: &str) -> Far {
        let site = Site::new(name);
        // Over there, and not on its loopback alone.
        let ports = format!("ports = [\"{}:8080\"]", site.port);
        site.configure("", &ports);
        let sshd = Sshd::start(&site.lab.path("sshd"), &site.lab.engine);
        Far { site, sshd }
    }

    fn imgbuild(&self, arguments: &[&str]) -> Invocation {
        let host = self.sshd.host();
        let run = self.site.imgbuild(&[arguments, &["--host", &host]].concat());
        run.without("DOCKER_HOST").env("PATH", self.sshd.path())
    }

    /// The run, which ends with `code`, and what answers then.
    fn ends(&self, arguments: &[&str], code: i32, answer: &str) -> Ran {
        let ran = self.imgbuild(arguments).run();
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}\n{}", ran.stdout, ran.stderr);
        assert_eq!(self.site.answer(), answer, "{arguments:?}: {}", ran.stderr);
        self.site.is_tidy(&format!("{arguments:?}"));
        ran
    }
}

#[test]
fn a_host_over_ssh_is_deployed_to_and_rolled_back() {
    let far = Far::new("ssh");
    let site = &far.site;
    for tag in ["1", "2"] {
        site.good(tag);
    }
    site.version("bad", &format!("HEALTHCHECK --interval=1s CMD [\"false\"]\n{SERVES}"));
    far.ends(&["deploy", "web", "1"], 0, "version 1\n");
    far.ends(&["deploy", "web", "2"], 0, "version 2\n");
    let bad = far.ends(&["deploy", "web", "bad"], 9, "version 2\n");
    bad.says("healthy within");
    let list = far.imgbuild(&["deployments"]).expect(0).stdout;
    assert!(list.contains(site.name()), "{list}");
    far.ends(&["rollback", "web"], 0, "version 1\n");
    assert!(far.sshd.logins() > 0, "nobody came by ssh");
}

#[test]
fn a_connection_over_ssh_that_breaks_in_the_middle_of_a_swap_is_recovered_from() {
    let mut far = Far::new("ssh-cut");
    for tag in ["1", "2"] {
        far.site.version(tag, &format!("{HEALTHCHECK}{SERVES}"));
    }
    far.ends(&["deploy", "web", "1"], 0, "version 1\n");
    for step in ["stop", "start", "watch"] {
        let mut running = far.imgbuild(&["deploy", "web", "2", "--format", "ndjson"]).start();
        running.wait_for(step, |event| is_step(event, step));
        far.sshd.kill();
        let (code, events, stderr) = running.end();
        assert!(matches!(code, Some(8..=10)), "{step}: {code:?} {events:#?}\n{stderr}");
        far.sshd.restart();
        far.ends(&["deploy", "web", "1"], 0, "version 1\n");
    }
}
