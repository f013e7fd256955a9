//! What is put to an image, by the settings.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::gather;
use crate::config::{self, Origin, Settings, Sourced};
use crate::engine::Image;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::expect::{ImageKind, Mount, ProbeSet, TestSpec, What};
use crate::smoke::{ProbePlan, Subject};
use crate::source::CiContext;
use crate::suites::{self, Outside};

/// Whose test files are read.
#[derive(Debug, Clone, Copy)]
enum Tool {
    StructureTest,
    Goss,
}

/// What helps where a pull request would use rights that its author lacks.
const OWN_RIGHTS: &str =
    "test pull requests in a run that has their own rights: `pull_request` in place of `pull_request_target`";

/// The largest file of another tool that is read, in bytes.
const MAX_SUITE: u64 = 4 << 20;

/// The tests that somebody wrote: those of the file, and behind them the suites of other tools. Their files are read, and
/// what is to be mounted is looked for, so that all of it is refused before a long build.
///
/// `runs_foreign_code` says that commands of these tests are somebody else's than whose rights the run has. `environment`
/// is imgbuild's own, of which suites may ask for variables.
///
/// Blocking.
pub(super) fn tests(
    settings: &Settings,
    runs_foreign_code: bool,
    environment: &Environment,
) -> Result<Vec<TestSpec>> {
    let root = gather::root_of(&settings.config_dir);
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut tests = Vec::new();
    for test in settings.tests.iter() {
        let exec = test.spec.checks.iter().any(|check| matches!(check.what, What::Exec(_)));
        if exec && runs_foreign_code {
            let place = test.origin.exact();
            let message = format!(
                "{place}: `exec` would run commands of a pull request on this machine, with rights that its author \
                 lacks"
            );
            return Err(Error::new(Kind::Refused, message).hint(OWN_RIGHTS));
        }
        let services = test.spec.services.iter().map(|service| &service.container);
        for mount in services.chain([&test.spec.container]).flat_map(|container| &container.mounts) {
            if let Mount::Bind(bind) = mount {
                let source = Path::new(bind.split(':').next().unwrap_or_default());
                reach(source, &test.origin, Some(&root), settings)?;
            }
        }
        tests.push(test.spec.clone());
    }
    let mut taken: BTreeSet<String> = tests.iter().map(|test: &TestSpec| test.name.clone()).collect();
    for (tool, files) in [(Tool::StructureTest, &settings.structure_tests), (Tool::Goss, &settings.goss)] {
        for file in files {
            let environment = (!runs_foreign_code).then_some(environment);
            let mut test = suite(tool, file, &root, settings, environment)?;
            while !taken.insert(test.name.clone()) {
                test.name.push('+');
            }
            tests.push(test);
        }
    }
    Ok(tests)
}

/// Whether a run on behalf of a pull request has rights that its author lacks, and does not stand on the base's `commit`.
pub(super) fn runs_foreign_code(ci: &CiContext, commit: Option<&str>) -> bool {
    ci.privileged_pr && (commit.is_none() || ci.base_commit.as_deref() != commit)
}

/// Tests and probes for `image`, which findings call `reference`. Where none of `tests` starts a container, it is seen
/// whether the image starts at all, unless probes are switched off; a base that says nothing to start has nothing to show there.
pub(super) fn subject(
    settings: &Settings,
    mut tests: Vec<TestSpec>,
    image: &Image,
    reference: &str,
    probes: ProbeSet,
) -> Subject {
    let kind = settings.kind.as_ref().map(|kind| kind.value);
    let has_command = !(image.entrypoint.is_empty() && image.command.is_empty());
    let starts = tests.iter().any(|test| test.start.is_some());
    // Who has tests and wants no probes wants to see nothing run but what those run.
    let off = settings.probes.as_ref().is_some_and(|probes| probes.value == ProbeSet::Off);
    if !starts && !(off && !tests.is_empty()) && (has_command || kind != Some(ImageKind::Base)) {
        let mut name = "starts".to_owned();
        while tests.iter().any(|test| test.name == name) {
            name.push('+');
        }
        tests.insert(0, config::any_image(name, kind));
    }
    let like = tests.iter().find(|test| test.start.is_some()).cloned();
    Subject {
        tests,
        probes: ProbePlan {
            set: settings.probes.as_ref().map_or(probes, |probes| probes.value),
            kind,
            read_only: settings.read_only.value,
            hardened: settings.hardened.value,
            companions: settings.companions.iter().cloned().collect(),
            like,
            reference: reference.to_owned(),
        },
    }
}

/// The longest that `tests` may take, one after the other; the one that is put to any image among them.
pub(super) fn lifetime(tests: &[TestSpec]) -> Duration {
    let any = config::any_image(String::new(), None).within;
    tests.iter().map(|test| test.within).fold(any, Duration::saturating_add)
}

/// Sees that `path`, which `origin` names, is there, and that no link leads it out of the repository.
fn reach(path: &Path, origin: &Origin, bounds: Option<&Path>, settings: &Settings) -> Result<PathBuf> {
    let shown = path.strip_prefix(&settings.config_dir).unwrap_or(path).display();
    let real = path.canonicalize().map_err(|cause| {
        Error::new(Kind::Config, format!("{}: cannot find {shown}", origin.exact())).because(cause)
    })?;
    match bounds.is_none_or(|bounds| real.starts_with(bounds)) {
        true => Ok(real),
        false => Err(Error::new(
            Kind::Config,
            format!("{}: {shown} is a link that leads out of the repository", origin.exact()),
        )),
    }
}

/// The test that a file of another tool comes to. Without an `environment`, none of its variables is given away.
fn suite(
    tool: Tool,
    file: &Sourced<PathBuf>,
    root: &Path,
    settings: &Settings,
    environment: Option<&Environment>,
) -> Result<TestSpec> {
    // Who gives a flag may read what they like.
    let bounds = (!matches!(file.origin, Origin::Flag(_))).then_some(root);
    let path = reach(file, &file.origin, bounds, settings)?;
    let name = file.strip_prefix(&settings.config_dir).unwrap_or(file).to_string_lossy().into_owned();
    let unreadable = |cause| Error::new(Kind::Io, format!("cannot read {name}")).because(cause);
    let opened = fs::File::open(&path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    opened.take(MAX_SUITE.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_SUITE {
        return Err(Error::new(Kind::Config, format!("{name} is larger than {} MiB", MAX_SUITE >> 20)));
    }
    match tool {
        Tool::StructureTest => {
            let denied = Cell::new(false);
            let outside = Outside {
                env: &|name| match environment {
                    Some(environment) => environment.get(name).map(str::to_owned),
                    None => {
                        denied.set(true);
                        None
                    }
                },
                file: &|path| {
                    let path = settings.config_dir.join(path);
                    let path = path.canonicalize().map_err(|why| why.to_string())?;
                    match bounds.is_none_or(|bounds| path.starts_with(bounds)) {
                        true => read_env_file(&path),
                        false => Err("it is outside the repository".to_owned()),
                    }
                },
            };
            let read = suites::structure_test(&name, &bytes, &outside);
            if denied.get() {
                let message = format!(
                    "{name}: `envVars` of `containerRunOptions` would give variables of this run to commands of a pull \
                     request, whose author lacks its rights"
                );
                return Err(Error::new(Kind::Refused, message).hint(OWN_RIGHTS));
            }
            let test = read.map_err(|problem| Error::new(Kind::Config, format!("{name}:{problem}")))?;
            for mount in &test.container.mounts {
                if let Mount::Bind(bind) = mount {
                    reach(
                        Path::new(bind.split(':').next().unwrap_or_default()),
                        &file.origin,
                        bounds,
                        settings,
                    )?;
                }
            }
            Ok(test)
        }
        Tool::Goss => suites::goss(&name, &bytes)
            .map_err(|problem| Error::new(Kind::Config, format!("{name}:{problem}"))),
    }
}

/// A file of variables. One that is no plain file could keep the reader waiting.
fn read_env_file(path: &Path) -> Result<Vec<u8>, String> {
    if !path.metadata().is_ok_and(|meta| meta.is_file()) {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    let opened = fs::File::open(path).map_err(|why| why.to_string())?;
    opened.take(MAX_SUITE.saturating_add(1)).read_to_end(&mut bytes).map_err(|why| why.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
