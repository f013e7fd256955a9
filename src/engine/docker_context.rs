//! Docker's contexts: named endpoints below `~/.docker/contexts`, chosen by `DOCKER_CONTEXT` or `config.json`.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};
use crate::image::hex;

/// What a context says about its engine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// As written: `unix://…`, `tcp://…`, `ssh://…`.
    pub(super) host: String,
    /// Key material lies beside the context.
    pub(super) tls: bool,
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
    let host = meta.endpoints.get("docker").map(|e| e.host.clone()).filter(|host| !host.is_empty());
    match host {
        // docker/cli writes an empty host for an imported context that means the default socket.
        None => Ok(None),
        Some(host) => Ok(Some(Found {
            host,
            tls: dir.join("contexts/tls").join(folder).join("docker").is_dir(),
            origin,
        })),
    }
}

/// The folder of docker's configuration.
fn config_dir(env: &Environment) -> Option<PathBuf> {
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
        assert!(!current(&env(&[("DOCKER_CONTEXT", "b")])).unwrap().unwrap().tls);
        std::fs::create_dir_all(tls).unwrap();
        assert!(current(&env(&[("DOCKER_CONTEXT", "b")])).unwrap().unwrap().tls);
        assert_eq!(current(&env(&[("DOCKER_CONTEXT", "default")])).unwrap(), None);
        let absent = current(&env(&[("DOCKER_CONTEXT", "../../etc")])).unwrap_err();
        assert!(absent.message().contains("does not exist"), "{absent}");
        std::fs::write(dir.path().join("config.json"), "{").unwrap();
        assert_eq!(current(&env(&[])).unwrap_err().kind(), Kind::Config);
    }
}
