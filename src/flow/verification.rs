//! What is put to an image, by the settings.

mod suite;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::gather;
use super::session::{Session, blocking};
use crate::config::{self, Origin, Settings};
use crate::engine::Image;
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::expect::{ContainerOptions, ImageKind, Mount, ProbeSet, Start, TestSpec, What};
use crate::report::Masker;
use crate::smoke::{ProbePlan, Subject};
use crate::source::CiContext;
use suite::Tool;

/// What the tests of a run depend on beside the settings.
#[derive(Debug, Clone)]
pub(super) struct Around {
    /// imgbuild's own environment.
    pub environment: Environment,
    /// The folder that it was started in.
    pub directory: PathBuf,
    /// Whether commands of the tests are somebody else's than whose rights the run has.
    pub foreign: bool,
    /// Told of values that tests take from there.
    pub masker: Masker,
}

/// The tests that somebody wrote: those of the file, and behind them the suites of other tools. Their files are read, and
/// what is to be mounted is looked for, so that all of it is refused before a long build.
pub(super) async fn tests(
    session: &Session,
    settings: Settings,
    foreign: bool,
) -> Result<(Settings, Vec<TestSpec>)> {
    let (environment, directory) = (session.environment.clone(), session.directory.clone());
    let around = Around { environment, directory, foreign, masker: session.masker.clone() };
    blocking(move || read(&settings, &around).map(|tests| (settings, tests))).await
}

fn read(settings: &Settings, around: &Around) -> Result<Vec<TestSpec>> {
    let root = gather::root_of(&settings.config_dir);
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let suites = [(Tool::StructureTest, &settings.structure_tests), (Tool::Goss, &settings.goss)];
    let suites = suites.into_iter().flat_map(|(tool, files)| files.iter().map(move |file| (tool, file)));
    let written = settings.tests.iter().map(|test| Ok((test.spec.clone(), &test.origin)));
    let read =
        suites.map(|(tool, file)| Ok((suite::read(tool, file, &root, settings, around)?, &file.origin)));
    let mut tests: Vec<TestSpec> = Vec::new();
    let mut taken = BTreeSet::new();
    for test in written.chain(read) {
        let (mut test, origin) = test?;
        may_run(&test, origin, around.foreign)?;
        // Who gives a flag may read what they like.
        let bounds = (!matches!(origin, Origin::Flag(_))).then_some(root.as_path());
        let services = test.services.iter().map(|service| &service.container);
        for mount in services.chain([&test.container]).flat_map(|container| &container.mounts) {
            if let Mount::Bind(bind) = mount {
                let source = Path::new(bind.split(':').next().unwrap_or_default());
                reach(source, origin, bounds, settings)?;
            }
        }
        while !taken.insert(test.name.clone()) {
            test.name.push('+');
        }
        tests.push(test);
    }
    Ok(tests)
}

/// A run with rights that the author of its tests lacks makes nothing of them that reaches out of a container.
fn may_run(test: &TestSpec, origin: &Origin, foreign: bool) -> Result<()> {
    let exec = test.checks.iter().any(|check| matches!(check.what, What::Exec(_)));
    let services = test.services.iter().map(|service| &service.container);
    let any = |is: &dyn Fn(&ContainerOptions) -> bool| services.clone().chain([&test.container]).any(is);
    let shares = |options: &ContainerOptions| options.network.as_ref().is_some_and(|name| name != "none");
    let binds =
        |options: &ContainerOptions| options.mounts.iter().any(|mount| matches!(mount, Mount::Bind(_)));
    let what = match () {
        () if exec => "run commands of a pull request on this machine",
        () if any(&|options| options.privileged) => {
            "give a container of a pull request all rights on this machine"
        }
        () if any(&|options| !options.capabilities.is_empty()) => {
            "give a container of a pull request further rights"
        }
        () if any(&shares) => "let a container of a pull request into a network of this machine",
        () if any(&binds) => "let a container of a pull request at files of this machine",
        () => return Ok(()),
    };
    if !foreign {
        return Ok(());
    }
    let place = origin.exact();
    Err(Error::new(Kind::Refused, format!("{place}: this would {what}, though its author has no such rights")).hint(
        "test pull requests in a run that has their own rights: `pull_request` in place of `pull_request_target`",
    ))
}

/// Whether a run on behalf of a pull request has rights that its author lacks, and does not stand on the base's `commit`.
pub(super) fn runs_foreign_code(ci: &CiContext, commit: Option<&str>) -> bool {
    ci.privileged_pr && (commit.is_none() || ci.base_commit.as_deref() != commit)
}

/// Tests and probes for `image`, which findings call `reference`. Where none of `tests` starts a container, it is seen
/// whether the image starts at all; a base that says nothing to start has nothing to show there. Where nothing is published
/// (`may_only_look`), tests that look alone are enough for who switches probes off.
pub(super) fn subject(
    settings: &Settings,
    mut tests: Vec<TestSpec>,
    image: &Image,
    reference: &str,
    probes: ProbeSet,
    may_only_look: bool,
) -> Result<Subject> {
    let kind = settings.kind.as_ref().map(|kind| kind.value);
    let has_command = !(image.entrypoint.is_empty() && image.command.is_empty());
    // What has a command of its own is not what the image starts, unless it is for the image's ENTRYPOINT to read; a job
    // with one does another work.
    let own = |test: &TestSpec| match &test.start {
        Some(Start::Job) => test.container.cmd.is_none(),
        Some(_) => test.container.cmd.is_none() || !image.entrypoint.is_empty(),
        None => false,
    };
    let starts = tests.iter().any(own);
    let set = settings.probes.as_ref().map_or(probes, |probes| probes.value);
    let only_looks = may_only_look && set == ProbeSet::Off && !tests.is_empty();
    if !starts && !only_looks && (has_command || kind != Some(ImageKind::Base)) {
        let mut name = "starts".to_owned();
        while tests.iter().any(|test| test.name == name) {
            name.push('+');
        }
        tests.insert(0, config::any_image(name, kind));
    }
    if tests.is_empty() {
        let message =
            "the image is a base without a command, and no test looks into it: nothing is known about it";
        return Err(Error::new(Kind::Tests, message)
            .hint("write an [[image.test]] with `files`, `image`, or a `run` that is `fresh`"));
    }
    let serves = |test: &&TestSpec| own(test) && test.start.as_ref().and_then(Start::ready).is_some();
    let like = tests.iter().find(serves).or_else(|| tests.iter().find(|test| own(test))).cloned();
    Ok(Subject {
        tests,
        probes: ProbePlan {
            set,
            kind,
            read_only: settings.read_only.value,
            hardened: settings.hardened.value,
            companions: settings.companions.iter().cloned().collect(),
            like,
            reference: reference.to_owned(),
        },
    })
}

/// The longest that `tests` may take, one after the other; the one that is put to any image among them.
pub(super) fn lifetime(tests: &[TestSpec]) -> Duration {
    let any = config::any_image(String::new(), None).within;
    tests.iter().map(|test| test.within).fold(any, Duration::saturating_add)
}

/// Where `path`, which `origin` names, really lies: inside of `bounds`, where there are any.
fn reach(path: &Path, origin: &Origin, bounds: Option<&Path>, settings: &Settings) -> Result<PathBuf> {
    let shown = path.strip_prefix(&settings.config_dir).unwrap_or(path).display();
    let real = path.canonicalize().map_err(|cause| {
        Error::new(Kind::Config, format!("{}: cannot find {shown}", origin.exact())).because(cause)
    })?;
    match bounds.is_none_or(|bounds| real.starts_with(bounds)) {
        true => Ok(real),
        false => Err(Error::new(
            Kind::Config,
            format!("{}: {shown} lies outside of the repository", origin.exact()),
        )),
    }
}

#[cfg(test)]
mod tests;
