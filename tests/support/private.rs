//! An engine of one test's own, which may be killed and whose listing is exact.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::lab::{Lab, setting};

/// An engine that nobody else uses; it is stopped and deleted when the value goes.
pub(crate) struct PrivateEngine {
    name: String,
    options: &'static [&'static str],
    pub(crate) url: String,
}

fn script(arguments: &[&str]) -> String {
    let path = PathBuf::from(setting("IMGBUILD_TEST_SCRIPTS")).join("engine");
    // Its daemons live on: a pipe that they inherit would never end.
    let output = Command::new(path).args(arguments).stdin(Stdio::null()).output().expect("scripts/engine");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/engine {arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts an engine of the kind that the tests run on.
fn start(name: &str, more: &[&str]) {
    let options = setting("IMGBUILD_TEST_ENGINE_OPTIONS");
    let options: Vec<&str> = options.lines().collect();
    script(&[&["start", "--name", name], options.as_slice(), more].concat());
}

impl PrivateEngine {
    pub(crate) fn start(name: &str) -> PrivateEngine {
        PrivateEngine::with(name, &[])
    }

    /// With further options of `scripts/engine start`.
    pub(crate) fn with(name: &str, options: &'static [&'static str]) -> PrivateEngine {
        let name = format!("{name}-{}", std::process::id());
        start(&name, options);
        let told = script(&["env", "--name", &name]);
        let url = told.split("DOCKER_HOST=").nth(1).and_then(|rest| rest.split_whitespace().next());
        let url = url
            .unwrap_or_else(|| panic!("no DOCKER_HOST in {told}"))
            .trim_matches(['"', '\'', ';'])
            .to_owned();
        PrivateEngine { name, options, url }
    }

    /// Joins the namespace `net`, of which an engine is, to that of the tests, and leads it to the registry at `registry`.
    /// Gives its address.
    pub(crate) fn link(net: &str, registry: &str) -> String {
        script(&["link", "--net", net, "--registry", registry]).trim().to_owned()
    }

    /// The folder that everything of it is in.
    pub(crate) fn data(&self) -> PathBuf {
        PathBuf::from(setting("IMGBUILD_STATE")).join(format!("engine-{}", self.name))
    }

    /// SIGKILL to the daemon, as a crash.
    pub(crate) fn kill(&self) {
        script(&["kill", "--name", &self.name]);
    }

    /// Starts it again on the same data.
    pub(crate) fn restart(&self) {
        start(&self.name, self.options);
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        let path = PathBuf::from(setting("IMGBUILD_TEST_SCRIPTS")).join("engine");
        let _ =
            Command::new(path).args(["stop", "--name", &self.name, "--purge"]).stdin(Stdio::null()).output();
    }
}

/// Everything on an engine, by kind and id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inventory(BTreeSet<String>);

impl Inventory {
    pub(crate) fn of(lab: &Lab) -> Inventory {
        let mut all = BTreeSet::new();
        for (kind, list) in [
            ("container", &["ps", "-aq", "--no-trunc"][..]),
            // By name: the engine makes its own anew when it starts.
            ("network", &["network", "ls", "--format", "{{.Name}}"]),
            ("volume", &["volume", "ls", "-q"]),
            ("image", &["images", "-aq", "--no-trunc"]),
        ] {
            all.extend(lab.docker(list).lines().map(|id| format!("{kind} {id}")));
        }
        Inventory(all)
    }

    /// What is here and was not there, parents of tagged images aside: those are the builder's cache.
    pub(crate) fn beyond(&self, before: &Inventory, lab: &Lab) -> BTreeSet<String> {
        let mut cache = BTreeSet::new();
        for id in lab.docker(&["images", "-q", "--no-trunc"]).lines() {
            let tagged = lab.docker(&["image", "inspect", "-f", "{{len .RepoTags}}", id]) != "0";
            let mut next = if tagged { id.to_owned() } else { String::new() };
            while !next.is_empty() && cache.insert(format!("image {next}")) {
                next = lab.docker(&["image", "inspect", "-f", "{{.Parent}}", &next]);
            }
        }
        self.0.difference(&before.0).filter(|thing| !cache.contains(*thing)).cloned().collect()
    }
}
