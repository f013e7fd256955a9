//! Arguments as the plain values that the configuration takes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{
    BuildArgs, CheckArgs, CleanArgs, Command, ContextArgs, DeployArgs, FailOn, Global, ImageKind, InsideJob,
    Probes, PromoteArgs, PromoteTo, Push, RollbackArgs, TestArgs, VerifyArgs, VerifyImageArgs,
};
use crate::config::{self, Flags, model};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::expect::{self, ProbeSet};
use crate::flow::{
    CheckOptions, CleanOptions, DeployOptions, Inside, PromoteOptions, RetentionOptions, VerifyOptions,
};

/// What `inside` has to do.
pub(super) fn of_inside(job: &InsideJob) -> Inside {
    match job {
        InsideJob::Sockets => Inside::Sockets,
        InsideJob::Dns => Inside::Dns,
        InsideJob::Connect { host, port, milliseconds } => {
            Inside::Connect { host: host.clone(), port: *port, within: Duration::from_millis(*milliseconds) }
        }
        InsideJob::Stop => Inside::Stop,
        InsideJob::Continue => Inside::Continue,
    }
}

/// `environment`, which hands the variable of no key to sign with on to a child process, whichever name it has.
pub(super) fn withholding_keys(command: &Command, environment: Environment) -> Environment {
    let given = match command {
        Command::Ci(args) | Command::Build(args) => args.sign_key.as_deref(),
        Command::Plan { build, .. } | Command::Config { build, .. } => build.sign_key.as_deref(),
        Command::Promote(args) => args.sign_key.as_deref(),
        _ => None,
    };
    let keys = given.into_iter().chain(environment.get("IMGBUILD_SIGN_KEY"));
    let names: Vec<String> = keys.filter_map(config::key_variable).map(str::to_owned).collect();
    names.into_iter().fold(environment, Environment::withholding)
}

/// The flags of a run.
pub(super) fn of_build(args: &BuildArgs, global: &Global) -> Result<Flags> {
    let profile = args.profile.as_deref().map(str::parse).transpose();
    let profile = profile.map_err(|cause| Error::new(Kind::Usage, "--profile").because(cause))?;
    Ok(Flags {
        profile,
        repository: args.repository.clone(),
        context: args.files.context.clone(),
        dockerfile: args.files.dockerfile.clone(),
        target: args.target.clone(),
        platform: args.platform.clone(),
        tags: args.tags.clone(),
        network: args.network.clone(),
        push: args.push.map(|push| match push {
            Push::Auto => config::Push::Auto,
            Push::Never => config::Push::Never,
            Push::Always => config::Push::Always,
        }),
        sign_key: args.sign_key.clone(),
        build_args: args.build_args.clone(),
        no_cache: args.no_cache.then_some(true),
        builder: args.builder.clone(),
        secrets: args.secrets.clone(),
        ssh: args.ssh.clone(),
        cache_from: args.cache_from.clone(),
        cache_to: args.cache_to.clone(),
        contexts: args.contexts.clone(),
        pull: args.pull.then_some(true),
        reproducible: args.reproducible.then_some(true),
        report: global.report.clone(),
        ..of_verify(&args.verify)
    })
}

/// The flags of `test`.
pub(super) fn of_test(args: &TestArgs, global: &Global) -> Flags {
    Flags {
        structure_tests: args.structure_tests.clone(),
        goss: args.goss.clone(),
        kind: args.kind.map(|kind| match kind {
            ImageKind::Service => expect::ImageKind::Service,
            ImageKind::Job => expect::ImageKind::Job,
            ImageKind::Base => expect::ImageKind::Base,
        }),
        report: global.report.clone(),
        ..of_verify(&args.verify)
    }
}

/// What `deploy` is asked for.
pub(super) fn of_deploy(args: &DeployArgs) -> DeployOptions {
    DeployOptions {
        name: args.name.clone(),
        reference: args.reference.clone(),
        host: args.host.host.clone(),
        adopt: args.adopt,
        break_lock: args.break_lock,
    }
}

/// What `rollback` is asked for.
pub(super) fn of_rollback(args: &RollbackArgs) -> DeployOptions {
    DeployOptions {
        name: args.name.clone(),
        reference: args.to.clone(),
        host: args.host.host.clone(),
        adopt: false,
        break_lock: args.break_lock,
    }
}

fn of_verify(args: &VerifyArgs) -> Flags {
    Flags {
        probes: args.probes.map(|probes| match probes {
            Probes::Off => ProbeSet::Off,
            Probes::Quick => ProbeSet::Quick,
            Probes::Full => ProbeSet::Full,
        }),
        hardened: args.hardened.then_some(true),
        junit: args.junit.clone(),
        report_dir: args.report_dir.clone(),
        ..Flags::default()
    }
}

/// What is cleaned up on an engine.
pub(super) fn of_clean(args: &CleanArgs) -> CleanOptions {
    CleanOptions {
        yes: args.yes,
        dev_older_than: args.dev_older_than.map(model::Age::seconds),
        cache_max: args.cache_max.map(model::Size::bytes),
        all_dangling: args.all_dangling,
        gone_deployments: args.gone_deployments,
    }
}

/// What is cleaned up in a registry.
pub(super) fn of_retention(args: &CleanArgs, repository: &str) -> RetentionOptions {
    RetentionOptions { repository: repository.to_owned(), yes: args.yes, keep: args.keep.clone() }
}

/// The flags of `context`.
pub(super) fn of_context(args: &ContextArgs) -> Flags {
    Flags {
        context: args.files.context.clone(),
        dockerfile: args.files.dockerfile.clone(),
        ..Flags::default()
    }
}

/// Where the report goes: as the flag says, else as `IMGBUILD_REPORT` does.
pub(super) fn report(global: &Global, environment: &Environment, directory: &Path) -> Option<PathBuf> {
    let path = global.report.clone().or_else(|| environment.get_os("IMGBUILD_REPORT").map(PathBuf::from));
    path.map(|path| directory.join(path))
}

/// Where the tests' results go as JUnit XML.
pub(super) fn junit(command: &Command, directory: &Path) -> Option<PathBuf> {
    let verify = match command {
        Command::Ci(args) | Command::Build(args) | Command::Plan { build: args, .. } => &args.verify,
        Command::Test(args) => &args.verify,
        _ => return None,
    };
    verify.junit.as_ref().map(|path| directory.join(path))
}

/// The folder for every form of the report: as the flag says, else as `IMGBUILD_REPORT_DIR` does.
pub(super) fn report_dir(command: &Command, environment: &Environment, directory: &Path) -> Option<PathBuf> {
    let flag = match command {
        Command::Ci(args) | Command::Build(args) | Command::Plan { build: args, .. } => {
            &args.verify.report_dir
        }
        Command::Test(args) => &args.verify.report_dir,
        Command::Check(args) => &args.report_dir,
        _ => return None,
    };
    let variable = || environment.get_os("IMGBUILD_REPORT_DIR").map(PathBuf::from);
    flag.clone().or_else(variable).map(|path| directory.join(path))
}

/// What `verify` is asked.
pub(super) fn verify_options(args: &VerifyImageArgs) -> VerifyOptions {
    VerifyOptions {
        reference: args.reference.clone(),
        keys: args.keys.clone(),
        policy: args.policy.clone(),
        skip_layers: args.skip_layers,
    }
}

/// What `promote` is told. Where to is the one place that there is.
pub(super) fn of_promote(args: &PromoteArgs) -> (Flags, PromoteOptions) {
    let PromoteTo::Release = args.to;
    let options = PromoteOptions {
        reference: args.reference.clone(),
        version: args.version.clone(),
        keys: args.keys.clone(),
        makes_tag: args.tag_git,
    };
    let (variant, sign_key) = (args.variant.clone(), args.sign_key.clone());
    (Flags { variant, sign_key, ..Flags::default() }, options)
}

/// The flags of `check`.
pub(super) fn of_check(args: &CheckArgs) -> Flags {
    Flags {
        context: args.files.context.clone(),
        dockerfile: args.files.dockerfile.clone(),
        target: args.target.clone(),
        ..Flags::default()
    }
}

/// What a check is asked for; `stdin` is its text, where `-` is among the paths.
pub(super) fn check_options(args: &CheckArgs, stdin: Option<Vec<u8>>) -> CheckOptions {
    CheckOptions {
        paths: args.paths.clone(),
        image: args.image.clone(),
        fix: args.fix,
        baseline: args.baseline.clone(),
        write_baseline: args.write_baseline.clone(),
        offline: args.offline,
        no_shellcheck: args.no_shellcheck,
        fail_on: args.fail_on.map(|level| match level {
            FailOn::Info => model::FailOn::Info,
            FailOn::Warning => model::FailOn::Warning,
            FailOn::Error => model::FailOn::Error,
            FailOn::Never => model::FailOn::Never,
        }),
        stdin,
    }
}
