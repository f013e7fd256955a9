//! What serde cannot say of a file whose keys and types are right: grammars of values, what is missing, what
//! contradicts. All of it at once, each at its line.

mod deploy;
mod image_tests;
mod practices;

use std::collections::BTreeMap;
use std::path::Path;

use super::problem::Problem;
use super::tree::Spans;
use crate::config::grammar::{self, Verdict};
use crate::config::model::{Build, Checks, Image, Model, Promote, Registries, Retention};
use crate::config::settings::CacheSpec;
use crate::config::{quote, repository};

/// Every problem of `model`.
pub(super) fn model(model: &Model, spans: &BTreeMap<String, Spans>) -> Vec<Problem> {
    let mut checker = Checker { spans, problems: Vec::new() };
    checker.path("extends".to_owned(), model.extends.as_deref());
    checker.part("", model.image.as_ref(), model.registries.as_ref(), model.checks.as_ref());
    checker.promote("promote", model.promote.as_ref());
    for (name, deploy) in model.deploy.iter().flatten() {
        checker.deploy(name, deploy);
    }
    checker.retention("retention", model.retention.as_ref());
    if let Some(policy) = &model.policy {
        checker.policy(policy);
    }
    let profiles = model.profile.as_ref();
    let overlays =
        [("ci", profiles.and_then(|p| p.ci.as_ref())), ("local", profiles.and_then(|p| p.local.as_ref()))];
    for (name, overlay) in overlays {
        if let Some(overlay) = overlay {
            let prefix = format!("profile.{name}.");
            checker.part(
                &prefix,
                overlay.image.as_ref(),
                overlay.registries.as_ref(),
                overlay.checks.as_ref(),
            );
            checker.promote(&format!("{prefix}promote"), overlay.promote.as_ref());
            checker.retention(&format!("{prefix}retention"), overlay.retention.as_ref());
        }
    }
    checker.problems
}

struct Checker<'a> {
    spans: &'a BTreeMap<String, Spans>,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    /// A problem with the value of `key`.
    fn wrong(&mut self, key: &str, message: impl Into<String>) {
        let span = self.spans.get(key).map(|spans| spans.value.clone());
        self.problems.push(Problem { span, message: message.into(), help: None });
    }

    fn verdict(&mut self, key: &str, verdict: Verdict) {
        if let Err(why) = verdict {
            // The last part of the path says enough: line and caret are shown.
            let name = key.rsplit('.').next().unwrap_or(key);
            self.wrong(key, format!("{name}: {why}"));
        }
    }

    fn value(&mut self, key: String, value: Option<&String>, check: fn(&str) -> Verdict) {
        if let Some(value) = value {
            self.verdict(&key, check(value));
        }
    }

    fn values(&mut self, key: &str, list: Option<&Vec<String>>, check: fn(&str) -> Verdict) {
        for (nth, value) in list.into_iter().flatten().enumerate() {
            self.value(format!("{key}[{nth}]"), Some(value), check);
        }
    }

    fn keys<T>(&mut self, key: &str, map: Option<&BTreeMap<String, T>>, check: fn(&str) -> Verdict) {
        for name in map.into_iter().flatten().map(|(name, _)| name) {
            if let Err(why) = check(name) {
                let path = format!("{key}.{}", quote::key(name));
                let span = self.spans.get(&path).map(|spans| spans.key.clone());
                self.problems.push(Problem { span, message: why, help: None });
            }
        }
    }

    fn part(
        &mut self,
        at: &str,
        image: Option<&Image>,
        registries: Option<&Registries>,
        checks: Option<&Checks>,
    ) {
        if let Some(image) = image {
            self.image(&format!("{at}image"), image);
        }
        if let Some(registries) = registries {
            self.registries(&format!("{at}registries"), registries);
            self.insecure(&format!("{at}registries"), registries);
        }
        if let Some(checks) = checks {
            self.checks(&format!("{at}checks"), checks);
        }
    }

    fn retention(&mut self, at: &str, retention: Option<&Retention>) {
        if retention.is_some_and(|retention| retention.keep_newest == Some(0)) {
            self.wrong(&format!("{at}.keep-newest"), "keep-newest: must be at least 1");
        }
    }

    fn image(&mut self, at: &str, image: &Image) {
        if image.keep_dev == Some(0) {
            self.wrong(
                &format!("{at}.keep-dev"),
                "keep-dev: must be at least 1, which is the image just built",
            );
        }
        self.value(format!("{at}.repository"), image.repository.as_ref(), repository::check);
        self.path(format!("{at}.context"), image.context.as_deref());
        self.path(format!("{at}.dockerfile"), image.dockerfile.as_deref());
        self.value(format!("{at}.target"), image.target.as_ref(), grammar::target);
        self.value(format!("{at}.platform"), image.platform.as_ref(), grammar::platform);
        self.value(format!("{at}.variant"), image.variant.as_ref(), grammar::variant);
        for (nth, tag) in image.tags.iter().flatten().enumerate() {
            self.value(format!("{at}.tags[{nth}]"), Some(tag), grammar::tag);
        }
        self.keys(&format!("{at}.labels"), image.labels.as_ref(), grammar::label);
        if let Some(build) = &image.build {
            self.build(&format!("{at}.build"), build);
        }
        self.values(&format!("{at}.companions"), image.companions.as_ref(), grammar::service);
        for (key, files) in [("structure-tests", &image.structure_tests), ("goss", &image.goss)] {
            for (nth, path) in files.iter().flatten().enumerate() {
                self.path(format!("{at}.{key}[{nth}]"), Some(path));
            }
        }
        self.tests(&format!("{at}.test"), image.test.as_deref().unwrap_or_default());
    }

    /// Whether it leads out of the repository is for `resolve` to say, which knows where the file lies.
    fn path(&mut self, key: String, path: Option<&Path>) {
        let why = match path {
            Some(path) if path.as_os_str().is_empty() => "must not be empty",
            Some(path) if path.is_absolute() => "must be relative to this file",
            _ => return,
        };
        self.verdict(&key, Err(why.to_owned()));
    }

    fn build(&mut self, at: &str, build: &Build) {
        self.keys(&format!("{at}.args"), build.args.as_ref(), grammar::argument);
        self.value(format!("{at}.network"), build.network.as_ref(), grammar::network);
        for (key, ids) in [("secrets", &build.secrets), ("ssh", &build.ssh)] {
            for (nth, id) in ids.iter().flatten().enumerate() {
                self.value(format!("{at}.{key}[{nth}]"), Some(id), grammar::secret);
            }
        }
        for (key, caches) in [("cache-from", &build.cache_from), ("cache-to", &build.cache_to)] {
            for (nth, cache) in caches.iter().flatten().enumerate() {
                let read: fn(&str) -> Verdict = match key {
                    "cache-to" => |text| text.parse::<CacheSpec>()?.suits(true),
                    _ => |text| text.parse::<CacheSpec>()?.suits(false),
                };
                self.value(format!("{at}.{key}[{nth}]"), Some(cache), read);
            }
        }
        for (nth, pattern) in build.generated.iter().flatten().enumerate() {
            self.value(format!("{at}.generated[{nth}]"), Some(pattern), grammar::inside);
        }
    }

    fn promote(&mut self, at: &str, promote: Option<&Promote>) {
        let branches = promote.and_then(|promote| promote.branches.as_ref());
        self.values(&format!("{at}.branches"), branches, grammar::branches);
        if branches.is_some_and(Vec::is_empty) {
            self.wrong(&format!("{at}.branches"), "branches: with none, nothing could ever be promoted");
        }
    }

    fn registries(&mut self, at: &str, registries: &Registries) {
        let roles = [
            ("sandbox", &registries.sandbox),
            ("integration", &registries.integration),
            ("release", &registries.release),
        ];
        for (role, entry) in roles {
            let key = format!("{at}.{role}");
            let Some(entry) = entry else { continue };
            match &entry.prefix {
                None => self.wrong(&key, "a registry needs a `prefix`"),
                Some(prefix) => {
                    let in_table = format!("{key}.prefix");
                    let key = if self.spans.contains_key(&in_table) { in_table } else { key };
                    self.verdict(&key, grammar::prefix(prefix));
                }
            }
        }
    }

    fn insecure(&mut self, at: &str, registries: &Registries) {
        for (nth, host) in registries.insecure.iter().flatten().enumerate() {
            self.value(format!("{at}.insecure[{nth}]"), Some(host), grammar::registry);
        }
    }
}
