//! Asking the layers for one value after the other, from the strongest to the weakest.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::policy;
use crate::config::document::Document;
use crate::config::keys;
use crate::config::model::{Checks, Deploy, Evidence, Image, Promote, Push, Registries, Retention};
use crate::config::origin::{Origin, Sourced};
use crate::config::quote;
use crate::config::settings::Profile;
use crate::environment::Environment;
use crate::error::{Error, Kind};

/// More problems are counted, not shown.
const ENOUGH: usize = 20;

/// One of the two parts of a file that hold settings: an overlay, or the file itself.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub image: Option<&'a Image>,
    pub registries: Option<&'a Registries>,
    pub push: Option<&'a Push>,
    pub evidence: Option<&'a Evidence>,
    pub promote: Option<&'a Promote>,
    pub retention: Option<&'a Retention>,
    pub checks: Option<&'a Checks>,
    /// Only of a file itself.
    pub deploy: Option<&'a BTreeMap<String, Deploy>>,
    document: &'a Document,
    profile: Option<&'static str>,
}

impl<'a> Part<'a> {
    /// The parts of `document` and of the files below it that apply, the strongest first: what a file says, in a profile
    /// or not, wins over what it extends.
    pub(super) fn of(document: Option<&'a Document>, profile: Profile) -> Vec<Part<'a>> {
        let chain = document.into_iter().flat_map(Document::chain);
        chain.flat_map(|document| Part::of_one(document, profile)).collect()
    }

    fn of_one(document: &'a Document, profile: Profile) -> impl Iterator<Item = Part<'a>> {
        let model = &document.model;
        let overlay = model.profile.as_ref().and_then(|profiles| match profile {
            Profile::Ci => profiles.ci.as_ref(),
            Profile::Local => profiles.local.as_ref(),
        });
        let overlay = overlay.map(|overlay| Part {
            image: overlay.image.as_ref(),
            registries: overlay.registries.as_ref(),
            push: overlay.push.as_ref(),
            evidence: overlay.evidence.as_ref(),
            promote: overlay.promote.as_ref(),
            retention: overlay.retention.as_ref(),
            checks: overlay.checks.as_ref(),
            deploy: None,
            document,
            profile: Some(profile.as_str()),
        });
        let file = Part {
            image: model.image.as_ref(),
            registries: model.registries.as_ref(),
            push: model.push.as_ref(),
            evidence: model.evidence.as_ref(),
            promote: model.promote.as_ref(),
            retention: model.retention.as_ref(),
            checks: model.checks.as_ref(),
            deploy: model.deploy.as_ref(),
            document,
            profile: None,
        };
        overlay.into_iter().chain([file])
    }

    /// The file that it is a part of.
    pub(super) fn document(&self) -> &'a Document {
        self.document
    }

    /// Where this part says `key`.
    pub(super) fn origin(&self, key: &str) -> Origin {
        match self.profile {
            None => Origin::File(self.document.place(key)),
            Some(profile) => {
                Origin::Profile { profile, place: self.document.place(&format!("profile.{profile}.{key}")) }
            }
        }
    }
}

/// Everything that has a say, and the problems met on the way.
pub(super) struct Asked<'a> {
    pub parts: Vec<Part<'a>>,
    pub environment: &'a Environment,
    pub problems: Vec<Wrong>,
    /// Keys that policies lock.
    pub locks: Vec<Sourced<String>>,
}

/// A value that cannot be, and whether a flag said it.
pub(super) struct Wrong {
    pub from_flag: bool,
    pub message: String,
}

/// The names of one setting.
pub(super) struct Key {
    /// In the file; empty where the file has no say.
    pub file: &'static str,
    /// Empty where there is no flag.
    pub flag: &'static str,
    pub variable: Option<&'static str>,
}

impl Key {
    /// A setting with a flag.
    pub(super) const fn flag(file: &'static str, flag: &'static str) -> Self {
        Key { file, flag, variable: None }
    }

    /// A setting without a flag, with a variable where one is given.
    pub(super) const fn quiet(file: &'static str, variable: Option<&'static str>) -> Self {
        Key { file, flag: "", variable }
    }

    /// A setting with a flag and a variable.
    pub(super) const fn variable(file: &'static str, flag: &'static str, variable: &'static str) -> Self {
        Key { file, flag, variable: Some(variable) }
    }
}

impl<'a> Asked<'a> {
    /// What a flag said.
    pub(super) fn flag<T: Clone>(&mut self, key: &Key, value: &Option<T>) -> Option<Sourced<T>> {
        let value = value.clone().map(|value| Sourced::new(value, Origin::Flag(key.flag)))?;
        self.unlocked(key, &value.origin);
        Some(value)
    }

    /// The parts whose word on `key` counts, the strongest first.
    pub(super) fn parts_for(&self, key: &'static str) -> impl Iterator<Item = Part<'a>> {
        self.parts.iter().copied().filter(move |part| part.document.scope.allows(key))
    }

    /// What the strongest part of the files says.
    pub(super) fn file<T>(&self, key: &str, get: impl Fn(&Part<'a>) -> Option<T>) -> Option<Sourced<T>> {
        let mut parts = self.parts.iter().filter(|part| part.document.scope.allows(key));
        parts.find_map(|part| get(part).map(|value| Sourced::new(value, part.origin(key))))
    }

    /// Notes it where a policy locks `key`, which `origin`, a flag or a variable, sets.
    pub(super) fn unlocked(&mut self, key: &Key, origin: &Origin) {
        let lock = self.locks.iter().find(|lock| keys::is_below(key.file, lock));
        if let Some(lock) = lock {
            let why = format!("{origin}: {}", policy::locked(key.file, &lock.origin.exact()));
            self.problem(why);
        }
    }

    /// Whether `origin` is a file of a pull request's base branch.
    pub(super) fn is_of_base(&self, origin: &Origin) -> bool {
        let (Origin::File(place) | Origin::Profile { place, .. }) = origin else { return false };
        let of_base = |part: &Part<'_>| part.document.revision.is_some() && part.document.name == place.file;
        self.parts.iter().any(of_base)
    }

    /// What the strongest `[image]` of the file says.
    pub(super) fn image<T>(&self, key: &str, get: impl Fn(&'a Image) -> Option<T>) -> Option<Sourced<T>> {
        self.file(key, |part| get(part.image?))
    }

    /// A map whose keys are merged, with `flags` on top. Variables have no say in maps.
    pub(super) fn map(
        &mut self,
        key: &Key,
        get: impl Fn(&'a Image) -> Option<&'a BTreeMap<String, String>>,
        flags: &[(String, String)],
    ) -> BTreeMap<String, Sourced<String>> {
        let mut merged = BTreeMap::new();
        let allowed = |part: &&Part<'a>| part.document.scope.allows(key.file);
        for part in self.parts.iter().rev().filter(allowed) {
            for (name, value) in part.image.and_then(&get).into_iter().flatten() {
                let origin = part.origin(&format!("{}.{}", key.file, quote::key(name)));
                merged.insert(name.clone(), Sourced::new(value.clone(), origin));
            }
        }
        if !flags.is_empty() {
            self.unlocked(key, &Origin::Flag(key.flag));
        }
        for (name, value) in flags {
            merged.insert(name.clone(), Sourced::new(value.clone(), Origin::Flag(key.flag)));
        }
        merged
    }

    /// A variable's text. One that is no text is a problem, since taking it for unset would be silent.
    pub(super) fn variable(&mut self, key: &Key) -> Option<Sourced<String>> {
        let name = key.variable?;
        let value = self.environment.get_os(name)?;
        self.unlocked(key, &Origin::Variable(name));
        match value.to_str() {
            Some(text) => Some(Sourced::new(text.to_owned(), Origin::Variable(name))),
            None => {
                self.wrong(&Origin::Variable(name), "is not UTF-8 text");
                None
            }
        }
    }

    /// A variable that is a path, of any bytes.
    pub(super) fn variable_path(&mut self, key: &Key) -> Option<Sourced<PathBuf>> {
        let name = key.variable?;
        let path = PathBuf::from(self.environment.get_os(name)?);
        self.unlocked(key, &Origin::Variable(name));
        Some(Sourced::new(path, Origin::Variable(name)))
    }

    /// A variable that is something else than text.
    pub(super) fn variable_as<T>(
        &mut self,
        key: &Key,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Sourced<T>> {
        let Sourced { value, origin } = self.variable(key)?;
        match parse(&value) {
            Ok(value) => Some(Sourced::new(value, origin)),
            Err(why) => {
                self.wrong(&origin, &format!("{why}, not `{}`", shorten(&value)));
                None
            }
        }
    }

    /// Notes that what `origin` said cannot be.
    pub(super) fn wrong(&mut self, origin: &Origin, why: &str) {
        self.problems.push(Wrong {
            from_flag: matches!(origin, Origin::Flag(_)),
            message: format!("{origin}: {why}"),
        });
    }

    /// The same with the column, for what stands in a file.
    pub(super) fn offence(&mut self, origin: &Origin, why: &str) {
        self.problem(format!("{}: {why}", origin.exact()));
    }

    /// Notes what no flag alone is to blame for.
    pub(super) fn problem(&mut self, message: String) {
        self.problems.push(Wrong { from_flag: false, message });
    }

    /// All problems as one error; a command line that is all there is to correct is a matter of usage.
    pub(super) fn into_result(self) -> Result<(), Error> {
        let kind = if self.problems.iter().all(|wrong| wrong.from_flag) { Kind::Usage } else { Kind::Config };
        let all = self.problems.iter().map(|wrong| wrong.message.as_str());
        let mut messages: Vec<&str> = all.take(ENOUGH).collect();
        let more = self.problems.len().saturating_sub(messages.len());
        let more = format!("… and {more} more");
        if self.problems.len() > messages.len() {
            messages.push(&more);
        }
        if messages.is_empty() { Ok(()) } else { Err(Error::new(kind, messages.join("\n"))) }
    }
}

/// A hostile value for use in a message.
fn shorten(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

/// `path` seen from `base`, with `.` and `..` resolved by their names alone: links are for whoever opens it.
pub(in crate::config) fn join(base: &Path, path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for component in base.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                // Above the root is the root.
                whole.pop();
            }
            other => whole.push(other),
        }
    }
    whole
}
