//! From a goss file to a test.

use std::time::Duration;

use crate::expect::{Check, ContainerOptions, Health, ReadySpec, Start, TestSpec, What};
use crate::yaml::{Problem, load, nearest, shown};

use super::resource::Resource;
use super::{file, network, system};

/// How long the container must stay up before it is looked at, where it has no HEALTHCHECK.
const SETTLE: Duration = Duration::from_secs(1);
/// The longest to wait for it.
const READY: Duration = Duration::from_secs(60);
/// The shortest and the longest that the whole test may take.
const WITHIN: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(3600));

/// Reads one resource of a section; `None` where nothing is asked.
type Reader = for<'n> fn(&mut Resource<'n>) -> Result<What, Problem>;

const SECTIONS: [(&str, &str, Reader); 9] = [
    ("file", "File", file::file),
    ("package", "Package", system::package),
    ("user", "User", system::user),
    ("group", "Group", system::group),
    ("process", "Process", system::process),
    ("port", "Port", network::port),
    ("addr", "Addr", network::addr),
    ("http", "HTTP", network::http),
    ("command", "Command", system::command),
];

/// What goss has beside them, and why it cannot be had here.
const ELSEWHERE: [(&str, &str); 7] = [
    ("gossfile", "give each of the files it names to a test of its own"),
    ("dns", "which names resolve depends on the network of the machine; test what uses them by a command"),
    ("interface", "a container's interfaces are made by whoever runs it"),
    ("kernel-param", "a container has the kernel of the machine that it runs on"),
    ("matching", "it looks at no part of the image"),
    ("mount", "a container's mounts are made by whoever runs it"),
    ("service", "a container has no init system that could tell; use process or port"),
];

/// Reads a goss file (YAML or JSON) into the test `name`: each resource is one check, in the file's order, called as goss
/// calls it (`File: /etc/passwd`). One that says `skip: true` is only named. The container is started unless all that
/// is asked for can be read from the image.
pub fn goss(name: &str, bytes: &[u8]) -> Result<TestSpec, Problem> {
    no_template(bytes)?;
    let root = load(bytes)?;
    let nothing = || root.problem("this goss file holds no test");
    if root.is_null() {
        return Err(nothing());
    }
    let mut checks = Vec::new();
    let mut found = false;
    for (key, resources) in root.pairs("a goss file")? {
        let section = key.as_str().unwrap_or_default();
        let Some((_, kind, reader)) = SECTIONS.iter().find(|(name, ..)| *name == section) else {
            return Err(key.problem(unknown(section)));
        };
        if resources.is_null() {
            continue;
        }
        for (id, value) in resources.pairs(section)? {
            found = true;
            let mut resource = Resource::new(kind, section, id, value)?;
            let what = reader(&mut resource)?;
            checks.push(resource.finish(what)?);
        }
    }
    if !found {
        return Err(nothing());
    }
    let starts = checks.iter().any(Check::needs_running);
    for check in &mut checks {
        if let What::File(file) = &mut check.what {
            file.live = starts;
        }
    }
    let longest =
        checks.iter().fold(READY.saturating_add(READY), |sum, check| sum.saturating_add(limit(&check.what)));
    Ok(TestSpec {
        name: name.to_owned(),
        start: starts.then(|| Start::Service(ready())),
        container: ContainerOptions::default(),
        services: Vec::new(),
        checks,
        within: longest.clamp(WITHIN.0, WITHIN.1),
    })
}

fn ready() -> ReadySpec {
    ReadySpec {
        health: Health::WhereDeclared,
        http: None,
        log: None,
        ports: Vec::new(),
        settle: SETTLE,
        within: READY,
    }
}

/// The longest that one check takes by itself.
const fn limit(what: &What) -> Duration {
    match what {
        What::Run(run) => run.within,
        What::Http(http) => http.within,
        What::Port(port) => port.within,
        What::Address(address) => address.within,
        _ => Duration::ZERO,
    }
}

fn unknown(section: &str) -> String {
    if let Some((name, why)) = ELSEWHERE.iter().find(|(name, _)| *name == section) {
        return format!("imgbuild cannot judge goss' `{name}`: {why}");
    }
    let known = SECTIONS.map(|(name, ..)| name);
    let help = match nearest(section, &known) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("known here: {}", known.join(", ")),
    };
    format!("unknown resource `{}`; {help}", shown(section))
}

/// goss fills in templates before it reads the file, in comments and texts, too.
fn no_template(bytes: &[u8]) -> Result<(), Problem> {
    let Some(at) = memchr::memmem::find(bytes, b"{{") else { return Ok(()) };
    let before = &bytes[..at];
    let begin = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    Err(Problem {
        line: memchr::memchr_iter(b'\n', before).count() + 1,
        column: String::from_utf8_lossy(&before[begin..]).chars().count() + 1,
        message: "imgbuild does not fill in goss' templates: `goss render` writes the file without them"
            .to_owned(),
    })
}
