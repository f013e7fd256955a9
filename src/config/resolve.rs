//! All layers merged into [`Settings`]: flag, variable, profile, file, default, in this order.

mod agree;
mod builder;
mod checks;
mod deploy;
mod evidence;
mod layers;
mod paths;
mod policy;
mod retention;
mod specs;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::document::Document;
use super::flags::Flags;
use super::grammar;
use super::model::{self, Period};
use super::origin::{Origin, Sourced};
use super::repository;
use super::settings::{
    ConfiguredTest, Profile, PromoteSettings, Push, PushLimits, Registries, RoleSettings, Settings,
};
use crate::environment::Environment;
use crate::error::Result;
use crate::expect::ImageKind;
use crate::image::TagTemplate;
use layers::{Asked, Key, Part};
use paths::{path, paths};

pub use evidence::key_variable;
pub(super) use layers::join;
pub use specs::any_image;

const PROFILE: Key = Key::variable("", "--profile", "IMGBUILD_PROFILE");
const PUSH: Key = Key::variable("", "--push", "IMGBUILD_PUSH");
const REPORT: Key = Key::variable("", "--report", "IMGBUILD_REPORT");
const REPORT_DIR: Key = Key::variable("", "--report-dir", "IMGBUILD_REPORT_DIR");
const REPOSITORY: Key = Key::variable("image.repository", "--repository", "IMGBUILD_REPOSITORY");
const CONTEXT: Key = Key::variable("image.context", "--context", "IMGBUILD_CONTEXT");
const DOCKERFILE: Key = Key::variable("image.dockerfile", "--dockerfile", "IMGBUILD_DOCKERFILE");
const TARGET: Key = Key::variable("image.target", "--target", "IMGBUILD_TARGET");
const PLATFORM: Key = Key::variable("image.platform", "--platform", "IMGBUILD_PLATFORM");
const VARIANT: Key = Key::flag("image.variant", "--variant");
const TAGS: Key = Key::flag("image.tags", "--tag");
const LABELS: Key = Key::flag("image.labels", "--label");
const BUILD_ARGS: Key = Key::flag("image.build.args", "--build-arg");
const NETWORK: Key = Key::flag("image.build.network", "--network");
const PULL: Key = Key::variable("image.build.pull", "--pull", "IMGBUILD_PULL");
const NO_CACHE: Key = Key::variable("image.build.no-cache", "--no-cache", "IMGBUILD_NO_CACHE");
const REPRODUCIBLE: Key =
    Key::variable("image.build.reproducible", "--reproducible", "IMGBUILD_REPRODUCIBLE");
const KIND: Key = Key::flag("image.kind", "--kind");
const PROBES: Key = Key::flag("image.probes", "--probes");
const HARDENED: Key = Key::flag("image.hardened", "--hardened");
const STRUCTURE_TESTS: Key = Key::flag("image.structure-tests", "--structure-test");
const GOSS: Key = Key::flag("image.goss", "--goss");
const JUNIT: Key = Key::flag("", "--junit");
const INSECURE: Key = Key::quiet("registries.insecure", Some("IMGBUILD_INSECURE_REGISTRIES"));
const PROMOTE_BRANCHES: Key = Key::quiet("promote.branches", None);
const PUSH_RETRY_FOR: Key = Key::quiet("push.retry-for", Some("IMGBUILD_PUSH_RETRY_FOR"));
const PUSH_IDLE_TIMEOUT: Key = Key::quiet("push.idle-timeout", Some("IMGBUILD_PUSH_IDLE_TIMEOUT"));
const PUSH_TIMEOUT: Key = Key::quiet("push.timeout", None);

/// The branches whose commits may be promoted where nobody says which.
const PROMOTED: [&str; 2] = ["main", "release/*"];

/// Everything that settings are made of.
#[derive(Debug, Clone, Copy)]
pub struct Layers<'a> {
    /// What the command line said.
    pub flags: &'a Flags,
    /// The `IMGBUILD_*` variables.
    pub environment: &'a Environment,
    /// The file; on a pull request the one that [`with_policy`](super::with_policy) made.
    pub document: Option<&'a Document>,
    /// Whether a CI was detected, which chooses the profile.
    pub is_ci: bool,
    /// Whether the command pushes unless told otherwise.
    pub push: Push,
    /// Where relative paths of flags and variables start: the working folder, absolute.
    pub working_folder: &'a Path,
    /// The repository's root, absolute: where paths start without a file, and what paths of the file may not leave.
    pub root: &'a Path,
    /// The run's start, unix seconds: policies limit for how long a waiver may last.
    pub now: i64,
    /// Knows what else a rule is called.
    pub rule_names: RuleNames,
}

/// Every name of the rule that the id means, the id among them; of an unknown one, the id alone. Files name rules as they
/// like, and a policy has to know them all.
pub type RuleNames = fn(&str) -> Vec<String>;

/// Merges the layers. Reads nothing: whether files are there is for [`locate`](fn@super::locate) to say.
///
/// All problems are told at once, a line each; [`Kind::Usage`](crate::error::Kind::Usage) where only flags are wrong,
/// else [`Kind::Config`](crate::error::Kind::Config).
pub fn resolve(layers: &Layers<'_>) -> Result<Settings> {
    let Layers { flags, environment, document, .. } = *layers;
    let mut asked = Asked { parts: Vec::new(), environment, problems: Vec::new(), locks: Vec::new() };
    let profile = profile(&mut asked, layers);
    asked.parts = Part::of(document, profile.value);
    let demands = policy::demands(document);
    asked.locks = demands.locks.clone();
    policy::hold_to_locks(&mut asked, document);

    // Paths are relative to the own file; where there is none, the policy's folder must not matter.
    let own = document.filter(|document| document.scope.only.is_none());
    let config_path = own.and_then(|document| document.path.clone());
    let config_dir = config_path.as_deref().and_then(Path::parent).unwrap_or(layers.root);
    let config_dir = join(layers.root, config_dir);

    let registries = registries(&mut asked);
    let promote = promote(&asked);
    let evidence = evidence::evidence(&mut asked, layers);
    let mut checks = checks::checks(&mut asked, layers, demands);
    policy::hold_to_demands(&mut asked, layers, &mut checks);
    let secrets = asked.image("image.build.secrets", |image| image.build.as_ref()?.secrets.clone());
    let ssh = asked.image("image.build.ssh", |image| image.build.as_ref()?.ssh.clone());
    let allowed = builder::entitlements(&asked).into_iter().map(|entitlement| entitlement.value).collect();
    let handed =
        (secrets.as_ref().map(|ids| ids.as_slice()), ssh.as_ref().map(|ids| ids.as_slice()), allowed);
    checks.policy.digest = policy::digest(layers, &registries, (&promote, &evidence), &checks, handed);
    let context = path(&mut asked, layers, &CONTEXT, &flags.context, |image| image.context.as_ref());
    let kind =
        asked.flag(&KIND, &flags.kind).or_else(|| asked.image(KIND.file, |image| image.kind.map(Into::into)));
    let settings = Settings {
        config_files: document.map(Document::files).unwrap_or_default(),
        repository: text(
            &mut asked,
            &REPOSITORY,
            &flags.repository,
            |image| image.repository.as_ref(),
            repository::check,
        ),
        registries,
        promote,
        context: context.unwrap_or_else(|| Sourced::default(config_dir.clone())),
        dockerfile: path(&mut asked, layers, &DOCKERFILE, &flags.dockerfile, |image| {
            image.dockerfile.as_ref()
        }),
        target: text(&mut asked, &TARGET, &flags.target, |image| image.target.as_ref(), grammar::target),
        platform: text(
            &mut asked,
            &PLATFORM,
            &flags.platform,
            |image| image.platform.as_ref(),
            grammar::platform,
        ),
        variant: text(&mut asked, &VARIANT, &flags.variant, |image| image.variant.as_ref(), grammar::variant),
        tags: tags(&mut asked, &flags.tags),
        build_args: asked.map(&BUILD_ARGS, |image| image.build.as_ref()?.args.as_ref(), &flags.build_args),
        labels: asked.map(&LABELS, |image| image.labels.as_ref(), &flags.labels),
        generated: asked
            .image("image.build.generated", |image| image.build.as_ref()?.generated.clone())
            .unwrap_or_else(|| Sourced::default(Vec::new())),
        network: text(
            &mut asked,
            &NETWORK,
            &flags.network,
            |image| image.build.as_ref()?.network.as_ref(),
            grammar::network,
        ),
        pull: switch(&mut asked, &PULL, flags.pull, |build| build.pull),
        no_cache: switch(&mut asked, &NO_CACHE, flags.no_cache, |build| build.no_cache),
        reproducible: switch(&mut asked, &REPRODUCIBLE, flags.reproducible, |build| build.reproducible),
        builder: builder::builder(&mut asked, layers, flags),
        timeout: time(&asked, "image.build.timeout", 30 * 60, |build| build.timeout),
        idle_timeout: time(&asked, "image.build.idle-timeout", 10 * 60, |build| build.idle_timeout),
        tests: tests_of(&mut asked, layers, kind.as_ref().map(|kind| kind.value)),
        kind,
        probes: asked
            .flag(&PROBES, &flags.probes)
            .or_else(|| asked.image(PROBES.file, |image| image.probes.map(Into::into))),
        read_only: asked.image("image.read-only", |image| image.read_only).unwrap_or(Sourced::default(false)),
        hardened: asked
            .flag(&HARDENED, &flags.hardened)
            .or_else(|| asked.image(HARDENED.file, |image| image.hardened))
            .unwrap_or(Sourced::default(false)),
        companions: asked
            .image("image.companions", |image| image.companions.clone())
            .unwrap_or_else(|| Sourced::default(Vec::new())),
        structure_tests: paths(&mut asked, layers, &STRUCTURE_TESTS, &flags.structure_tests, |image| {
            image.structure_tests.as_ref()
        }),
        deploys: deploy::deploys(&mut asked),
        goss: paths(&mut asked, layers, &GOSS, &flags.goss, |image| image.goss.as_ref()),
        keep_dev: asked.image("image.keep-dev", |image| image.keep_dev).unwrap_or(Sourced::default(3)),
        retention: retention::retention(&asked),
        checks,
        evidence,
        push_limits: PushLimits {
            retry_for: limit(&mut asked, &PUSH_RETRY_FOR, 30, |push| push.retry_for),
            idle_timeout: limit(&mut asked, &PUSH_IDLE_TIMEOUT, 60, |push| push.idle_timeout),
            timeout: limit(&mut asked, &PUSH_TIMEOUT, 60 * 60, |push| push.timeout),
        },
        push: asked
            .flag(&PUSH, &flags.push)
            .or_else(|| asked.variable_as(&PUSH, |word| word.parse::<Push>().map_err(|why| why.to_string())))
            .unwrap_or(Sourced::new(layers.push, Origin::Command)),
        report: asked
            .flag(&REPORT, &flags.report)
            .or_else(|| asked.variable_path(&REPORT))
            .map(|path| path.map(|path| join(layers.working_folder, &path))),
        junit: asked
            .flag(&JUNIT, &flags.junit)
            .map(|path| path.map(|path| join(layers.working_folder, &path))),
        report_dir: asked
            .flag(&REPORT_DIR, &flags.report_dir)
            .or_else(|| asked.variable_path(&REPORT_DIR))
            .map(|path| path.map(|path| join(layers.working_folder, &path))),
        profile,
        config_path,
        config_dir,
    };
    agree::check(&mut asked, flags, &settings);
    asked.into_result().map(|()| settings)
}

fn profile(asked: &mut Asked<'_>, layers: &Layers<'_>) -> Sourced<Profile> {
    asked
        .flag(&PROFILE, &layers.flags.profile)
        .or_else(|| {
            asked.variable_as(&PROFILE, |word| word.parse::<Profile>().map_err(|why| why.to_string()))
        })
        .unwrap_or(if layers.is_ci {
            Sourced::new(Profile::Ci, Origin::Detected("a CI was detected"))
        } else {
            Sourced::new(Profile::Local, Origin::Detected("no CI was detected"))
        })
}

/// The file's values were checked with their lines; what a flag or a variable says is checked here.
fn text(
    asked: &mut Asked<'_>,
    key: &Key,
    flag: &Option<String>,
    get: fn(&model::Image) -> Option<&String>,
    check: fn(&str) -> grammar::Verdict,
) -> Option<Sourced<String>> {
    let Some(given) = asked.flag(key, flag).or_else(|| asked.variable(key)) else {
        return asked.image(key.file, |image| get(image).cloned());
    };
    match check(&given) {
        Ok(()) => Some(given),
        Err(why) => {
            asked.wrong(&given.origin, &why);
            None
        }
    }
}

fn switch(
    asked: &mut Asked<'_>,
    key: &Key,
    flag: Option<bool>,
    get: fn(&model::Build) -> Option<bool>,
) -> Sourced<bool> {
    asked
        .flag(key, &flag)
        .or_else(|| asked.variable_as(key, yes_or_no))
        .or_else(|| asked.image(key.file, |image| get(image.build.as_ref()?)))
        .unwrap_or(Sourced::default(false))
}

fn yes_or_no(word: &str) -> Result<bool, String> {
    match word.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

fn time(
    asked: &Asked<'_>,
    key: &str,
    default: u64,
    get: fn(&model::Build) -> Option<Period>,
) -> Sourced<Duration> {
    asked
        .image(key, |image| get(image.build.as_ref()?))
        .map_or(Sourced::default(Duration::from_secs(default)), |period| period.map(Period::get))
}

/// A limit of `[push]`; `default` in seconds.
fn limit(
    asked: &mut Asked<'_>,
    key: &Key,
    default: u64,
    get: fn(&model::Push) -> Option<Period>,
) -> Sourced<Duration> {
    asked
        .variable_as(key, |text| text.parse::<Period>().map_err(|why| why.to_string()))
        .or_else(|| asked.file(key.file, |part| get(part.push?)))
        .map_or(Sourced::default(Duration::from_secs(default)), |period| period.map(Period::get))
}

/// The list of the strongest part of the file, and behind it what the flags add.
fn tags(asked: &mut Asked<'_>, flags: &[String]) -> Vec<Sourced<TagTemplate>> {
    let written = asked.parts_for(TAGS.file).find_map(|part| {
        let tags = part.image?.tags.as_ref()?;
        let read = |(nth, text): (usize, &String)| {
            Some(Sourced::new(text.parse().ok()?, part.origin(&format!("{}[{nth}]", TAGS.file))))
        };
        Some(tags.iter().enumerate().filter_map(read).collect::<Vec<Sourced<TagTemplate>>>())
    });
    let mut all = written.unwrap_or_default();
    if !flags.is_empty() {
        asked.unlocked(&TAGS, &Origin::Flag(TAGS.flag));
    }
    for text in flags {
        let origin = Origin::Flag(TAGS.flag);
        match text.parse() {
            Ok(template) => all.push(Sourced::new(template, origin)),
            Err(why) => asked.wrong(&origin, &format!("{why}")),
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|tag| seen.insert(tag.value.clone()));
    all
}

fn tests_of(
    asked: &mut Asked<'_>,
    layers: &Layers<'_>,
    kind: Option<ImageKind>,
) -> Sourced<Vec<ConfiguredTest>> {
    let written = asked.parts_for("image.test").find_map(|part| {
        let tests = part.image?.test.as_ref().filter(|tests| !tests.is_empty())?;
        let mut maker = specs::Maker::new(&part, layers, kind);
        let made = maker.all(tests);
        Some((Sourced::new(made, part.origin("image.test")), maker.problems))
    });
    let Some((tests, problems)) = written else { return Sourced::default(Vec::new()) };
    for (origin, why) in problems {
        asked.offence(&origin, &why);
    }
    tests
}

/// The list of the strongest part of the file.
fn promote(asked: &Asked<'_>) -> PromoteSettings {
    let branches = asked.file(PROMOTE_BRANCHES.file, |part| part.promote?.branches.clone());
    let default = || Sourced::default(PROMOTED.map(str::to_owned).to_vec());
    PromoteSettings { branches: branches.unwrap_or_else(default) }
}

fn registries(asked: &mut Asked<'_>) -> Registries {
    let insecure = insecure(asked);
    let role = |key: &str, get: fn(&model::Registries) -> Option<&model::RoleEntry>| {
        let prefix = asked.file(key, |part| get(part.registries?)?.prefix.clone())?;
        let immutable = asked
            .file(&format!("{key}.immutable"), |part| get(part.registries?)?.immutable)
            .unwrap_or(Sourced::default(false));
        Some(RoleSettings { prefix, immutable })
    };
    Registries {
        sandbox: role("registries.sandbox", |registries| registries.sandbox.as_ref()),
        integration: role("registries.integration", |registries| registries.integration.as_ref()),
        release: role("registries.release", |registries| registries.release.as_ref()),
        insecure,
    }
}

/// The list of the strongest part of the file, and behind it what the variable adds.
fn insecure(asked: &mut Asked<'_>) -> Vec<Sourced<String>> {
    let written = asked.parts_for(INSECURE.file).find_map(|part| {
        let hosts = part.registries?.insecure.as_ref()?.iter().enumerate();
        let read = |(nth, host): (usize, &String)| {
            Sourced::new(host.clone(), part.origin(&format!("{}[{nth}]", INSECURE.file)))
        };
        Some(hosts.map(read).collect::<Vec<_>>())
    });
    let mut all = written.unwrap_or_default();
    if let Some(Sourced { value, origin }) = asked.variable(&INSECURE) {
        // Lists are put together from other variables, some of them empty.
        for host in value.split(',').map(str::trim).filter(|host| !host.is_empty()) {
            match grammar::registry(host) {
                Ok(()) => all.push(Sourced::new(host.to_owned(), origin.clone())),
                Err(why) => asked.wrong(&origin, &why),
            }
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|host| seen.insert(host.to_ascii_lowercase()));
    all
}

#[cfg(test)]
mod tests;
