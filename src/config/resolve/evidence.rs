//! `[evidence]`, and the key to sign with.

use std::path::Path;

use super::Layers;
use super::layers::{Asked, Key, join};
use crate::config::model::{Evidence, EvidenceKind};
use crate::config::origin::{Origin, Sourced};
use crate::config::settings::{EvidenceSettings, KeySource};

const SIGN_KEY: Key = Key::variable("", "--sign-key", "IMGBUILD_SIGN_KEY");
/// What begins the name of a variable, as cosign has it.
const IN_VARIABLE: &str = "env://";

/// The name of the variable that `key`, as `--sign-key` and `IMGBUILD_SIGN_KEY` have it, says that the key is in.
pub fn key_variable(key: &str) -> Option<&str> {
    key.strip_prefix(IN_VARIABLE)
}

/// The settings of evidence.
pub(super) fn evidence(asked: &mut Asked<'_>, layers: &Layers<'_>) -> EvidenceSettings {
    let sign_key = sign_key(asked, layers);
    // On somebody's machine nobody vouches for what ran, and a list of what is in a sandbox helps nobody.
    let default = match &sign_key {
        Some(_) => Sourced::new(true, Origin::Detected("a key to sign with was given")),
        None if layers.is_ci => Sourced::new(true, Origin::Detected("a CI was detected")),
        None => Sourced::default(false),
    };
    let switch = |key: &'static str, get: fn(&Evidence) -> Option<bool>| {
        asked.file(key, |part| get(part.evidence?)).unwrap_or_else(|| default.clone())
    };
    let (provenance, tests, sbom) = (
        switch("evidence.provenance", |table| table.provenance),
        switch("evidence.tests", |table| table.tests),
        switch("evidence.sbom", |table| table.sbom),
    );
    let list = |key: &'static str, get: fn(&Evidence) -> Option<&Vec<String>>| {
        asked.file(key, |part| get(part.evidence?).cloned())
    };
    EvidenceSettings {
        provenance,
        tests,
        sbom,
        classic_signature: asked
            .file("evidence.classic-signature", |part| part.evidence?.classic_signature)
            .unwrap_or(Sourced::default(false)),
        verify_keys: verify_keys(asked),
        require: asked.file("evidence.require", |part| part.evidence?.require.clone()).unwrap_or_else(|| {
            Sourced::default(vec![EvidenceKind::Signature, EvidenceKind::Provenance, EvidenceKind::Tests])
        }),
        sources: list("evidence.sources", |table| table.sources.as_ref()),
        builders: list("evidence.builders", |table| table.builders.as_ref()),
        sign_key,
    }
}

/// The list of the strongest part of the file.
fn verify_keys(asked: &Asked<'_>) -> Vec<Sourced<String>> {
    let written = asked.parts_for("evidence.verify-keys").find_map(|part| {
        let keys = part.evidence?.verify_keys.as_ref()?.iter().enumerate();
        let read = |(nth, key): (usize, &String)| {
            Sourced::new(key.clone(), part.origin(&format!("evidence.verify-keys[{nth}]")))
        };
        Some(keys.map(read).collect())
    });
    written.unwrap_or_default()
}

fn sign_key(asked: &mut Asked<'_>, layers: &Layers<'_>) -> Option<Sourced<KeySource>> {
    let Sourced { value, origin } =
        asked.flag(&SIGN_KEY, &layers.flags.sign_key).or_else(|| asked.variable(&SIGN_KEY))?;
    let source = match key_variable(&value) {
        Some(name) if name.is_empty() || name.contains('=') => {
            asked.wrong(&origin, "names no variable behind env://");
            return None;
        }
        Some(name) => KeySource::Variable(name.to_owned()),
        // The key itself, as a CI's secrets are handed over. A command line is no place for it: everybody sees those.
        None if value.trim_start().starts_with("-----BEGIN") => match origin {
            Origin::Variable(name) => KeySource::Variable(name.to_owned()),
            origin => {
                asked.wrong(&origin, "is the key itself, which others see here: name a file, or env://NAME");
                return None;
            }
        },
        None => KeySource::File(join(layers.working_folder, Path::new(&value))),
    };
    Some(Sourced::new(source, origin))
}
