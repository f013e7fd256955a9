//! Docker's contexts: named endpoints below `~/.docker/contexts`, chosen by `DOCKER_CONTEXT` or `config.json`.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::image::hex;

use super::endpoint::Security;

/// What a context says about its engine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// As written: `unix://…`, `tcp://…`, `ssh://…`.
    pub(super) host: String,
    /// What it says about TLS: by files that lie beside it, or by a key.
    pub(super) security: Security,
    /// For messages.
    pub(super) origin: String,
}

#[derive(Deserialize, Default)]
struct ConfigFile {
    #[serde(rename = "currentContext", default)]
    current_context: Option<String>,
}

/// `meta.json`, as docker/cli's context store writes it.
#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints", default)]
    endpoints: std::collections::BTreeMap<String, MetaEndpoint>,
}

#[derive(Deserialize)]
struct MetaEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skips_verification: bool,
}

/// Neither file is ever near this size; a larger one is not docker's.
const MAX_FILE: u64 = 1 << 20;

/// The context in use; `None` where none is chosen or the chosen one is `default`, docker's word for the default socket.
pub(super) fn current(env: &Environment) -> Result<Option<Found>> {
    let Some(dir) = config_dir(env) else { return Ok(None) };
    let (name, origin) = match env.get("DOCKER_CONTEXT") {
        Some(name) => (name.to_owned(), "DOCKER_CONTEXT"),
        None => match read::<ConfigFile>(&dir.join("config.json"))?.and_then(|c| c.current_context) {
            Some(name) if !name.is_empty() => (name, "docker's current context"),
            _ => return Ok(None),
        },
    };
    if name == "default" {
        return Ok(None);
    }
    let origin = format!("{origin} {name:?}");
    let folder = hex(&Sha256::digest(name.as_bytes()));
    let meta: Meta = read(&dir.join("contexts/meta").join(&folder).join("meta.json"))?.ok_or_else(|| {
        Error::new(Kind::Engine, format!("{origin} does not exist below {}", dir.display()))
            .hint("list them with `docker context ls`, choose one with `docker context use NAME`")
    })?;
    // docker/cli writes an empty host for an imported context that means the default socket.
    let Some(found) = meta.endpoints.get("docker").filter(|found| !found.host.is_empty()) else {
        return Ok(None);
    };
    let files = dir.join("contexts/tls").join(folder).join("docker");
    let security = match (found.skips_verification, files.is_dir()) {
        (true, _) => Security::Unverified {
            by: format!("SkipTLSVerify of {origin}"),
            instead: format!(
                "give it the engine's CA: `docker context update {name:?} --docker host=…,ca=ca.pem`"
            ),
        },
        (false, true) => Security::Verified(Some(files)),
        (false, false) => Security::Unsaid,
    };
    Ok(Some(Found { host: found.host.clone(), security, origin }))
}

/// The folder of docker's configuration.
pub(super) fn config_dir(env: &Environment) -> Option<PathBuf> {
    match env.get_os("DOCKER_CONFIG") {
        Some(dir) => Some(PathBuf::from(dir)),
        None => env.home().map(|home| home.join(".docker")),
    }
}

/// A JSON file; `None` where it does not exist.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(Kind::Config, format!("cannot read {}", path.display()))
            .because(cause)
            .hint("it decides which engine is used; repair it, or name the engine with DOCKER_HOST")
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failed(error.into())),
    };
    let mut text = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut text).map_err(|error| failed(error.into()))?;
    serde_json::from_slice(&text).map(Some).map_err(|error| failed(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(dir: &Path, name: &str, meta: &str) -> PathBuf {
        let folder = hex(&Sha256::digest(name.as_bytes()));
        let meta_dir = dir.join("contexts/meta").join(&folder);
        std::fs::create_dir_all(&meta_dir).unwrap();
        std::fs::write(meta_dir.join("meta.json"), meta).unwrap();
        dir.join("contexts/tls").join(folder).join("docker")
    }

    #[test]
    fn variable_before_config_before_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let config = ("DOCKER_CONFIG", dir.path().to_str().unwrap().to_owned());
        let env = |extra: &[(&'static str, &str)]| {
            Environment::from_pairs(
                extra.iter().map(|(k, v)| (*k, (*v).to_owned())).chain([config.clone()]).collect::<Vec<_>>(),
            )
        };
        assert_eq!(current(&env(&[])).unwrap(), None);
        context(dir.path(), "a", r#"{"Name":"a","Endpoints":{"docker":{"Host":"unix:///a"}}}"#);
        let tls = context(
            dir.path(),
            "b",
            r#"{"Name":"b","Endpoints":{"docker":{"Host":"tcp://b:1","SkipTLSVerify":false}}}"#,
        );
        std::fs::write(dir.path().join("config.json"), r#"{"currentContext":"a","auths":{}}"#).unwrap();
        assert_eq!(current(&env(&[])).unwrap().unwrap().host, "unix:///a");
        let b = || current(&env(&[("DOCKER_CONTEXT", "b")])).unwrap().unwrap().security;
        assert_eq!(b(), Security::Unsaid);
        std::fs::create_dir_all(&tls).unwrap();
        assert_eq!(b(), Security::Verified(Some(tls)));
        context(
            dir.path(),
            "b",
            r#"{"Name":"b","Endpoints":{"docker":{"Host":"tcp://b:1","SkipTLSVerify":true}}}"#,
        );
        assert!(matches!(b(), Security::Unverified { by, .. } if by.contains("SkipTLSVerify")));
        assert_eq!(current(&env(&[("DOCKER_CONTEXT", "default")])).unwrap(), None);
        let absent = current(&env(&[("DOCKER_CONTEXT", "../../etc")])).unwrap_err();
        assert!(absent.message().contains("does not exist"), "{absent}");
        std::fs::write(dir.path().join("config.json"), "{").unwrap();
        assert_eq!(current(&env(&[])).unwrap_err().kind(), Kind::Config);
    }
}
