//! `[deploy.NAME]`.

use std::collections::BTreeSet;

use super::Checker;
use super::image_tests::reference;
use crate::config::grammar;
use crate::config::model::{Deploy, EnvValue, HostMount};
use crate::config::quote;
use crate::config::settings::{PublishedPort, Restart, TmpfsOptions};

/// The most tasks of a service.
const MOST_TASKS: u32 = 10_000;
/// The most images that stay on a host.
const MOST_KEPT: u32 = 100;

impl Checker<'_> {
    pub(super) fn deploy(&mut self, name: &str, deploy: &Deploy) {
        let at = format!("deploy.{}", quote::key(name));
        self.verdict(&at, grammar::container(name));
        match &deploy.image {
            None => self.wrong(&at, "a deployment needs an `image`"),
            Some(image) => self.verdict(&format!("{at}.image"), reference(image)),
        }
        self.value(format!("{at}.container"), deploy.container.as_ref(), grammar::container);
        let mut taken = BTreeSet::new();
        for (nth, text) in deploy.ports.iter().flatten().enumerate() {
            let key = format!("{at}.ports[{nth}]");
            match text.parse::<PublishedPort>() {
                Err(why) => self.wrong(&key, why),
                Ok(port) if !taken.insert((port.address.clone(), port.host, port.udp)) => {
                    self.wrong(&key, "this port of the host leads somewhere already");
                }
                Ok(_) => {}
            }
        }
        self.keys(&format!("{at}.env"), deploy.env.as_ref(), grammar::variable);
        for (name, value) in deploy.env.iter().flatten() {
            let key = format!("{at}.env.{}", quote::key(name));
            if let EnvValue::From(source) = value {
                self.value(format!("{key}.env"), source.env.as_ref(), grammar::variable);
                if source.file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
                    self.wrong(&format!("{key}.file"), "file: must not be empty");
                }
            }
        }
        for (nth, mount) in deploy.mounts.iter().flatten().enumerate() {
            self.host_mount(&format!("{at}.mounts[{nth}]"), mount);
        }
        self.networks(&at, deploy);
        if let Some(restart) = &deploy.restart {
            self.verdict(&format!("{at}.restart"), restart.parse::<Restart>().map(drop));
        }
        self.memory(&at, deploy.memory);
        if deploy.cpus.is_some_and(|cpus| cpus.get() <= 0.0 || cpus.get() > 1024.0) {
            self.wrong(&format!("{at}.cpus"), "cpus: must be more than 0 and at most 1024");
        }
        if deploy.pids == Some(0) {
            self.wrong(&format!("{at}.pids"), "pids: must be at least 1");
        }
        self.value(format!("{at}.user"), deploy.user.as_ref(), grammar::user);
        if let Some(ready) = &deploy.ready {
            self.ready(&format!("{at}.ready"), ready);
        }
        for (nth, http) in deploy.http.iter().flatten().enumerate() {
            self.http(&format!("{at}.http[{nth}]"), http);
        }
        if deploy.keep.is_some_and(|keep| !(1..=MOST_KEPT).contains(&keep)) {
            self.wrong(&format!("{at}.keep"), format!("keep: must be from 1 to {MOST_KEPT}"));
        }
        for (nth, before) in deploy.before.iter().flatten().enumerate() {
            if before.cmd.is_none() {
                self.wrong(&format!("{at}.before[{nth}]"), "a command needs `cmd`");
            }
        }
        self.keys(&format!("{at}.labels"), deploy.labels.as_ref(), grammar::wanted_label);
        self.kind(&at, name, deploy);
    }

    /// What is for services alone, and what is for containers alone. Each says why: a key that did nothing would be trusted.
    fn kind(&mut self, at: &str, name: &str, deploy: &Deploy) {
        for (key, number) in [("replicas", deploy.replicas), ("parallelism", deploy.parallelism)] {
            if number.is_some_and(|number| !(1..=MOST_TASKS).contains(&number)) {
                self.wrong(&format!("{at}.{key}"), format!("{key}: must be from 1 to {MOST_TASKS}"));
            }
        }
        if deploy.service != Some(true) {
            let given = [
                ("replicas", deploy.replicas.is_some()),
                ("parallelism", deploy.parallelism.is_some()),
                ("order", deploy.order.is_some()),
                ("publish", deploy.publish.is_some()),
            ];
            for (key, _) in given.into_iter().filter(|(_, given)| *given) {
                self.wrong(&format!("{at}.{key}"), format!("{key}: is for a service: say `service = true`"));
            }
            return;
        }
        self.verdict(at, grammar::swarm_service(deploy.container.as_deref().unwrap_or(name)));
        let ready = deploy.ready.as_ref();
        let asked = "a swarm judges tasks by the image's HEALTHCHECK alone: put the request there";
        let given = [
            ("http", deploy.http.is_some(), asked),
            ("ready.http", ready.is_some_and(|ready| ready.http.is_some()), asked),
            ("ready.port", ready.is_some_and(|ready| ready.port.is_some()), asked),
            ("ready.log", ready.is_some_and(|ready| ready.log.is_some()), asked),
            (
                "ready.settle",
                ready.is_some_and(|ready| ready.settle.is_some()),
                "a swarm watches tasks for `watch`",
            ),
            (
                "ready.healthcheck",
                ready.is_some_and(|ready| ready.healthcheck == Some(false)),
                "a swarm heeds the HEALTHCHECK of an image that has one",
            ),
            (
                "preflight",
                deploy.preflight.is_some(),
                "a swarm starts a new task beside the old one where `order = \"start-first\"`",
            ),
            ("keep", deploy.keep.is_some(), "nodes get what they run from the registry: keep it there"),
        ];
        for (key, _, why) in given.into_iter().filter(|(_, given, _)| *given) {
            self.wrong(&format!("{at}.{key}"), format!("{key}: is not for a service: {why}"));
        }
        for (nth, text) in deploy.ports.iter().flatten().enumerate() {
            if text.parse::<PublishedPort>().is_ok_and(|port| port.address.is_some()) {
                let why = "a service takes a port on every address of a node";
                self.wrong(&format!("{at}.ports[{nth}]"), format!("ports: {why}: leave the address out"));
            }
        }
        for (nth, mount) in deploy.mounts.iter().flatten().enumerate() {
            if let Some(Err(why)) = mount.options.as_ref().map(|text| text.parse::<TmpfsOptions>()) {
                self.wrong(&format!("{at}.mounts[{nth}].options"), format!("options: {why}"));
            }
        }
        for (nth, joined) in deploy.networks.iter().flatten().enumerate() {
            if joined.parts().0.is_some_and(|name| ["bridge", "none"].contains(&name.as_str())) {
                let why = "a service is in networks of the swarm, made with `docker network create --driver overlay`";
                self.wrong(&format!("{at}.networks[{nth}]"), format!("networks: {why}"));
            }
        }
    }

    fn networks(&mut self, at: &str, deploy: &Deploy) {
        let joined = deploy.networks.as_deref().unwrap_or_default();
        let mut names = BTreeSet::new();
        for (nth, network) in joined.iter().enumerate() {
            let key = format!("{at}.networks[{nth}]");
            let (name, aliases) = network.parts();
            let Some(name) = name else {
                self.wrong(&key, "a network needs its `name`");
                continue;
            };
            self.verdict(&key, grammar::network(name));
            for alias in aliases {
                self.verdict(&key, grammar::alias(alias));
            }
            if !names.insert(name) {
                self.wrong(&key, "another entry names the same network");
            }
            let alone = ["host", "none"].contains(&name.as_str());
            if alone && joined.len() > 1 {
                self.wrong(&key, format!("networks: who is in {name:?} is in no other one"));
            } else if (alone || name == "bridge") && !aliases.is_empty() {
                self.wrong(&key, format!("aliases: {name:?} knows no names of containers"));
            }
            if alone && deploy.ports.iter().flatten().next().is_some() {
                self.wrong(&key, format!("networks: in {name:?} no port leads to another"));
            }
        }
    }

    fn host_mount(&mut self, at: &str, mount: &HostMount) {
        self.value(format!("{at}.bind"), mount.bind.as_ref(), grammar::host_bind);
        self.value(format!("{at}.volume"), mount.volume.as_ref(), grammar::volume);
        self.value(format!("{at}.tmpfs"), mount.tmpfs.as_ref(), grammar::absolute);
        self.value(format!("{at}.options"), mount.options.as_ref(), grammar::mount_options);
        let kinds = [&mount.bind, &mount.volume, &mount.tmpfs].into_iter().flatten().count();
        if kinds != 1 {
            self.wrong(at, "a mount has one of `bind`, `volume` and `tmpfs`");
        } else if mount.tmpfs.is_none() && mount.options.is_some() {
            self.wrong(&format!("{at}.options"), "options: are for `tmpfs`; the others end in `:ro`");
        }
    }
}
