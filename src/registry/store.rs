//! Which login goes with which registry.

use std::path::PathBuf;
use std::time::Duration;

use super::docker_config::DockerConfig;
use super::hostname::{docker_key, hostname};
use super::{Credential, Hide, files, helper, podman};
use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// Everything that may hold a login: docker's configuration first, then podman's, then what CI systems put into the
/// environment.
#[derive(Debug)]
pub struct CredentialStore {
    environment: Environment,
    file: DockerConfig,
    /// Where `file` was read, for messages.
    origin: String,
    variable: Option<DockerConfig>,
    /// The registry this run publishes to: see [`publishing_to`](CredentialStore::publishing_to).
    target: Option<String>,
    helper_timeout: Duration,
    hide: Option<Hide>,
}

impl CredentialStore {
    /// Reads docker's `config.json` (from `DOCKER_CONFIG`, else `~/.docker`) and notes what the environment offers.
    ///
    /// Fails with [`Kind::Config`] where the file exists and is not what docker would accept. Blocking, but small: one
    /// file of at most a mebibyte.
    pub fn load(environment: &Environment) -> Result<CredentialStore> {
        let path = config_path(environment);
        let text = match &path {
            Some(path) => files::read("docker's configuration", path)?.unwrap_or_default(),
            None => Vec::new(),
        };
        let origin = path.map(|p| p.display().to_string()).unwrap_or_default();
        let file = DockerConfig::parse(&text).map_err(|why| {
            Error::new(Kind::Config, format!("cannot read docker's configuration {origin}"))
                .because(why)
                .hint("docker login writes a valid one; DOCKER_CONFIG names another folder")
        })?;
        // Docker goes on without a variable that it cannot read.
        let variable =
            environment.get("DOCKER_AUTH_CONFIG").and_then(|text| DockerConfig::parse_variable(text).ok());
        Ok(CredentialStore {
            environment: environment.clone(),
            file,
            origin,
            variable,
            target: None,
            helper_timeout: helper::TIMEOUT,
            hide: None,
        })
    }

    /// Names the registry that this run publishes to. `IMGBUILD_REGISTRY_USERNAME` and `_PASSWORD` belong to it where
    /// `IMGBUILD_REGISTRY` does not say whose they are: no other registry (a base image's, say) may see them.
    #[must_use]
    pub fn publishing_to(mut self, host: &str) -> CredentialStore {
        self.target = Some(host.to_owned());
        self
    }

    /// Tells `hide` every secret of every login before the login is given out.
    #[must_use]
    pub fn hiding(mut self, hide: Hide) -> CredentialStore {
        self.hide = Some(hide);
        self
    }

    /// The login for `host`, spelled as in a reference (`docker.io`, `ghcr.io`, `localhost:5000`); `None` means
    /// anonymous. May run a credential helper, for ten seconds at most.
    pub async fn for_registry(&self, host: &str) -> Result<Option<Credential>> {
        self.for_repository(host, "").await
    }

    /// The login for the repository at `path` on `host`. It differs from the registry's where docker's or podman's
    /// files have entries like `host/team`. Podman's are read when they are asked, so that nobody trips over a broken
    /// file that was never needed.
    pub async fn for_repository(&self, host: &str, path: &str) -> Result<Option<Credential>> {
        let found = match self.docker_login(docker_key(host), path).await? {
            Some(found) => Some(found),
            None => match podman::login(&self.environment, host, path, self.helper_timeout).await? {
                Some(found) => Some(found),
                None => self.environment_login(host),
            },
        };
        if let (Some(found), Some(hide)) = (&found, &self.hide) {
            found.secrets().iter().for_each(|secret| hide.tell(secret));
        }
        Ok(found)
    }

    /// The credential helpers that docker's configuration names: each program, and the registry that it is for; no registry
    /// where it is for all others.
    pub fn helpers(&self) -> Vec<(Option<&str>, String)> {
        let program = |suffix: &str| format!("docker-credential-{suffix}");
        self.file.helpers().map(|(registry, suffix)| (registry, program(suffix))).collect()
    }

    /// Docker's configuration as messages name it, and how many registries have an entry in it.
    pub fn docker_file(&self) -> (&str, usize) {
        (&self.origin, self.file.keys().count())
    }

    async fn docker_login(&self, key: &str, path: &str) -> Result<Option<Credential>> {
        if let Some(found) = self.variable.as_ref().and_then(|v| v.exact(key, "DOCKER_AUTH_CONFIG")) {
            return Ok(Some(found));
        }
        match self.file.helper(key) {
            Some(suffix) => helper::ask(suffix, key, &self.environment, self.helper_timeout).await,
            None => Ok(self.file.find(key, path, &self.origin)),
        }
    }

    fn environment_login(&self, host: &str) -> Option<Credential> {
        let is_azure = self.environment.is_true("TF_BUILD");
        let is_unset = |value: &str| is_azure && Environment::is_unmapped(value);
        let get = |name| self.environment.get(name).filter(|value| !is_unset(value));
        let is_host = |name: &str| docker_key(&hostname(name)) == docker_key(host);
        let make = |username: &str, password: &str, origin: &str| {
            Some(Credential::password(docker_key(host), username, password, origin))
        };
        if let (Some(username), Some(password)) =
            (get("IMGBUILD_REGISTRY_USERNAME"), get("IMGBUILD_REGISTRY_PASSWORD"))
            && get("IMGBUILD_REGISTRY").or(self.target.as_deref()).is_some_and(is_host)
        {
            return make(username, password, "IMGBUILD_REGISTRY_USERNAME");
        }
        if let (Some(registry), Some(username), Some(password)) =
            (get("CI_REGISTRY"), get("CI_REGISTRY_USER"), get("CI_REGISTRY_PASSWORD"))
            && is_host(registry)
        {
            return make(username, password, "CI_REGISTRY_USER");
        }
        if host == "ghcr.io"
            && let Some(token) = get("GITHUB_TOKEN")
        {
            return make(get("GITHUB_ACTOR").unwrap_or("x-access-token"), token, "GITHUB_TOKEN");
        }
        None
    }
}

fn config_path(environment: &Environment) -> Option<PathBuf> {
    let folder = match environment.get_os("DOCKER_CONFIG") {
        Some(folder) => PathBuf::from(folder),
        None => environment.home()?.join(".docker"),
    };
    Some(folder.join("config.json"))
}

#[cfg(test)]
mod tests;
