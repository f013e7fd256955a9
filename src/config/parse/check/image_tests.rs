//! `[[image.test]]`.

use std::collections::BTreeSet;

use super::Checker;
use crate::config::grammar::{self, Verdict};
use crate::config::model::{
    Body, Configuration, Exec, File, FileType, Http, ListeningPort, Mount, Process, Ready, Run, Service,
    Size, Test,
};
use crate::config::quote;
use crate::image::Reference;

/// The least memory that engines give a container, in bytes.
const LEAST_MEMORY: u64 = 6 << 20;

impl Checker<'_> {
    pub(super) fn tests(&mut self, at: &str, tests: &[Test]) {
        let mut names = BTreeSet::new();
        for (nth, test) in tests.iter().enumerate() {
            let at = format!("{at}[{nth}]");
            self.test(&at, test);
            if let Some(name) = &test.name
                && !names.insert(name)
            {
                self.wrong(&format!("{at}.name"), "another test has the same name");
            }
        }
    }

    fn test(&mut self, at: &str, test: &Test) {
        self.name(at, test.name.as_ref(), "a test's");
        self.keys(&format!("{at}.env"), test.env.as_ref(), grammar::variable);
        self.value(format!("{at}.user"), test.user.as_ref(), grammar::user);
        self.value(format!("{at}.network"), test.network.as_ref(), grammar::network);
        self.memory(at, test.memory);
        self.mounts(at, test.mounts.as_deref().unwrap_or_default());
        self.agree(at, test);
        if let Some(ready) = &test.ready {
            self.ready(&format!("{at}.ready"), ready);
        }
        for (nth, http) in test.http.iter().flatten().enumerate() {
            self.http(&format!("{at}.http[{nth}]"), http);
        }
        for (nth, run) in test.run.iter().flatten().enumerate() {
            self.run(&format!("{at}.run[{nth}]"), run);
        }
        for (nth, exec) in test.exec.iter().flatten().enumerate() {
            self.exec(&format!("{at}.exec[{nth}]"), exec);
        }
        for (nth, file) in test.files.iter().flatten().enumerate() {
            self.file(&format!("{at}.files[{nth}]"), file);
        }
        for (nth, port) in test.ports.iter().flatten().enumerate() {
            self.port(&format!("{at}.ports[{nth}]"), port);
        }
        for (nth, process) in test.processes.iter().flatten().enumerate() {
            self.process(&format!("{at}.processes[{nth}]"), process);
        }
        if let Some(wanted) = &test.image {
            self.configuration(&format!("{at}.image"), wanted);
        }
        let mut aliases = BTreeSet::new();
        for (nth, service) in test.services.iter().flatten().enumerate() {
            let at = format!("{at}.services[{nth}]");
            self.service(&at, service);
            if let Some(alias) = &service.alias
                && !aliases.insert(alias.to_ascii_lowercase())
            {
                self.wrong(&format!("{at}.alias"), "another service of this test has the same alias");
            }
        }
    }

    /// What keys of one test say of each other.
    fn agree(&mut self, at: &str, test: &Test) {
        if test.job == Some(true) {
            for (key, is_set) in test.of_services() {
                if is_set {
                    self.wrong(
                        &format!("{at}.{key}"),
                        format!("a job ends by itself: `{key}` is for what stays up"),
                    );
                }
            }
            for (nth, run) in test.run.iter().flatten().enumerate() {
                if run.fresh != Some(true) {
                    self.wrong(
                        &format!("{at}.run[{nth}]"),
                        "a job's container has ended: a command needs one of its own, `fresh = true`",
                    );
                }
            }
        }
        let has_services = test.services.as_ref().is_some_and(|services| !services.is_empty());
        if has_services && test.network.is_some() {
            self.wrong(
                &format!("{at}.network"),
                "network: services are reached on the test's own network: leave one of the two out",
            );
        }
    }

    fn name(&mut self, at: &str, name: Option<&String>, whose: &str) {
        let Some(name) = name else { return };
        if name.trim().is_empty() || name.contains(char::is_control) || name.chars().count() > 100 {
            self.wrong(&format!("{at}.name"), format!("{whose} name is one line of 1 to 100 characters"));
        }
    }

    pub(super) fn memory(&mut self, at: &str, memory: Option<Size>) {
        if memory.is_some_and(|memory| memory.bytes() < LEAST_MEMORY) {
            self.wrong(
                &format!("{at}.memory"),
                "memory: must be at least \"6MiB\", the least that engines give",
            );
        }
    }

    fn mounts(&mut self, at: &str, mounts: &[Mount]) {
        for (nth, mount) in mounts.iter().enumerate() {
            let at = format!("{at}.mounts[{nth}]");
            self.value(format!("{at}.bind"), mount.bind.as_ref(), grammar::bind);
            self.value(format!("{at}.tmpfs"), mount.tmpfs.as_ref(), grammar::absolute);
            self.value(format!("{at}.options"), mount.options.as_ref(), grammar::mount_options);
            if mount.bind.is_some() == mount.tmpfs.is_some() {
                self.wrong(&at, "a mount has either `bind` or `tmpfs`");
            } else if mount.tmpfs.is_none() && mount.options.is_some() {
                self.wrong(&format!("{at}.options"), "options: are for `tmpfs`; a bind ends in `:ro`");
            }
        }
    }

    pub(super) fn ready(&mut self, at: &str, ready: &Ready) {
        let Some(http) = &ready.http else { return };
        let at = format!("{at}.http");
        self.http(&at, http);
        if http.within.is_some() {
            self.wrong(&format!("{at}.within"), "within: this request is made until `ready.within` is over");
        }
        if http.name.is_some() {
            self.wrong(&format!("{at}.name"), "name: only requests of the list `http` have one");
        }
    }

    pub(super) fn http(&mut self, at: &str, http: &Http) {
        self.name(at, http.name.as_ref(), "a request's");
        if http.port.is_none() {
            self.wrong(at, "a request needs a `port`");
        }
        self.value(format!("{at}.path"), http.path.as_ref(), grammar::request_path);
        self.keys(&format!("{at}.headers"), http.headers.as_ref(), grammar::request_header);
        for (name, value) in http.headers.iter().flatten() {
            self.value(format!("{at}.headers.{}", quote::key(name)), Some(value), grammar::header_value);
        }
        self.keys(&format!("{at}.answer-headers"), http.answer_headers.as_ref(), grammar::header);
        if let Some(Body::Like(like)) = &http.body {
            self.keys(&format!("{at}.body.json"), like.json.as_ref(), grammar::pointer);
        }
    }

    fn run(&mut self, at: &str, run: &Run) {
        self.name(at, run.name.as_ref(), "a command's");
        if run.cmd.is_none() {
            self.wrong(at, "a command needs `cmd`");
        }
        self.keys(&format!("{at}.env"), run.env.as_ref(), grammar::variable);
    }

    fn exec(&mut self, at: &str, exec: &Exec) {
        self.name(at, exec.name.as_ref(), "a command's");
        if exec.cmd.is_none() {
            self.wrong(at, "a command needs `cmd`");
        }
        self.keys(&format!("{at}.env"), exec.env.as_ref(), grammar::host_variable);
        self.path(format!("{at}.folder"), exec.folder.as_deref());
    }

    fn file(&mut self, at: &str, file: &File) {
        self.name(at, file.name.as_ref(), "a file's");
        if file.path.is_none() {
            self.wrong(at, "a file needs a `path`");
        }
        self.value(format!("{at}.path"), file.path.as_ref(), grammar::absolute);
        self.value(format!("{at}.mode"), file.mode.as_ref(), grammar::mode);
        self.value(format!("{at}.owner"), file.owner.as_ref(), grammar::account);
        self.value(format!("{at}.group"), file.group.as_ref(), grammar::account);
        self.value(format!("{at}.sha256"), file.sha256.as_ref(), grammar::sha256);
        let wishes = [
            ("mode", file.mode.is_some()),
            ("owner", file.owner.is_some()),
            ("group", file.group.is_some()),
            ("uid", file.uid.is_some()),
            ("gid", file.gid.is_some()),
            ("size", file.size.is_some()),
            ("type", file.kind.is_some()),
            ("content", file.content.is_some()),
            ("sha256", file.sha256.is_some()),
            ("link", file.link.is_some()),
        ];
        let wish = wishes.iter().find(|(_, is_set)| *is_set).filter(|_| file.exists == Some(false));
        if let Some((key, _)) = wish {
            self.wrong(&format!("{at}.{key}"), format!("{key}: a file that must not exist has none"));
        }
        if file.link.is_some() && file.kind.is_some_and(|kind| kind != FileType::Symlink) {
            self.wrong(&format!("{at}.link"), "link: only what is of type \"symlink\" leads anywhere");
        }
    }

    fn port(&mut self, at: &str, port: &ListeningPort) {
        let port = port.table();
        if port.port.is_none() {
            self.wrong(at, "a port needs its number, `port`");
        }
        if port.listening == Some(false) && port.everywhere.is_some() {
            self.wrong(&format!("{at}.everywhere"), "everywhere: is for ports that listen");
        }
    }

    fn process(&mut self, at: &str, process: &Process) {
        let key = match process {
            Process::Name(_) => at.to_owned(),
            Process::Table(_) => format!("{at}.name"),
        };
        let process = process.table();
        match &process.name {
            Some(name) => self.verdict(&key, grammar::process(name)),
            None => self.wrong(at, "a process needs a `name`"),
        }
        for (key, is_set) in [("count", process.count.is_some()), ("uid", process.uid.is_some())] {
            if is_set && process.running == Some(false) {
                self.wrong(&format!("{at}.{key}"), format!("{key}: a process that must not run has none"));
            }
        }
    }

    fn configuration(&mut self, at: &str, wanted: &Configuration) {
        if *wanted == Configuration::default() {
            self.wrong(at, "an empty table asks for nothing: write `user`, `env`, `labels` … in it");
        }
        self.keys(&format!("{at}.env"), wanted.env.as_ref(), grammar::variable);
        self.keys(&format!("{at}.labels"), wanted.labels.as_ref(), grammar::wanted_label);
        self.values(&format!("{at}.volumes"), wanted.volumes.as_ref(), grammar::absolute);
    }

    fn service(&mut self, at: &str, service: &Service) {
        match &service.image {
            None => self.wrong(at, "a service needs an `image`"),
            Some(image) => self.verdict(&format!("{at}.image"), reference(image)),
        }
        match &service.alias {
            None => self.wrong(at, "a service needs an `alias`, by which the others reach it"),
            Some(alias) => self.verdict(&format!("{at}.alias"), grammar::alias(alias)),
        }
        self.keys(&format!("{at}.env"), service.env.as_ref(), grammar::variable);
        self.value(format!("{at}.user"), service.user.as_ref(), grammar::user);
        self.memory(at, service.memory);
        self.mounts(at, service.mounts.as_deref().unwrap_or_default());
        if let Some(ready) = &service.ready {
            self.ready(&format!("{at}.ready"), ready);
        }
    }
}

pub(super) fn reference(text: &str) -> Verdict {
    text.parse::<Reference>().map(drop).map_err(|why| why.to_string())
}
