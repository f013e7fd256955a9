//! A pull request does not own the policy: whoever may change the code could otherwise wave it through by changing
//! the rules in the same commit.

use std::collections::BTreeMap;

use super::document::Document;
use super::model::{Build, Checks, Image, Model, Overlay, Profiles, Registries};

/// Where a run's policy comes from.
#[derive(Debug, Clone, Copy)]
pub enum Policy<'a> {
    /// The base branch's file, on pull requests of any kind.
    Base {
        /// The branch, for the notes.
        branch: &'a str,
        /// Its file; `None` where the branch has none, or is not in the clone.
        document: Option<&'a Document>,
    },
    /// The file that `IMGBUILD_POLICY` names, on any run.
    File(&'a Document),
}

/// The keys that are policy, below the root and below each profile.
const KEYS: [&str; 3] = ["registries", "checks", "image.build.secrets"];

/// `own` with its policy replaced: `[registries]`, `[checks]` (`fail-on`, `ignore`) and `image.build.secrets`, in the
/// file and in its profiles. What `policy` does not say is at its default, never what `own` says. `[push]` is no policy:
/// how long a run waits is its own affair.
///
/// Also gives a line for each key that was taken from elsewhere or left out, for people.
pub fn with_policy(own: Option<&Document>, policy: Policy<'_>) -> (Option<Document>, Vec<String>) {
    let (from, source) = match policy {
        Policy::Base { branch, document } => (document, format!("the base branch {}", visible(branch))),
        Policy::File(document) => (Some(document), format!("the policy file {}", document.name())),
    };
    let mut notes = Vec::new();
    if from.is_none() && own.is_some() {
        notes.push(format!(
            "{source} has no imgbuild.toml in this clone: registries and checks are at their defaults"
        ));
    }
    for key in KEYS {
        if from.is_some_and(|document| sets(document, key)) {
            notes.push(format!("{key} is taken from {source}"));
        } else if let Some(own) = own.filter(|document| sets(document, key)) {
            notes.push(format!("{key} of {} is left out: {source} does not set it", own.name()));
        }
    }
    let Some(base) = own.or(from) else { return (None, notes) };
    let mut document = Document {
        // Paths are relative to the own file; where there is none, the policy's folder must not matter.
        path: own.and_then(|own| own.path.clone()),
        name: base.name.clone(),
        model: own.map_or_else(Model::default, |own| own.model.clone()),
        places: own.map_or_else(BTreeMap::new, |own| own.places.clone()),
    };
    let policy = from.map(|document| document.model.clone()).unwrap_or_default();
    replace(&mut document.model, policy);
    document.places.retain(|path, _| !is_policy(path));
    let places = from.into_iter().flat_map(|document| &document.places).filter(|(path, _)| is_policy(path));
    document.places.extend(places.map(|(path, place)| (path.clone(), place.clone())));
    (Some(document), notes)
}

fn replace(own: &mut Model, policy: Model) {
    let Model { image, registries, checks, profile, .. } = policy;
    replace_part(&mut own.image, &mut own.registries, &mut own.checks, image, registries, checks);
    let Profiles { ci, local } = profile.unwrap_or_default();
    let profiles = own.profile.get_or_insert_default();
    for (own, policy) in [(&mut profiles.ci, ci), (&mut profiles.local, local)] {
        let Overlay { image, registries, checks, .. } = policy.unwrap_or_default();
        let own = own.get_or_insert_default();
        replace_part(&mut own.image, &mut own.registries, &mut own.checks, image, registries, checks);
    }
}

fn replace_part(
    own_image: &mut Option<Image>,
    own_registries: &mut Option<Registries>,
    own_checks: &mut Option<Checks>,
    image: Option<Image>,
    registries: Option<Registries>,
    checks: Option<Checks>,
) {
    *own_registries = registries;
    *own_checks = checks;
    let secrets = image.and_then(|image| image.build).and_then(|build| build.secrets);
    match (own_image.as_mut().and_then(|image| image.build.as_mut()), secrets) {
        (Some(build), secrets) => build.secrets = secrets,
        (None, None) => {}
        (None, secrets) => {
            own_image.get_or_insert_default().build.get_or_insert(Build::default()).secrets = secrets;
        }
    }
}

/// Whether `path` is `key` or below it, in the file or in a profile.
fn is_below(path: &str, key: &str) -> bool {
    let path = ["profile.ci.", "profile.local."].iter().find_map(|at| path.strip_prefix(at)).unwrap_or(path);
    path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn is_policy(path: &str) -> bool {
    KEYS.iter().any(|key| is_below(path, key))
}

fn sets(document: &Document, key: &str) -> bool {
    document.places.keys().any(|path| is_below(path, key))
}

/// A branch's name may hold anything.
fn visible(name: &str) -> String {
    name.chars().flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
