//! One registry, over HTTP.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Method;

use super::endpoint::Endpoint;
use super::session::{Ask, Session};
use super::{Credential, Manifest, Proxies, certs, manifest, push_check, tags};
use crate::environment::Environment;
use crate::error::Result;
use crate::image::Digest;

/// Limits and ways of one client. The defaults are for people who wait.
#[derive(Debug, Clone)]
pub struct RegistryOptions {
    /// How long a connection may take to come about, TLS included.
    pub connect_timeout: Duration,
    /// How long an answer may stand still.
    pub idle_timeout: Duration,
    /// How long one try may take as a whole.
    pub request_timeout: Duration,
    /// How long one request may be tried again after failures that may pass.
    pub retry_budget: Duration,
    /// Whether to speak plain HTTP to a host that is not loopback.
    pub plain_http: bool,
    /// Registries that are declared to speak plain HTTP though they are not loopback, as spelled in references, with
    /// their port.
    pub insecure: Vec<String>,
    /// What stands between here and registries.
    pub proxies: Proxies,
    /// Folders like `/etc/docker/certs.d`, that hold a folder of certificates for each registry. The first that has a
    /// client certificate for it counts; CAs are added to those of the system.
    pub certs: Vec<PathBuf>,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        RegistryOptions {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(120),
            retry_budget: Duration::from_secs(20),
            plain_http: false,
            insecure: Vec::new(),
            proxies: Proxies::default(),
            certs: Vec::new(),
        }
    }
}

impl RegistryOptions {
    /// The defaults, with the proxies that `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (or their lower-case forms) name,
    /// and with the certificates of docker, of podman and of the user.
    ///
    /// The system's own CAs are found by the process's `SSL_CERT_FILE` and `SSL_CERT_DIR`, whatever `environment` says.
    pub fn from_environment(environment: &Environment) -> RegistryOptions {
        RegistryOptions {
            proxies: Proxies::from_environment(environment),
            certs: certs::folders(environment),
            ..RegistryOptions::default()
        }
    }
}

/// One registry host and who we are there. Cheap to make: connections and TLS roots come with the first request.
///
/// Credentials go to this host, and to the token service that it names over TLS (on loopback without, where the registry
/// is plain itself); never to a host named in a redirect or a `Location`. Every failure is
/// [`Kind::Registry`](crate::error::Kind::Registry) and names host, repository and what was tried; a host, path or
/// reference that is malformed is [`Kind::Config`](crate::error::Kind::Config).
pub struct Registry {
    session: Session,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("host", &self.host()).field("user", &self.user()).finish()
    }
}

impl Registry {
    /// A client for `host` as spelled in references; `docker.io` is reached at `registry-1.docker.io`. Plain HTTP for
    /// loopback and where the options say so, HTTPS for everything else.
    pub fn new(host: &str, credential: Option<Credential>, options: RegistryOptions) -> Result<Registry> {
        let plain = options.plain_http || options.insecure.iter().any(|declared| declared == host);
        let endpoint = Endpoint::new(host, plain)?;
        Ok(Registry { session: Session::new(endpoint, credential, options) })
    }

    /// The host as spelled in references.
    pub fn host(&self) -> &str {
        &self.session.endpoint.host
    }

    /// Who we are there: a user, or `anonymous`.
    pub fn user(&self) -> &str {
        self.session.user()
    }

    /// Whether the registry answers, and takes our login where it wants one.
    pub async fn ping(&self) -> Result<()> {
        let ask = Ask {
            method: Method::GET,
            url: self.session.endpoint.url("/v2/")?,
            path: "",
            actions: "",
            accept: "application/json",
            limit: 256 << 10,
            attempt: "use the API of".to_owned(),
        };
        self.session.expect(&ask).await.map(drop)
    }

    /// The digest that `reference` (a tag or a digest) of the repository at `path` resolves to; `None` where there is
    /// no such tag or repository.
    pub async fn head(&self, path: &str, reference: &str) -> Result<Option<Digest>> {
        manifest::head(&self.session, path, reference).await
    }

    /// The manifest or index behind `reference`; `None` where there is none. Where `reference` is a digest, or the
    /// registry sends one, the bytes are checked against it.
    pub async fn manifest(&self, path: &str, reference: &str) -> Result<Option<Manifest>> {
        manifest::get(&self.session, path, reference).await
    }

    /// The image configuration that `manifest` names, checked against its digest.
    pub async fn config(&self, path: &str, manifest: &Manifest) -> Result<serde_json::Value> {
        manifest::config(&self.session, path, manifest).await
    }

    /// Every tag of the repository, in the registry's order; none where there is no such repository.
    pub async fn tags(&self, path: &str) -> Result<Vec<String>> {
        tags::list(&self.session, path).await
    }

    /// Whether we may push to `path`: begins an upload and takes it back.
    pub async fn may_push(&self, path: &str) -> Result<()> {
        push_check::may_push(&self.session, path).await
    }
}
