//! A swarm of a test's own: each node is an engine in a network namespace, joined by cables.

use std::fs;

use serde_json::Value;

use crate::site::Site;
use crate::support::lab::{Lab, Ran, setting};
use crate::support::private::PrivateEngine;

/// What a client of [`Swarm::client`] does: the kernel of a test's machine may lack what a service's virtual address needs,
/// so that it asks a task by the address that the name of all tasks has.
const CLIENT: &str = "while :; do \
    ip=$(nslookup tasks.SERVICE 127.0.0.11 2>/dev/null | sed -n '/^Name/,$s/^Address.*: *//p' | head -n 1); \
    wget -q -O - \"http://$ip:8080/\" || echo failed; usleep 20000; done";

/// The nodes, and a deployment `web` of a service. The site goes first.
pub(crate) struct Swarm {
    pub(crate) site: Site,
    pub(crate) nodes: Vec<PrivateEngine>,
}

impl Swarm {
    /// Of `count` nodes, whose first is the manager that is asked. They reach `registry`, too.
    pub(crate) fn new(name: &str, count: usize, registry: Option<&str>) -> Swarm {
        let shared = setting("IMGBUILD_TEST_REGISTRY");
        let mut nodes = Vec::new();
        let mut token = String::new();
        let mut manager = String::new();
        for nth in 1..=count {
            let net = format!("{name}{nth}-{}", std::process::id());
            let host = format!("node-{nth}");
            let options = ["--net", &net, "--hostname", &host].map(|text| &*text.to_owned().leak());
            let node = PrivateEngine::with(&format!("{name}{nth}"), Box::leak(Box::new(options)));
            let mut address = PrivateEngine::link(&net, &shared);
            if let Some(registry) = registry {
                address = PrivateEngine::link(&net, registry);
            }
            let lab = Lab::on(name, &node.url);
            if nth == 1 {
                lab.docker(&["swarm", "init", "--advertise-addr", &address]);
                token = lab.docker(&["swarm", "join-token", "-q", "worker"]);
                manager = format!("{address}:2377");
            } else {
                lab.docker(&["swarm", "join", "--token", &token, "--advertise-addr", &address, &manager]);
            }
            nodes.push(node);
        }
        let site = Site::of(Lab::on(name, &nodes[0].url));
        let swarm = Swarm { site, nodes };
        swarm.site.lab.docker(&["network", "create", "-d", "overlay", "--attachable", &swarm.network()]);
        swarm.configure("");
        swarm
    }

    /// The service's name.
    pub(crate) fn service(&self) -> &str {
        self.site.name()
    }

    fn network(&self) -> String {
        format!("over-{}", self.service())
    }

    /// Writes the configuration, with `extra` in the table.
    pub(crate) fn configure(&self, extra: &str) {
        self.configure_of(&self.site.lab.repository(), extra);
    }

    /// The same with the images of another repository.
    pub(crate) fn configure_of(&self, repository: &str, extra: &str) {
        let text = format!(
            "[deploy.web]\nimage = \"{repository}:1\"\ncontainer = \"{}\"\nservice = true\n\
             networks = [{{ name = \"{}\", aliases = [\"api\"] }}]\n\
             ready = {{ healthcheck = true, within = \"60s\" }}\nwatch = \"2s\"\ngrace = \"2s\"\n{extra}\n",
            self.service(),
            self.network(),
        );
        fs::write(self.site.folder().join("imgbuild.toml"), text).expect("configuration");
    }

    pub(crate) fn deployed(&self, tag: &str) -> Value {
        let ran = self.site.deploy(&[tag]);
        assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(self.running(), self.digest_of(tag));
        ran.json()
    }

    /// Fails unless the deployment of `reference` ends with `code`, and says `text`.
    pub(crate) fn fails(&self, reference: &str, code: i32, text: &str) -> Ran {
        let ran = self.site.deploy(&[reference]);
        assert_eq!(ran.code, Some(code), "{reference}: {}\n{}", ran.stdout, ran.stderr);
        let message = ran.json()["error"]["message"].to_string();
        assert!(message.contains(text), "{text:?} is not in {message}");
        ran
    }

    /// The digest of the image that the service's tasks run.
    pub(crate) fn running(&self) -> String {
        let format = "{{.Spec.TaskTemplate.ContainerSpec.Image}}";
        let image = self.site.lab.docker(&["service", "inspect", "-f", format, self.service()]);
        image.split_once('@').map(|(_, digest)| digest.to_owned()).unwrap_or(image)
    }

    pub(crate) fn digest_of(&self, tag: &str) -> String {
        let reference = format!("{}:{tag}", self.site.lab.repository());
        let format = "{{range .RepoDigests}}{{.}} {{end}}";
        let digests = self.site.lab.docker(&["image", "inspect", "-f", format, &reference]);
        let (_, digest) =
            digests.split_whitespace().next().expect("a digest").split_once('@').expect("digest");
        digest.to_owned()
    }

    /// States of the service's tasks that are to run, each with its node.
    pub(crate) fn tasks(&self) -> Vec<String> {
        let format = "{{.Node}} {{.CurrentState}}";
        let filter = "desired-state=running";
        let told =
            self.site.lab.docker(&["service", "ps", "--filter", filter, "--format", format, self.service()]);
        told.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
    }

    /// Starts a client in the service's network, which asks again and again.
    pub(crate) fn client(&self) {
        let name = format!("client-{}", self.service());
        let script = CLIENT.replace("SERVICE", self.service());
        let network = self.network();
        let base = &self.site.lab.base;
        self.site.lab.docker(&[
            "run",
            "-d",
            "--name",
            &name,
            "--network",
            &network,
            base,
            "sh",
            "-c",
            &script,
        ]);
    }

    /// Ends it: what it was answered, each a line.
    pub(crate) fn answers(&self) -> Vec<String> {
        let name = format!("client-{}", self.service());
        let log = self.site.lab.docker(&["logs", &name]);
        self.site.lab.docker(&["rm", "-f", &name]);
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        self.site.lab.docker_output(&["service", "rm", self.service()]);
    }
}
