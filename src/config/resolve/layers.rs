//! Asking the layers for one value after the other, from the strongest to the weakest.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::config::document::Document;
use crate::config::model::{Checks, Image, Push, Registries};
use crate::config::origin::{Origin, Sourced};
use crate::config::quote;
use crate::config::settings::Profile;
use crate::environment::Environment;
use crate::error::{Error, Kind};

/// One of the two parts of a file that hold settings: an overlay, or the file itself.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub image: Option<&'a Image>,
    pub registries: Option<&'a Registries>,
    pub push: Option<&'a Push>,
    pub checks: Option<&'a Checks>,
    document: &'a Document,
    profile: Option<&'static str>,
}

impl<'a> Part<'a> {
    /// The parts of `document` that apply, the stronger first.
    pub(super) fn of(document: Option<&'a Document>, profile: Profile) -> Vec<Part<'a>> {
        let Some(document) = document else { return Vec::new() };
        let model = &document.model;
        let overlay = model.profile.as_ref().and_then(|profiles| match profile {
            Profile::Ci => profiles.ci.as_ref(),
            Profile::Local => profiles.local.as_ref(),
        });
        let overlay = overlay.map(|overlay| Part {
            image: overlay.image.as_ref(),
            registries: overlay.registries.as_ref(),
            push: overlay.push.as_ref(),
            checks: overlay.checks.as_ref(),
            document,
            profile: Some(profile.as_str()),
        });
        let file = Part {
            image: model.image.as_ref(),
            registries: model.registries.as_ref(),
            push: model.push.as_ref(),
            checks: model.checks.as_ref(),
            document,
            profile: None,
        };
        overlay.into_iter().chain([file]).collect()
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
    pub(super) fn flag<T: Clone>(&self, key: &Key, value: &Option<T>) -> Option<Sourced<T>> {
        value.clone().map(|value| Sourced::new(value, Origin::Flag(key.flag)))
    }

    /// What the strongest part of the file says.
    pub(super) fn file<T>(&self, key: &str, get: impl Fn(&Part<'a>) -> Option<T>) -> Option<Sourced<T>> {
        self.parts.iter().find_map(|part| get(part).map(|value| Sourced::new(value, part.origin(key))))
    }

    /// What the strongest `[image]` of the file says.
    pub(super) fn image<T>(&self, key: &str, get: impl Fn(&'a Image) -> Option<T>) -> Option<Sourced<T>> {
        self.file(key, |part| get(part.image?))
    }

    /// A map whose keys are merged, with `flags` on top. Variables have no say in maps.
    pub(super) fn map(
        &self,
        key: &Key,
        get: impl Fn(&'a Image) -> Option<&'a BTreeMap<String, String>>,
        flags: &[(String, String)],
    ) -> BTreeMap<String, Sourced<String>> {
        let mut merged = BTreeMap::new();
        for part in self.parts.iter().rev() {
            for (name, value) in part.image.and_then(&get).into_iter().flatten() {
                let origin = part.origin(&format!("{}.{}", key.file, quote::key(name)));
                merged.insert(name.clone(), Sourced::new(value.clone(), origin));
            }
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
        match value.to_str() {
            Some(text) => Some(Sourced::new(text.to_owned(), Origin::Variable(name))),
            None => {
                self.wrong(&Origin::Variable(name), "is not UTF-8 text");
                None
            }
        }
    }

    /// A variable that is a path, of any bytes.
    pub(super) fn variable_path(&self, key: &Key) -> Option<Sourced<PathBuf>> {
        let name = key.variable?;
        self.environment.get_os(name).map(|path| Sourced::new(PathBuf::from(path), Origin::Variable(name)))
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

    /// All problems as one error; a command line that is all there is to correct is a matter of usage.
    pub(super) fn into_result(self) -> Result<(), Error> {
        let kind = if self.problems.iter().all(|wrong| wrong.from_flag) { Kind::Usage } else { Kind::Config };
        let messages: Vec<&str> = self.problems.iter().map(|wrong| wrong.message.as_str()).collect();
        if messages.is_empty() { Ok(()) } else { Err(Error::new(kind, messages.join("\n"))) }
    }
}

/// A hostile value for use in a message.
fn shorten(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

/// `path` seen from `base`, with `.` and `..` resolved by their names alone: links are for whoever opens it.
pub(super) fn join(base: &Path, path: &Path) -> PathBuf {
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
