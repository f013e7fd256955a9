//! The checks of a test. What is missing in one is refused by `parse`, and leaves it out here.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{Maker, any, or};
use crate::config::model::{
    self, Configuration, Entry, Exec, Exposed, File, FileSize, FileType, Http, ListeningPort, Pattern,
    Process, Protocol, Run, Size, Status, Test, Wanted,
};
use crate::expect::{
    self, Check, FileCheck, HostCommand, HttpCheck, ImageCheck, Matcher, ModeWanted, PortCheck, ProcessCheck,
    RunCheck, What, Where,
};

const HTTP: Duration = Duration::from_secs(10);
const PORT: Duration = Duration::from_secs(10);
const RUN: Duration = Duration::from_secs(30);
const EXEC: Duration = Duration::from_secs(300);

impl Maker<'_> {
    /// What needs no container first: it is the quickest to tell.
    pub(super) fn checks(&mut self, at: &str, test: &Test) -> Vec<Check> {
        let mut checks = Vec::new();
        let mut add = |name: Option<&String>, what: Option<What>| {
            checks.extend(what.map(|what| Check { name: name.cloned(), what, skip: false }));
        };
        if let Some(wanted) = &test.image {
            add(None, Some(What::Image(Box::new(configuration(wanted)))));
        }
        for wanted in test.files.iter().flatten() {
            add(wanted.name.as_ref(), file(wanted).map(What::File));
        }
        for wanted in test.ports.iter().flatten() {
            add(None, port(wanted).map(What::Port));
        }
        for wanted in test.processes.iter().flatten() {
            add(None, process(wanted).map(What::Process));
        }
        for wanted in test.http.iter().flatten() {
            add(wanted.name.as_ref(), http(wanted).map(What::Http));
        }
        for wanted in test.run.iter().flatten() {
            add(wanted.name.as_ref(), run(wanted).map(What::Run));
        }
        for (nth, wanted) in test.exec.iter().flatten().enumerate() {
            let command = self.exec(&format!("{at}.exec[{nth}]"), wanted);
            add(wanted.name.as_ref(), command.map(What::Exec));
        }
        checks
    }

    fn exec(&mut self, at: &str, exec: &Exec) -> Option<HostCommand> {
        let folder = exec.folder.as_deref().unwrap_or(Path::new("."));
        Some(HostCommand {
            argv: exec.cmd.as_ref()?.argv(),
            folder: self.path(&format!("{at}.folder"), folder),
            env: exec.env.clone().unwrap_or_default(),
            exit: code(exec.exit),
            within: or(exec.within, EXEC),
        })
    }
}

fn code(exit: Option<u8>) -> Matcher {
    Matcher::Equals(exit.unwrap_or(0).into())
}

fn equals(value: impl Into<serde_json::Value>) -> Matcher {
    Matcher::Equals(value.into())
}

fn text(value: &Option<String>) -> Option<Matcher> {
    value.clone().map(equals)
}

pub(in crate::config::resolve) fn http(http: &Http) -> Option<HttpCheck> {
    let statuses = http.status.as_ref().map_or(&[Status::OK][..], |statuses| statuses.as_slice());
    Some(HttpCheck {
        path: http.path.clone().unwrap_or_else(|| "/".to_owned()),
        port: http.port?.get(),
        method: http.method.unwrap_or_default().as_str().to_owned(),
        headers: http.headers.clone().unwrap_or_default(),
        body: http.send.clone().map(String::into_bytes),
        status: Some(any(statuses.iter().map(|status| equals(status.get())).collect())),
        answer_headers: entries(http.answer_headers.as_ref()),
        answer_head: Vec::new(),
        answer_body: http.body.iter().flat_map(model::Body::matchers).collect(),
        answer_json: http.body.iter().flat_map(model::Body::json).collect(),
        follow_redirects: http.follow_redirects.unwrap_or(false),
        within: or(http.within, HTTP),
    })
}

fn entries(map: Option<&BTreeMap<String, Entry>>) -> Vec<(String, Matcher)> {
    map.into_iter().flatten().map(|(name, entry)| (name.clone(), entry.matcher())).collect()
}

fn run(run: &Run) -> Option<RunCheck> {
    let place = if run.fresh.unwrap_or(false) { Where::Fresh } else { Where::Running };
    let output = |wanted: &Option<Wanted<Pattern>>| wanted.iter().map(Wanted::matcher).collect();
    Some(RunCheck {
        env: run.env.clone().unwrap_or_default().into_iter().collect(),
        exit: code(run.exit),
        stdout: output(&run.stdout),
        stderr: output(&run.stderr),
        ..RunCheck::new(run.cmd.as_ref()?.argv(), place, or(run.within, RUN))
    })
}

fn file(file: &File) -> Option<FileCheck> {
    let mode = file.mode.as_ref().and_then(|digits| u32::from_str_radix(digits, 8).ok());
    Some(FileCheck {
        path: file.path.clone()?,
        follow: file.kind != Some(FileType::Symlink) && file.link.is_none(),
        exists: Some(file.exists.unwrap_or(true)),
        kind: file.kind.map(Into::into),
        mode: mode.map(ModeWanted::Bits),
        uid: file.uid.map(equals),
        gid: file.gid.map(equals),
        owner: text(&file.owner),
        group: text(&file.group),
        size: file.size.as_ref().map(FileSize::matcher),
        link: file.link.as_ref().map(Wanted::matcher),
        content: file.content.iter().map(Wanted::matcher).collect(),
        sha256: file.sha256.as_ref().map(|sum| equals(sum.to_ascii_lowercase())),
        ..FileCheck::default()
    })
}

fn port(port: &ListeningPort) -> Option<PortCheck> {
    let port = port.table();
    let listening = port.listening.unwrap_or(true);
    Some(PortCheck {
        protocol: match port.protocol.unwrap_or_default() {
            Protocol::Tcp => expect::Protocol::AnyTcp,
            Protocol::Udp => expect::Protocol::AnyUdp,
        },
        port: port.port?.get(),
        listening,
        everywhere: listening && port.everywhere.unwrap_or(true),
        addresses: None,
        within: or(port.within, PORT),
    })
}

fn process(process: &Process) -> Option<ProcessCheck> {
    let process = process.table();
    let running = process.running.or(process.count.is_none().then_some(true));
    Some(ProcessCheck {
        name: process.name?,
        running: running.map(equals),
        count: process.count.as_ref().map(Wanted::matcher),
        uid: process.uid.map(equals),
    })
}

fn configuration(wanted: &Configuration) -> ImageCheck {
    ImageCheck {
        env: entries(wanted.env.as_ref()),
        labels: entries(wanted.labels.as_ref()),
        entrypoint: wanted.entrypoint.clone(),
        cmd: wanted.cmd.clone(),
        exposed: wanted.ports.iter().flatten().map(Exposed::text).collect(),
        volumes: wanted.volumes.clone().unwrap_or_default(),
        workdir: wanted.workdir.as_ref().map(Wanted::matcher),
        user: wanted.user.as_ref().map(Wanted::matcher),
        size: wanted.max_size.map(|size| Matcher::AtMost(bytes(size))),
        ..ImageCheck::default()
    }
}

fn bytes(size: Size) -> f64 {
    size.bytes() as f64
}
