//! `[deploy.NAME]`.

use std::collections::BTreeSet;

use super::Checker;
use super::image_tests::reference;
use crate::config::grammar;
use crate::config::model::{Deploy, EnvValue, HostMount};
use crate::config::quote;
use crate::config::settings::{PublishedPort, Restart};

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
