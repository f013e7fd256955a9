//! From `[[image.test]]` as written to the tests that are run.

mod checks;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Layers;
use super::layers::{Part, join};
use crate::config::model::{CommandLine, Mount, Period, Ready, Service, Size, Test};
use crate::config::origin::Origin;
use crate::config::settings::ConfiguredTest;
use crate::expect::{
    self, ContainerOptions, Health, ImageKind, Matcher, ReadySpec, ServiceSpec, Start, TestSpec,
};

pub(super) use checks::http;

const TEST: Duration = Duration::from_secs(300);
const READY: Duration = Duration::from_secs(60);
const SETTLE: Duration = Duration::from_secs(3);

pub(super) fn or(period: Option<Period>, default: Duration) -> Duration {
    period.map_or(default, Period::get)
}

/// The test that any image can be put to: it starts and becomes ready; or, where it is known to be a job, does its work.
/// `name` is its own where no other test has it.
pub fn any_image(name: String, kind: Option<ImageKind>) -> TestSpec {
    let wait = ready(None);
    let start = match kind {
        Some(ImageKind::Job) => Start::Job,
        Some(ImageKind::Service) => Start::Service(wait),
        Some(ImageKind::Base) => Start::Any(wait),
        None => Start::Either(wait),
    };
    TestSpec {
        name,
        start: Some(start),
        container: ContainerOptions::default(),
        services: Vec::new(),
        checks: Vec::new(),
        within: TEST,
    }
}

/// Makes the tests of one part of the file.
pub(super) struct Maker<'a> {
    part: &'a Part<'a>,
    kind: Option<ImageKind>,
    /// Where paths start.
    folder: PathBuf,
    /// What they may not leave.
    root: PathBuf,
    /// Paths that cannot be.
    pub problems: Vec<(Origin, String)>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(part: &'a Part<'a>, layers: &Layers<'_>, kind: Option<ImageKind>) -> Maker<'a> {
        let root = join(layers.root, Path::new("."));
        let folder = join(&root, &part.document().folder(layers.root));
        Maker { part, kind, folder, root, problems: Vec::new() }
    }

    /// The tests in their order, each with a name of its own.
    pub(super) fn all(&mut self, tests: &[Test]) -> Vec<ConfiguredTest> {
        let mut taken: BTreeSet<String> = tests.iter().filter_map(|test| test.name.clone()).collect();
        let mut made = Vec::new();
        for (nth, test) in tests.iter().enumerate() {
            let name = test.name.clone().unwrap_or_else(|| {
                let mut name = format!("test-{}", nth.saturating_add(1));
                while !taken.insert(name.clone()) {
                    name.push('+');
                }
                name
            });
            made.push(self.one(&format!("image.test[{nth}]"), test, name));
        }
        made
    }

    fn one(&mut self, at: &str, test: &Test, name: String) -> ConfiguredTest {
        let spec = TestSpec {
            name,
            start: self.start(test),
            container: ContainerOptions {
                env: test.env.clone().unwrap_or_default(),
                network: test.network.clone(),
                ..self.options(
                    at,
                    Options {
                        cmd: test.cmd.as_ref(),
                        user: test.user.as_ref(),
                        mounts: test.mounts.as_deref(),
                        read_only: test.read_only,
                        memory: test.memory,
                    },
                )
            },
            services: self.services(at, test.services.as_deref().unwrap_or_default()),
            checks: self.checks(at, test),
            within: or(test.within, TEST),
        };
        ConfiguredTest { spec, origin: self.part.origin(at), written: test.clone() }
    }

    fn start(&self, test: &Test) -> Option<Start> {
        let for_services = test.of_services().iter().any(|(_, is_set)| *is_set) || test.runs_inside();
        let is_job = test.job.unwrap_or(self.kind == Some(ImageKind::Job) && !for_services);
        match (test.needs_no_start(), is_job) {
            (true, _) => None,
            (false, true) => Some(Start::Job),
            (false, false) => Some(Start::Service(ready(test.ready.as_ref()))),
        }
    }

    fn options(&mut self, at: &str, options: Options<'_>) -> ContainerOptions {
        ContainerOptions {
            cmd: options.cmd.map(CommandLine::argv),
            user: options.user.cloned(),
            mounts: self.mounts(at, options.mounts.unwrap_or_default()),
            read_only: options.read_only.unwrap_or(false),
            memory: options.memory.map(Size::bytes),
            ..ContainerOptions::default()
        }
    }

    fn mounts(&mut self, at: &str, mounts: &[Mount]) -> Vec<expect::Mount> {
        let mut made = Vec::new();
        for (nth, mount) in mounts.iter().enumerate() {
            let key = format!("{at}.mounts[{nth}].bind");
            match (&mount.bind, &mount.tmpfs) {
                (Some(bind), _) => {
                    // `parse` saw to it that there are two parts.
                    let (source, target) = bind.split_once(':').unwrap_or((bind, bind));
                    let source = self.path(&key, Path::new(source));
                    match source.to_str().filter(|source| !source.contains(':')) {
                        Some(source) => made.push(expect::Mount::Bind(format!("{source}:{target}"))),
                        None => {
                            let why = "lies where an engine cannot name it: its whole path is UTF-8 without a colon";
                            self.problems.push((self.part.origin(&key), format!("bind: {why}")));
                        }
                    }
                }
                (None, Some(path)) => {
                    made.push(expect::Mount::Tmpfs(path.clone(), mount.options.clone().unwrap_or_default()));
                }
                (None, None) => {}
            }
        }
        made
    }

    fn services(&mut self, at: &str, services: &[Service]) -> Vec<ServiceSpec> {
        let mut made = Vec::new();
        for (nth, service) in services.iter().enumerate() {
            let at = format!("{at}.services[{nth}]");
            // What is missing is refused by `parse`.
            let (Some(image), Some(alias)) = (&service.image, &service.alias) else { continue };
            let options = self.options(
                &at,
                Options {
                    cmd: service.cmd.as_ref(),
                    user: service.user.as_ref(),
                    mounts: service.mounts.as_deref(),
                    read_only: service.read_only,
                    memory: service.memory,
                },
            );
            let env = service.env.clone().unwrap_or_default();
            made.push(ServiceSpec {
                image: image.clone(),
                alias: alias.clone(),
                ready: ready(service.ready.as_ref()),
                container: ContainerOptions { env, ..options },
            });
        }
        made
    }

    /// A path of the file: it starts at the file's folder, and stays in the repository.
    fn path(&mut self, key: &str, path: &Path) -> PathBuf {
        let whole = join(&self.folder, path);
        if self.folder.starts_with(&self.root) && !whole.starts_with(&self.root) {
            let name = key.rsplit('.').next().unwrap_or(key);
            self.problems.push((self.part.origin(key), format!("{name} leads out of the repository")));
        }
        whole
    }
}

/// What containers of tests and of services have in common.
struct Options<'a> {
    cmd: Option<&'a CommandLine>,
    user: Option<&'a String>,
    mounts: Option<&'a [Mount]>,
    read_only: Option<bool>,
    memory: Option<Size>,
}

pub(super) fn ready(ready: Option<&Ready>) -> ReadySpec {
    let ready = ready.cloned().unwrap_or_default();
    let within = or(ready.within, READY);
    let says_how = ready.http.is_some() || ready.log.is_some() || ready.port.is_some();
    ReadySpec {
        health: match ready.healthcheck {
            None if says_how => Health::Ignored,
            None => Health::WhereDeclared,
            Some(true) => Health::Required,
            Some(false) => Health::Ignored,
        },
        http: ready.http.as_ref().and_then(http).map(|http| expect::HttpCheck { within, ..http }),
        log: ready.log.as_ref().map(|pattern| pattern.get().clone()),
        ports: ready.port.iter().flat_map(|ports| ports.as_slice()).map(|port| port.get()).collect(),
        settle: or(ready.settle, SETTLE),
        within,
    }
}

/// One of several.
fn any(mut matchers: Vec<Matcher>) -> Matcher {
    match matchers.pop() {
        Some(only) if matchers.is_empty() => only,
        last => Matcher::Any(matchers.into_iter().chain(last).collect()),
    }
}
