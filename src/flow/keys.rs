//! Keys: the one that signs, and those that are believed.

use std::io::ErrorKind;
use std::path::Path;

use zeroize::Zeroizing;

use super::session::Session;
use crate::config::{EvidenceSettings, KeySource};
use crate::error::{Error, Kind, Result};
use crate::evidence::{Password, PublicKey, SigningKey};
use crate::file;
use crate::source::CiContext;

/// Where the password of a key that is encrypted may be: the first that is set counts. The last is cosign's own.
const PASSWORD: &str = "IMGBUILD_SIGN_PASSWORD";
const PASSWORD_FILE: &str = "IMGBUILD_SIGN_PASSWORD_FILE";
const COSIGN_PASSWORD: &str = "COSIGN_PASSWORD";

/// The longest file of keys that is read, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// The key to sign with, hidden from every output from now on. It is read before anything is built, so that one which is
/// missing is not found out after it. A pull request is never given it.
pub(super) fn signing(
    session: &Session,
    settings: &EvidenceSettings,
    ci: &CiContext,
) -> Result<Option<SigningKey>> {
    let Some(source) = &settings.sign_key else { return Ok(None) };
    if ci.is_pr() {
        session.events.note("nothing is signed: a run for a pull request is not given the key");
        return Ok(None);
    }
    let name = source.to_string();
    let text = match &source.value {
        KeySource::File(path) => read(path, "the key to sign with")?,
        KeySource::Variable(variable) => match session.environment.get(variable) {
            Some(text) => text.to_owned(),
            None => {
                let why = format!("the key to sign with is not there: the variable {variable} is not set");
                return Err(Error::new(Kind::Config, why)
                    .hint(format!("set {variable}, and in a CI hand it to this step")));
            }
        },
    };
    let text = Zeroizing::new(text);
    session.masker.add(&text);
    let password = password(session)?;
    let given = password.as_ref().map(|(text, place)| Password { text, place });
    SigningKey::open(&text, &name, given).map(Some)
}

/// The password that was given, hidden from every output from now on, and where it is from.
fn password(session: &Session) -> Result<Option<(Zeroizing<String>, &'static str)>> {
    let of_variable = |name: &'static str| {
        session.environment.get(name).map(|text| (Zeroizing::new(text.to_owned()), name))
    };
    let found = match (of_variable(PASSWORD), session.environment.get_os(PASSWORD_FILE)) {
        (Some(found), _) => Some(found),
        (None, Some(path)) => {
            let text =
                Zeroizing::new(read(&session.directory.join(path), "the password of the key to sign with")?);
            // An editor, and `echo`, end a file with a line's end, which is no part of it.
            let line = text.strip_suffix('\n').unwrap_or(&text);
            Some((Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned()), PASSWORD_FILE))
        }
        (None, None) => of_variable(COSIGN_PASSWORD),
    };
    if let Some((text, _)) = &found {
        session.masker.add(text);
    }
    Ok(found)
}

/// The keys in the files that were named, else those of the configuration.
pub(super) fn believed(
    session: &Session,
    files: &[std::path::PathBuf],
    settings: &EvidenceSettings,
) -> Result<Vec<PublicKey>> {
    let mut keys = Vec::new();
    for file in files {
        let text = read(&session.directory.join(file), "the public key")?;
        keys.extend(PublicKey::read(&text, &file.display().to_string())?);
    }
    if files.is_empty() {
        for key in &settings.verify_keys {
            keys.extend(PublicKey::read(&key.value, &key.origin.to_string())?);
        }
    }
    Ok(keys)
}

/// A small file of text.
fn read(path: &Path, what: &str) -> Result<String> {
    let fail =
        |why: String| Error::new(Kind::Config, format!("cannot read {what} {}: {why}", path.display()));
    let bytes = file::read(path, MAX_FILE).map_err(|cause| match cause.kind() {
        // `<(…)` of a shell and `/dev/stdin` are pipes.
        ErrorKind::InvalidInput => fail(cause.to_string()).hint("write it to a file, and name that"),
        _ => fail(cause.to_string()),
    })?;
    String::from_utf8(bytes).map_err(|_| fail("it is no text".to_owned()))
}
